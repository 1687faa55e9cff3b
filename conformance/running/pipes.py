"""The pipes of a child, a thread for each: no system's way to wait for several pipes is everywhere.

Selectors take no pipes on Windows, and pipes there cannot be asked whether something is in them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import IO

BLOCK = 1 << 16
WAITING = 64
"""Blocks of a child's output that wait to be taken; then the child waits as well."""
JOIN_SECONDS = 0.5


class Inlet:
    """A child's standard input."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Take over a stream that writes at once; nothing is written yet."""
        self._stream = stream
        self._parts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Have bytes written, in turn; a child that has closed its input takes everything."""
        self._parts.put(data)

    def close(self) -> None:
        """Close it once all is written."""
        self._parts.put(None)

    def join(self) -> None:
        """Wait until it is closed, if the child is gone."""
        self.close()
        self._thread.join(JOIN_SECONDS)

    def _write_all(self) -> None:
        while (data := self._parts.get()) is not None:
            left = memoryview(data)
            with contextlib.suppress(OSError, ValueError):
                while left:
                    left = left[self._stream.write(left) :]
        with contextlib.suppress(OSError):
            self._stream.close()


class Outlet:
    """A child's standard output or error, read as it comes."""

    def __init__(self, stream: IO[bytes], take: Callable[[bytes], None] | None = None) -> None:
        """Take over a stream; ``take`` gets each part in a thread, else :meth:`read` gives them."""
        self._stream = stream
        self._parts: queue.Queue[bytes] = queue.Queue(WAITING)
        self._take = take or self._parts.put
        self._ended = False
        self._thread = threading.Thread(target=self._read_all, daemon=True)
        self._thread.start()

    def read(self, seconds: float = 0) -> bytes | None:
        """What has come: None if nothing has after ``seconds``, no bytes at the end."""
        if self._ended:
            return b""
        try:
            part = self._parts.get(timeout=seconds) if seconds else self._parts.get_nowait()
        except queue.Empty:
            return None
        self._ended = not part
        return part

    def join(self, seconds: float = JOIN_SECONDS) -> None:
        """Wait for the end, what comes until then thrown away if nobody takes it."""
        while self._take == self._parts.put and self.read(seconds):
            pass
        self._thread.join(seconds)

    def _read_all(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while part := os.read(self._stream.fileno(), BLOCK):
                self._take(part)
        self._take(b"")
        with contextlib.suppress(OSError):
            self._stream.close()
