"""How long processes waited for a processor that others used: time limits leave it out."""

from __future__ import annotations

import contextlib
from pathlib import Path


def starved_seconds(pid: int) -> float:
    """How long a process waited for a processor; of its threads and children the longest.

    0 where the system does not tell.
    """
    longest = 0.0
    with contextlib.suppress(OSError, IndexError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            longest = max(longest, int((task / "schedstat").read_text().split()[1]) / 1e9)
            for child in (task / "children").read_text().split():
                longest = max(longest, starved_seconds(int(child)))
    return longest
