"""What the suite found in implementations: ``data/found.json``, and the page made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from dredref.vectors.flags import FLAGS
from dredref.vectors.model import Vector

State = Literal["unfixed", "fixed", "unknown"]
"""What became of a fault upstream, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Found:
    """One fault of one implementation."""

    id: str
    title: str
    where: str
    """Implementation, version and part."""
    what: str
    flag: str
    """Flag of the vectors that show it; empty where it has none."""
    vectors: tuple[str, ...]
    """Vectors that show it."""
    input: str
    """The smallest input: bytes of a vector's request as hexadecimal digits, or words."""
    state: State
    version: str
    """The version that ``state`` speaks of."""
    date: str
    link: str
    """Where upstream speaks of it; empty where no report is known."""

    @property
    def upstream(self) -> str:
        """The state in words."""
        words = {
            "unfixed": f"still there in {self.version}",
            "fixed": f"mended in {self.version}",
            "unknown": "not known to be mended",
        }[self.state]
        return f"{words}; [report]({self.link})" if self.link else f"{words}; no report is known"


def found() -> tuple[Found, ...]:
    """All entries, in the order of the file."""
    text = files("dredref.conformance").joinpath("data/found.json").read_text("utf-8")
    return tuple(
        Found(**{**form, "vectors": tuple(form["vectors"])}) for form in json.loads(text)["found"]
    )


def faults_of(entry: Found, vectors: Sequence[Vector]) -> list[str]:
    """What an entry says that the suite does not bear out."""
    known = {vector.id: vector for vector in vectors}
    faults = [f"{name} is no vector" for name in entry.vectors if name not in known]
    if entry.flag and entry.flag not in FLAGS:
        faults.append(f"{entry.flag} is no flag")
    shown = [known[name] for name in entry.vectors if name in known]
    if entry.flag and any(entry.flag not in vector.flags for vector in shown):
        faults.append(f"a vector of it lacks the flag {entry.flag}")
    return faults if entry.vectors else ["no vector shows it"]


def found_markdown(entries: Sequence[Found]) -> str:
    """The page, in Markdown."""
    lines = [
        "# Found by this suite",
        "",
        "Faults of implementations that the vectors, the fuzzers or the sanitizers of this project",
        "showed, with the smallest input for each. Written by `dredref scoreboard --found` from",
        "`data/found.json`. A run of the suite names them by their flags.",
        "",
        "| fault | where | upstream |",
        "|---|---|---|",
    ]
    lines += [f"| [{one.title}](#{one.id}) | {one.where} | {one.upstream} |" for one in entries]
    for one in entries:
        lines += ["", f'<a id="{one.id}"></a>', "", f"## {one.title}", "", one.what, ""]
        flag = f" (flag `{one.flag}`)" if one.flag else ""
        shown = ", ".join(f"`{name}`" for name in one.vectors)
        lines += [
            f"- Where: {one.where}",
            f"- Vectors: {shown}{flag}",
            f"- Smallest input: {one.input}",
            f"- Upstream: {one.upstream} (as of {one.date})",
            f"- See it: `dredref vectors show {one.vectors[0]}`",
        ]
    return "\n".join(lines) + "\n"
