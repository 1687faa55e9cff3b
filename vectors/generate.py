"""Making the suite: the generators' files, as text and bytes, beside what is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from dredref.arithmetic.carrier import using
from dredref.vectors.form import file_to_text
from dredref.vectors.model import GROUPS

Notice = Callable[[str], object]
"""Called with the path of each file before it is looked at."""


@dataclass(frozen=True, slots=True)
class Product:
    """A file that a generator makes; ``path`` counts from the suite's root."""

    path: str
    content: bytes


def products(groups: Iterable[str] | None = None) -> Iterator[Product]:
    """All files of some groups, in order; the same sources give the same bytes."""
    wanted = set(GROUPS if groups is None else groups)
    for group in GROUPS:
        if group not in wanted:
            continue
        module = import_module(f"dredref.vectors.groups.{group}")
        with using("integer"):
            drafts = list(module.drafts())
        for draft in drafts:
            for name, content in sorted(draft.binaries.items()):
                yield Product(name, content)
            text = file_to_text(draft.file())
            yield Product(f"{group}/{draft.name}.json", text.encode())


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what the generators make of it."""

    path: str
    what: str
    """``missing``, ``different`` or ``surplus``."""


def write(
    root: Path, groups: Iterable[str] | None = None, notice: Notice = str
) -> list[Difference]:
    """Bring the suite at ``root`` to what the generators make; say what was not so before."""
    found = []
    made = set()
    for product in products(groups):
        made.add(product.path)
        notice(product.path)
        place = root / product.path
        difference = _compare(place, product)
        if difference is not None:
            found.append(difference)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(product.content)
    for path in _surplus(root, made, groups):
        (root / path).unlink()
        found.append(Difference(path, "surplus"))
    return found


def verify(
    root: Path, groups: Iterable[str] | None = None, notice: Notice = str
) -> list[Difference]:
    """What in the suite at ``root`` is not as the generators make it; nothing is written."""
    made = set()
    found = []
    for product in products(groups):
        made.add(product.path)
        notice(product.path)
        difference = _compare(root / product.path, product)
        if difference is not None:
            found.append(difference)
    return found + [Difference(path, "surplus") for path in _surplus(root, made, groups)]


def _compare(place: Path, product: Product) -> Difference | None:
    if not place.is_file():
        return Difference(product.path, "missing")
    if place.read_bytes() != product.content:
        return Difference(product.path, "different")
    return None


def _surplus(root: Path, made: set[str], groups: Iterable[str] | None) -> list[str]:
    """Files of the groups that no generator makes."""
    found = []
    for group in GROUPS if groups is None else groups:
        for place in sorted((root / group).rglob("*")):
            path = place.relative_to(root).as_posix()
            if place.is_file() and path not in made:
                found.append(path)
    return found
