"""WAV files whose header lies about their length, as writers to a pipe leave it.

A writer that cannot go back leaves 0, 0xFFFFFFFF or another impossible length of the samples. Such
a file is shown to libsndfile with the length that it has.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from dredref.notices import warn

STREAMED = 0x7FFF_0000
"""Lengths of samples from here on are those of a writer that does not know them yet."""

_MOST_CHUNKS = 1000


class PatchedFile(io.RawIOBase):
    """A file for reading, with other bytes in some places."""

    def __init__(self, file: BinaryIO, patches: dict[int, bytes]) -> None:
        """Show ``file`` with ``patches``: place -> bytes."""
        self._file = file
        self._patches = patches

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read, and put the patches in."""
        start = self._file.tell()
        data = bytearray(self._file.read(len(buffer)))
        for place, patch in self._patches.items():
            for shift, byte in enumerate(patch, start=place - start):
                if 0 <= shift < len(data):
                    data[shift] = byte
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def mended_wav(path: str | Path) -> PatchedFile | None:
    """A WAV file with a true header, if its own is not; None for any other file.

    A file that breaks off before the length it states is warned of (`dredref.notices.warn`).
    """
    file = Path(path).open("rb")  # noqa: SIM115  (it is given away, or closed below)
    found = _data_chunk(file)
    size = file.seek(0, io.SEEK_END)
    if found is not None:
        place, stated, riff = found
        held = size - place
        empty = stated == 0 and riff + 8 == size
        if stated > held or (stated == 0 and held and not empty):
            if 0 < stated < STREAMED:
                warn(f"{path} breaks off: it has {held} of {stated} bytes of samples")
            patches = {4: (size - 8).to_bytes(4, "little")}
            patches[place - 4] = held.to_bytes(4, "little")
            file.seek(0)
            return PatchedFile(file, patches)
    file.close()
    return None


def _data_chunk(file: BinaryIO) -> tuple[int, int, int] | None:
    """Where a WAV file's samples begin, and the lengths of samples and of all that it states."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    for _ in range(_MOST_CHUNKS):
        start = file.read(8)
        if len(start) < 8:
            return None
        size = int.from_bytes(start[4:], "little")
        if start[:4] == b"data":
            return file.tell(), size, int.from_bytes(head[4:8], "little")
        file.seek(size + size % 2, io.SEEK_CUR)
    return None
