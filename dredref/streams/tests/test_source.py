"""Sources: files, pipes, and what cannot be opened."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import InputError
from dredref.streams import open_stream
from dredref.streams.source import READ_LIMIT, Source


class Trickle(io.RawIOBase):
    """A file that gives at most a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, step: int) -> None:
        """Give ``data`` by ``step`` bytes."""
        self._file = io.BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        """Less than asked for."""
        return self._file.read(min(size, self._step) if size >= 0 else self._step)

    def seekable(self) -> bool:
        """Never."""
        return False


@given(
    st.binary(max_size=400),
    st.integers(1, 50),
    st.lists(st.tuples(st.sampled_from("prl"), st.integers(0, 120)), max_size=20),
)
def test_reads_as_a_plain_file_does(data: bytes, step: int, calls: list[tuple[str, int]]) -> None:
    source = Source(Trickle(data, step), "x")  # type: ignore[arg-type]
    plain = io.BytesIO(data)
    for verb, count in calls:
        at = plain.tell()
        assert source.offset == at
        if verb == "p":
            assert source.peek(count) == plain.read(count)
            plain.seek(at)
        elif verb == "r":
            assert source.read(count) == plain.read(count)
        else:
            assert source.read_line(count) == plain.readline(count)


def test_absurd_lengths_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        Source(io.BytesIO(b"abc"), "x").read(READ_LIMIT + 1)
    assert caught.value.code == "input.corrupt"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.bit", "input.missing"), (tmp_path, "input.unreadable")):
        with pytest.raises(InputError) as caught:
            open_stream(path)
        assert caught.value.code == code
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        (b"", "input.empty", "empty"),
        (b"plain text, no stream at all", "input.unknown", "is text"),
        (b"RIFF\x24\x08\x00\x00WAVEfmt ", "input.unknown", "WAV"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "input.unknown", "gzip"),
    ],
)
def test_what_is_no_stream(tmp_path: Path, data: bytes, code: str, word: str) -> None:
    path = tmp_path / "a.opus"  # the name must not help
    path.write_bytes(data)
    with pytest.raises(InputError, match=word) as caught:
        open_stream(path)
    assert caught.value.code == code


def test_records_come_before_the_pipe_ends() -> None:
    """A live pipe is read as it fills: the first packets do not wait for the rest."""
    reading, writing = os.pipe()
    packet = b"\x48" + bytes(30)
    seen: list[bytes | None] = []

    def consume() -> None:
        with os.fdopen(reading, "rb") as file, open_stream(file) as stream:
            for record in stream:
                seen.append(record.packet)
                if len(seen) == 10:
                    break

    reader = threading.Thread(target=consume)
    reader.start()
    record = len(packet).to_bytes(4, "big") + bytes(4) + packet
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        pipe.write(record * 12)
        reader.join(timeout=10)
        assert seen == [packet] * 10


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    record = b"\0\0\0\x04\0\0\0\0\x48abc"
    for raw in (io.BytesIO(record * 3), Trickle(record * 3, 5)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(raw))  # type: ignore[type-var]
        with open_stream("-") as stream:
            assert [r.packet for r in stream] == [b"\x48abc"] * 3
