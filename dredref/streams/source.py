"""A source of bytes that is read forward once: a file, a pipe, or standard input."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any, BinaryIO

from dredref.closing import Closing
from dredref.spec.errors import InputError
from dredref.streams.urls import is_url, open_url

BLOCK = 1 << 16
"""Bytes asked of the file at a time."""

WANTED_BYTES = 1 << 20
"""Bytes of a file that are looked at together."""

READ_LIMIT = 1 << 24
"""Most bytes that one call may ask for: lengths in hostile files must not reserve memory."""


class Source(Closing):
    """Buffered reading with look-ahead, for files that cannot seek as well.

    Attributes:
        name: what to call the source in messages.
        offset: bytes consumed so far.
    """

    def __init__(self, file: BinaryIO, name: str, *, owned: bool = False) -> None:
        """Read from ``file``; close it at the end if it is ``owned``."""
        self.name = name
        self.offset = 0
        self._file = file
        self._owned = owned
        self._read: Any = getattr(file, "read1", file.read)
        self._buffer = b""
        self._position = 0
        self._ended = False

    @classmethod
    def open(cls, source: str | Path | BinaryIO) -> Source:
        """Open a path, a URL, ``-`` for standard input, or wrap an open binary file.

        Raises:
            InputError: ``input.missing`` or ``input.unreadable``.
            MissingExtraError: what opens URLs is not installed.
        """
        if not isinstance(source, str | Path):
            return cls(source, str(getattr(source, "name", "input")))
        if source == "-":
            return cls(sys.stdin.buffer, "standard input")
        if isinstance(source, str) and is_url(source):
            return cls(open_url(source), source, owned=True)
        try:
            return cls(Path(source).open("rb"), str(source), owned=True)
        except FileNotFoundError as error:
            raise InputError("input.missing", f"{source}: no such file") from error
        except OSError as error:
            raise InputError("input.unreadable", f"{source}: {error.strerror}") from error

    def _fill(self, count: int) -> None:
        """Buffer at least ``count`` unread bytes, or all there are."""
        if count > READ_LIMIT:
            raise InputError(
                "input.corrupt",
                f"{self.name}: a length of {count} bytes at byte {self.offset} is past all reason",
            )
        parts = [self._buffer[self._position :]]
        have = len(parts[0])
        while have < count:
            try:
                block = self._read(BLOCK)
            except OSError as error:
                raise InputError("input.unreadable", f"{self.name}: {error.strerror}") from error
            if not block:
                self._ended = True
                break
            parts.append(block)
            have += len(block)
        self._buffer = b"".join(parts)
        self._position = 0

    def peek(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer only at the end, without consuming them."""
        if len(self._buffer) - self._position < count:
            self._fill(count)
        return self._buffer[self._position : self._position + count]

    def read(self, count: int) -> bytes:
        """Consume the next ``count`` bytes, fewer only at the end."""
        end = self._position + count
        if end > len(self._buffer):
            self._fill(count)
            end = min(count, len(self._buffer))
        data = self._buffer[self._position : end]
        self._position = end
        self.offset += len(data)
        return data

    def skip(self, count: int) -> None:
        """Consume bytes that `ahead` showed."""
        self._position += count
        self.offset += count

    def ahead(self, least: int = 1) -> memoryview:
        """All bytes at hand, without consuming them: at least ``least``, fewer only at the end.

        Of a file, some more at a time; of a pipe, what has come.
        """
        have = len(self._buffer) - self._position
        more = not self._ended and self._file.seekable()
        if have < least or (more and have < WANTED_BYTES // 2):
            self._fill(max(least, WANTED_BYTES) if more else least)
        return memoryview(self._buffer)[self._position :]

    def read_line(self, limit: int) -> bytes:
        """Consume a line with its end, or what is left; at most ``limit`` bytes."""
        want = 256
        while True:
            head = self.peek(min(want, limit))
            at = head.find(b"\n")
            if at >= 0:
                return self.read(at + 1)
            if len(head) < want or want >= limit:
                return self.read(len(head))
            want *= 4

    def seekable_file(self) -> BinaryIO | None:
        """The file itself, back at its beginning, if it can seek and nothing was consumed."""
        if self.offset or not self._file.seekable():
            return None
        held = len(self._buffer)
        try:
            self._file.seek(-held, io.SEEK_CUR)
        except OSError:
            return None
        self._buffer, self._position = b"", 0
        return self._file

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()
