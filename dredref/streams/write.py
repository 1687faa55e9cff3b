"""Writing records as a stream: ``.bit``, Ogg Opus, JSON lines, pcap, WebM."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, ClassVar

from dredref.files import atomic_output
from dredref.spec.errors import BuildError, UsageError
from dredref.streams.bit import RECORD_HEAD
from dredref.streams.gap import single_losses
from dredref.streams.jsonl import format_line
from dredref.streams.record import Container, Kind, Record, StreamInfo

SUFFIXES: dict[str, Container] = {
    ".bit": "bit",
    ".opus": "ogg",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".pcap": "pcap",
    ".webm": "matroska",
    ".mka": "matroska",
    ".mkv": "matroska",
}
"""Suffix of an output -> its kind. Inputs are known by content instead."""


class Writer(ABC):
    """Takes records in order. Made by `create_stream`, which ends it."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"packet"})
    """What kinds of record it can hold."""

    def write(self, record: Record) -> None:
        """Add a record, a gap as so many lost packets.

        Raises:
            BuildError: ``output.kind`` for bytes that are no packet where only packets fit.
        """
        if record.kind not in self.kinds:
            raise BuildError("output.kind", f"{type(self).__name__} holds no {record.kind}")
        for single in (record,) if record.count == 1 else single_losses(record, 0):
            self._write(single)

    @abstractmethod
    def _write(self, record: Record) -> None:
        """Add a record of a kind that fits."""

    def finish(self) -> None:  # noqa: B027  (most writers have nothing to add)
        """Write what is still held back."""


class BitWriter(Writer):
    """opus_demo ``.bit``. A final range that is not known is written as 0."""

    def __init__(self, file: BinaryIO, info: StreamInfo) -> None:
        """Write one stream to ``file``."""
        self._file = file
        self._stream: int | None = None

    def _write(self, record: Record) -> None:
        if self._stream not in (None, record.stream):
            raise BuildError("output.one_stream", "a .bit file holds one stream only")
        if record.packet == b"":
            raise BuildError("output.empty_packet", "an empty packet would read as a lost one")
        self._stream = record.stream
        data = record.packet or b""
        self._file.write(RECORD_HEAD.pack(len(data), record.final_range or 0) + data)


class JsonlWriter(Writer):
    """JSON lines."""

    kinds = frozenset({"packet", "extension_area", "dred_payload"})

    def __init__(self, file: BinaryIO, info: StreamInfo) -> None:
        """Write any streams to ``file``."""
        self._file = file

    def _write(self, record: Record) -> None:
        self._file.write(format_line(record))


WRITERS: dict[Container, str] = {
    "bit": "dredref.streams.write:BitWriter",
    "jsonl": "dredref.streams.write:JsonlWriter",
    "ogg": "dredref.streams.oggwrite:OggWriter",
    "pcap": "dredref.streams.rtp.write:PcapWriter",
    "matroska": "dredref.streams.mediawrite:MatroskaWriter",
}
"""Kind of output -> its writer: ``(file, info)`` to a `Writer`, imported on use."""


def kind_of_output(path: str | Path) -> Container:
    """The kind of stream that an output's suffix asks for.

    Raises:
        UsageError: ``output.suffix``.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise UsageError("output.suffix", f"{path}: cannot tell the kind of stream from {known}")
    return SUFFIXES[suffix]


@contextmanager
def create_stream(
    path: str | Path, kind: Container | None = None, info: StreamInfo | None = None
) -> Iterator[Writer]:
    """Create a stream that appears under ``path`` when the block has ended without an error.

    Args:
        path: the output; ``-`` is standard output, which cannot be taken back.
        kind: kind of stream, by default told by the suffix.
        info: channels, pre-skip, headers; as read from a stream, or made up. Of a multistream
            track that of any part.

    Raises:
        UsageError: ``output.suffix`` or ``output.kind``.
        BuildError: what is written does not fit the kind of stream.
        InputError: ``output.unwritable``.
        MissingExtraError: a library that this kind of output needs is not installed.
    """
    chosen = kind or kind_of_output(path)
    if chosen not in WRITERS:
        raise UsageError("output.kind", f"streams of kind {chosen} can be read, not made")
    module, _, name = WRITERS[chosen].partition(":")
    make: Callable[[BinaryIO, StreamInfo], Writer] = getattr(import_module(module), name)
    described = info or StreamInfo(0, chosen)
    with output_file(path) as file:
        writer = make(file, described)
        yield writer
        writer.finish()


@contextmanager
def output_file(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file that becomes ``path``, or standard output."""
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomic_output(path) as temporary, temporary.open("wb") as file:
        yield file
