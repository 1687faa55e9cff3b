"""Reading the guides as a user does: their commands, what they show of the output, their links.

In README.md and the guides a fenced block opened by three backticks and

- ``console`` holds commands, one after ``$ `` (going on in lines after ``> ``), with what they
  print under them. ``...`` stands for anything, line ends included; a command with nothing under
  it may print what it likes. Every command must end with exit code 0. The blocks of a file run in
  turn in one folder, where the project's own files are at hand;
- a language and ``file=NAME`` is a file that the reader is asked to save under that name;
- ``sh`` holds commands that are not run here: they fetch, install or take minutes.

A line ``<!-- needs: WHAT -->`` above a console block names what the machine must have for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_FENCE = re.compile(r"^( *)```(\S*)(.*)$")
_NEEDS = re.compile(r"^<!-- needs: (\S+) -->$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$")
_PATH = re.compile(r"`((?:spec|dredref|vectors|conformance|tools|\.ci)/[\w./-]+)`")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block."""

    line: int
    """Line of the guide where it stands, from 1."""
    text: str
    shown: str | None
    """Output that the guide shows; None if it shows none."""
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file that the reader saves."""

    line: int
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Untried:
    """A block of commands that are not run."""

    line: int
    text: str


Step: TypeAlias = Command | SavedFile | Untried


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    language: str
    rest: str
    needs: str | None
    lines: tuple[str, ...]


def steps(text: str) -> Iterator[Step]:
    """What the reader of a guide does, in order.

    Raises:
        ValueError: for a console block that does not begin with a command.
    """
    for block in _blocks(text):
        name = re.search(r"file=(\S+)", block.rest)
        if name is not None:
            yield SavedFile(block.line, name[1], "\n".join(block.lines) + "\n")
        elif block.language == "console":
            yield from _commands(block)
        elif block.language == "sh":
            yield Untried(block.line, "\n".join(block.lines))


def _blocks(text: str) -> Iterator[_Block]:
    """The fenced blocks of a Markdown text."""
    opening: tuple[int, str, str] | None = None
    indent = ""
    needs = None
    held: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fence = _FENCE.match(line)
        if opening is None:
            if fence is not None:
                indent, opening = fence[1], (number, fence[2], fence[3])
            else:
                found = _NEEDS.match(line)
                needs = found[1] if found else needs if not line else None
        elif fence is not None:
            yield _Block(*opening, needs, tuple(held))
            opening, needs, held = None, None, []
        else:
            held.append(line.removeprefix(indent))


def _commands(block: _Block) -> Iterator[Command]:
    """The commands of a console block."""
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.lines, start=block.line + 1):
        if line.startswith("$ "):
            found.append((number, [line[2:]], []))
        elif not found:
            raise ValueError(f"line {number}: no command before {line!r}")
        elif line.startswith("> ") and not found[-1][2]:
            found[-1][1].append(line[2:])
        else:
            found[-1][2].append(line)
    for number, words, shown in found:
        yield Command(number, "\n".join(words), "\n".join(shown) or None, block.needs)


def agrees(shown: str, printed: str) -> bool:
    """Whether a command printed what the guide shows; spaces at the ends of lines do not count."""
    parts = [re.escape(part) for part in _trimmed(shown).split("...")]
    return re.fullmatch(".*?".join(parts), _trimmed(printed), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def prose(text: str) -> str:
    """A Markdown text without its fenced blocks."""
    kept, inside = [], False
    for line in text.splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def links(text: str) -> list[str]:
    """Targets of links and images within the project."""
    found = _LINK.findall(re.sub(r"`[^`]*`", "``", prose(text)))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def paths(text: str) -> list[str]:
    """Files and folders of the project that the text names in backticks."""
    return _PATH.findall(prose(text))


def anchors(text: str) -> set[str]:
    """Names that links to headings of a text use: lower case, words joined by hyphens."""
    found = set()
    for line in prose(text).splitlines():
        heading = _HEADING.match(line)
        if heading is not None:
            words = re.sub(r"[^\w\- ]", "", heading[1].lower())
            found.add(words.replace(" ", "-"))
    return found


def broken_links(page: Path) -> list[str]:
    """Links of a page that lead nowhere, and files it names that are not there."""
    text = page.read_text("utf-8")
    broken = []
    for target in links(text):
        name, _, anchor = target.partition("#")
        place = page.parent / name if name else page
        if not place.exists() or (anchor and not _has_anchor(place, anchor)):
            broken.append(target)
    return broken


def _has_anchor(place: Path, anchor: str) -> bool:
    """Whether a file is Markdown with that heading."""
    return place.suffix == ".md" and anchor in anchors(place.read_text("utf-8"))
