"""Finding and reading the vectors: files are opened only when their turn comes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from dredref.spec.errors import InputError, UsageError
from dredref.vectors.form import file_from_json
from dredref.vectors.model import GROUPS, Vector, VectorFile, refuse

DATA = Path(__file__).parent / "data"
"""The suite that comes with the project."""

SUITE_VERSION = "0.1.0"
"""Version of the suite that the generators write."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A folder of vectors: ``<group>/*.json`` and the binary files that they name."""

    root: Path

    def files(self, groups: Iterable[str] | None = None) -> Iterator[Path]:
        """Paths of the JSON files, by group in the order of the pipeline, then by name.

        Raises:
            UsageError: ``vectors.group`` for a group that does not exist.
        """
        wanted = GROUPS if groups is None else tuple(groups)
        for group in wanted:
            if group not in GROUPS:
                raise UsageError(
                    "vectors.group", f"no group {group!r}; there are: {', '.join(GROUPS)}"
                )
        for group in GROUPS:
            if group in wanted:
                yield from sorted((self.root / group).glob("*.json"))

    def read(self, path: Path) -> VectorFile:
        """One file.

        Raises:
            InputError: ``vectors.missing``, ``vectors.form``.
        """
        try:
            form = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise InputError(
                "vectors.missing", f"cannot read {path}: {error.strerror or error}"
            ) from error
        except (ValueError, RecursionError) as error:
            raise refuse(f"{path} is not JSON: {error}") from error
        if not isinstance(form, dict):
            raise refuse(f"{path} does not hold an object")
        try:
            return file_from_json(form, self.root)
        except (TypeError, AttributeError, KeyError, RecursionError, ValueError) as error:
            raise refuse(f"{path} is no vector file: {type(error).__name__}: {error}") from error

    def vectors(
        self, groups: Iterable[str] | None = None, ids: Iterable[str] = ()
    ) -> Iterator[Vector]:
        """The vectors of some groups, those whose id matches any of the globs ``ids``."""
        for path in self.files(groups):
            yield from matching(self.read(path).vectors, ids)

    def find(self, name: str) -> Vector:
        """The vector of one id.

        Raises:
            UsageError: ``vectors.id`` if there is none.
        """
        for vector in self.vectors([name.partition(".")[0]]):
            if vector.id == name:
                return vector
        raise UsageError("vectors.id", f"no vector {name!r}")

    def digest(self) -> str:
        """SHA-256 over names and contents of all files: what exactly was run."""
        total = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            if path.is_file():
                total.update(path.relative_to(self.root).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


def matching(vectors: Iterable[Vector], ids: Iterable[str]) -> Iterator[Vector]:
    """Those whose id matches any of the globs ``ids``; all without globs."""
    patterns = tuple(ids)
    for vector in vectors:
        if not patterns or any(fnmatchcase(vector.id, glob) for glob in patterns):
            yield vector


def load_suite(root: str | Path | None = None) -> Suite:
    """The suite in a folder, or the project's own.

    Raises:
        InputError: ``vectors.missing`` if there is no such folder.
    """
    folder = DATA if root is None else Path(root)
    if not folder.is_dir():
        raise InputError("vectors.missing", f"no vectors in {folder}")
    return Suite(folder)
