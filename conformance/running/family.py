"""All processes that came of a child, those that left its group and its parent among them.

A child gets a mark in its environment, which its descendants inherit: a daemon has another session
and the system for a parent, but still the mark. Where the system does not tell the environment of
processes, what is left are the children that can be followed by their parents.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator

import psutil

MARK = "DREDREF_CHILD"
"""Name of the mark."""
SEARCH_SECONDS = 0.5
"""How often the whole system is searched while memory is watched."""
GONE = (psutil.Error, OSError)


class Family:
    """A child and its descendants."""

    def __init__(self) -> None:
        """Draw a mark; nothing runs yet."""
        self.mark = secrets.token_hex(8)
        self.pid = 0
        self._searched = time.monotonic()
        self._found: dict[int, psutil.Process] = {}

    def environment(self) -> dict[str, str]:
        """What a child has to be started with."""
        return {**os.environ, MARK: self.mark}

    def resident_bytes(self) -> int:
        """Resident memory of all of them together; newcomers are found within half a second."""
        now = time.monotonic()
        if now >= self._searched + SEARCH_SECONDS:
            self._found = {one.pid: one for one in self.members()}
            self._searched = time.monotonic()
        if self.pid not in self._found:
            with contextlib.suppress(*GONE):
                self._found[self.pid] = psutil.Process(self.pid)
        total = 0
        for member in self._found.values():
            with contextlib.suppress(*GONE):
                total += member.memory_info().rss
        return total

    def members(self) -> Iterator[psutil.Process]:
        """Those that run now."""
        with contextlib.suppress(*GONE):
            child = psutil.Process(self.pid)
            yield child
            yield from child.children(recursive=True)
        for other in psutil.process_iter():
            with contextlib.suppress(*GONE):
                if other.pid != self.pid and other.environ().get(MARK) == self.mark:
                    yield other

    def kill(self) -> None:
        """End all of them, and those that they start meanwhile."""
        for _ in range(8):
            found = [one for one in self.members() if one.pid != os.getpid()]
            running = []
            for member in found:
                with contextlib.suppress(*GONE):
                    if member.status() != psutil.STATUS_ZOMBIE:
                        member.kill()
                        running.append(member)
            if not running:
                return
            psutil.wait_procs(running, timeout=0.2)
