"""opus_demo ``.bit``: recognition, reading, broken ends."""

from __future__ import annotations

import io
import random
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import InputError
from dredref.streams import Notice, Record, open_stream
from dredref.streams.bit import RECORD_HEAD
from dredref.streams.clock import Clock
from dredref.streams.tests import make

PACKET = bytes([0x48]) + bytes(range(1, 40))
"""A 20 ms SILK packet with one frame, by its TOC."""


def bit_file(*records: tuple[bytes, int]) -> bytes:
    """The bytes of a ``.bit`` file."""
    return b"".join(RECORD_HEAD.pack(len(data), final) + data for data, final in records)


def test_reads_records_lost_packets_and_ranges() -> None:
    data = bit_file((PACKET, 7), (b"", 0), (PACKET[:9], 2**32 - 1))
    with open_stream(io.BytesIO(data)) as stream:
        records = list(stream)
    assert stream.container == "bit"
    assert records == [
        Record(0, PACKET, timestamp_48k=0, final_range=7),
        Record(1, None, timestamp_48k=960, final_range=0),
        Record(2, PACKET[:9], timestamp_48k=1920, final_range=2**32 - 1),
    ]
    assert stream.notices == []


@given(
    st.lists(
        st.tuples(st.binary(max_size=300), st.integers(0, 2**32 - 1)), min_size=1, max_size=20
    ).filter(lambda records: any(data for data, _ in records[:8]))
)
def test_any_whole_file_reads_back(records: list[tuple[bytes, int]]) -> None:
    """Files of a few records are recognised whatever their packets hold, as they end where due."""
    if len(records) > 8:  # past what is probed the packets themselves must be plausible
        records = [(PACKET, 0)] * 8 + records
    with open_stream(io.BytesIO(bit_file(*records))) as stream:
        read = [(record.packet or b"", record.final_range) for record in stream]
    assert read == records
    assert stream.container == "bit"


@pytest.mark.parametrize("cut", range(1, 8 + len(PACKET)))
def test_a_broken_end_is_a_notice(cut: int) -> None:
    data = bit_file((PACKET, 1), (PACKET, 2))[:-cut]
    with open_stream(io.BytesIO(data)) as stream:
        events = list(stream.events())
    assert [e.packet for e in events if isinstance(e, Record)] == [PACKET]
    assert [e.code for e in events if isinstance(e, Notice)] == ["stream.truncated"]
    assert stream.notice_counts == {"stream.truncated": 1}
    assert "record 1" in stream.notices[0].detail


@pytest.mark.parametrize("size", range(1, 8 + len(PACKET)))
def test_less_than_a_record_is_an_error(size: int) -> None:
    with pytest.raises(InputError) as caught:
        open_stream(io.BytesIO(bit_file((PACKET, 1))[:size]))
    assert caught.value.code in ("input.unknown", "input.truncated")


def test_an_absurd_length_further_on_is_an_error() -> None:
    data = bit_file(*[(PACKET, 1)] * 10) + struct.pack(">II", 2**31, 0) + PACKET
    with open_stream(io.BytesIO(data)) as stream:
        seen: list[Record] = []
        with pytest.raises(InputError, match="record 10") as caught:
            seen.extend(stream)
    assert caught.value.code == "input.corrupt"
    assert len(seen) == 10


def test_random_bytes_are_not_taken_for_packets() -> None:
    """Of 5,000 random files, half of them with a first length that fits, next to none passes."""
    draw = random.Random(1)
    taken = 0
    for trial in range(5000):
        data = draw.randbytes(draw.randrange(1, 3000))
        if trial % 2:
            data = struct.pack(">I", draw.randrange(400)) + data
        with suppress(InputError):
            open_stream(io.BytesIO(data)).close()
            taken += 1
    assert taken <= 5


@pytest.mark.parametrize("size", [1, 8, 64, 4096])
def test_zeros_are_no_stream(size: int) -> None:
    with pytest.raises(InputError) as caught:
        open_stream(io.BytesIO(bytes(size)))
    assert caught.value.code == "input.unknown"


def test_records_in_columns_are_those_read_one_by_one(tmp_path: Path) -> None:
    """Of a file and of a pipe that gives a few bytes at a time, with losses at the beginning."""
    packets = [None, None, b"\x48a", None, b"", b"\x4b", b"\x03\xff", *make.packets(9), None]
    data = b"".join(struct.pack(">II", len(one or b""), 7) + (one or b"") for one in packets)
    path = tmp_path / "a.bit"
    path.write_bytes(data)

    class Pipe(io.RawIOBase):
        place = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            part = data[self.place : self.place + 5]
            self.place += len(part)
            buffer[: len(part)] = part
            return len(part)

    with open_stream(path) as stream:
        expected = list(stream)
    clock = Clock()
    assert [one.packet for one in expected] == [one or None for one in packets]
    assert [one.timestamp_48k for one in expected] == [clock.stamp(one or None) for one in packets]
    for source in (path, io.BufferedReader(Pipe(), 8)):
        with open_stream(source) as stream:
            batches = list(stream.batches())
        assert [record for batch in batches for record in batch] == expected
