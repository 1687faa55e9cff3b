"""Bytes of a vector: inline as hex, or a slice of a file named by path and SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dredref.spec.errors import InputError


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are read when they are asked for.

    Either ``inline`` holds them, or ``path`` names a file under the suite's ``root`` whose
    SHA-256 is ``sha256``; ``offset`` and ``length`` then cut out a part, so that one file may
    serve many vectors.
    """

    inline: bytes | None = None
    path: str | None = None
    sha256: str | None = None
    offset: int = 0
    length: int | None = None
    root: Path | None = None

    def read(self) -> bytes:
        """The bytes themselves.

        Raises:
            InputError: ``vectors.missing`` or ``vectors.digest`` if the file is not there or is
                not the one that the vector was made with; ``vectors.slice`` if it is too short.
        """
        if self.inline is not None:
            return self.inline
        if self.path is None or self.sha256 is None or self.root is None:
            raise InputError("vectors.form", "a blob needs hex, or path and sha256")
        content = _verified(self.root / self.path, self.sha256)
        end = len(content) if self.length is None else self.offset + self.length
        if end > len(content):
            raise InputError("vectors.slice", f"{self.path} ends before byte {end}")
        return content[self.offset : end]

    def to_json(self) -> dict[str, Any]:
        """The JSON form, without what stands at its default."""
        if self.inline is not None:
            return {"hex": self.inline.hex()}
        form: dict[str, Any] = {"path": self.path, "sha256": self.sha256}
        if self.length is not None:
            form |= {"offset": self.offset, "length": self.length}
        return form


def blob_from_json(form: Mapping[str, Any], root: Path) -> Blob:
    """Read the JSON form of a blob; unknown keys are refused with ``vectors.form``."""
    if set(form) == {"hex"}:
        try:
            return Blob(inline=bytes.fromhex(form["hex"]))
        except (TypeError, ValueError):
            raise InputError("vectors.form", "a blob's hex is not hexadecimal") from None
    keys = set(form)
    if keys not in ({"path", "sha256"}, {"path", "sha256", "offset", "length"}):
        raise InputError("vectors.form", f"a blob has the keys {sorted(keys)}")
    texts = form["path"], form["sha256"]
    sizes = form.get("offset", 0), form.get("length", 0)
    if not all(type(one) is str for one in texts) or not all(_is_size(one) for one in sizes):
        raise InputError("vectors.form", "a blob is named by text, its part by whole numbers")
    parts = Path(form["path"]).parts
    if Path(form["path"]).is_absolute() or ".." in parts:
        raise InputError("vectors.form", f"a blob's path leaves the suite: {form['path']}")
    return Blob(
        path=form["path"],
        sha256=form["sha256"],
        offset=form.get("offset", 0),
        length=form.get("length"),
        root=root,
    )


def _is_size(value: Any) -> bool:
    return type(value) is int and value >= 0


@lru_cache(maxsize=64)
def _verified(path: Path, sha256: str) -> bytes:
    """A file's content once its digest has been found right."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "vectors.missing", f"cannot read {path}: {error.strerror or error}"
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError("vectors.digest", f"{path} is not the file the vectors were made with")
    return content
