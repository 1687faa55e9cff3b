"""The line of a program's last words that says why it ended.

A panic of Go and Rust stands above a trace of calls, an exception of Python below it, a report of
a sanitizer in the middle: the last line alone is often of no use.
"""

from __future__ import annotations

import re

LONGEST = 300
"""Characters of a line that are kept."""
_TELLING = tuple(
    re.compile(pattern)
    for pattern in (
        r"Sanitizer:|runtime error:|\*\*\* .* detected \*\*\*",
        r"\bpanicked at\b|^\s*panic:|^fatal error:",
        r"[Aa]ssert(ion)?\b.*\bfailed|^Assertion",
        r"^[\w.]*(Error|Exception|Interrupt)\b",
        r"\b(Segmentation fault|core dumped|[Ff]atal|ERROR)\b",
        r"[Ee]rror|[Ee]xception|[Aa]bort",
    )
)
"""Kinds of lines that say why, the most telling first."""
_RUST = re.compile(r"\bpanicked at [^\s]+:\d+:\d+:$")
"""Since Rust 1.73 the message stands on the line behind the place."""


def key_line(text: str) -> str:
    """The line that says most, or the last one; empty if nothing was said."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for pattern in _TELLING:
        for place, line in enumerate(lines):
            if pattern.search(line):
                if _RUST.search(line) and place + 1 < len(lines):
                    line = f"{line} {lines[place + 1]}"
                return line[:LONGEST]
    return lines[-1][:LONGEST] if lines else ""
