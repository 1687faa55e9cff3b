"""Reading takes the same memory for a long stream as for a short one."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dredref.streams import Record, open_stream, rewrite_stream
from dredref.streams.batch import RecordBatch
from dredref.streams.oggpage import build_page, build_pages
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.tests import make

PACKET = b"\x48" + bytes(range(80))


class Pipe(io.RawIOBase):
    """A file that cannot seek, whose bytes are made as they are read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        """Give ``parts`` one after the other."""
        self._parts = parts

    def read(self, size: int = -1) -> bytes:
        """The next part, whatever its size."""
        return next(self._parts, b"")

    def seekable(self) -> bool:
        """Never."""
        return False


def bit(count: int) -> Iterator[bytes]:
    """Records of ``.bit``, by the hundred."""
    record = len(PACKET).to_bytes(4, "big") + bytes(4) + PACKET
    return (record * 100 for _ in range(count // 100))


def jsonl(count: int) -> Iterator[bytes]:
    """JSON lines, by the hundred."""
    line = b'{"packet": "%s"}\n' % PACKET.hex().encode()
    return (line * 100 for _ in range(count // 100))


def ogg(count: int) -> Iterator[bytes]:
    """Ogg pages of fifty packets."""
    yield build_page(build_pages([(build_head(OpusHead(1)), 0)], 1, 0, first=True)[0])
    yield build_page(build_pages([(build_tags(), 0)], 1, 1)[0])
    for place in range(0, count, 50):
        packets = [(PACKET, 960 * (place + i + 1)) for i in range(50)]
        yield build_page(build_pages(packets, 1, 2 + place // 50)[0])


def pcap(count: int) -> Iterator[bytes]:
    """A capture that loses and repeats a packet now and then."""
    yield make.pcap([])
    head = len(make.pcap([]))
    for place in range(count):
        frame = make.ethernet(make.udp(make.rtp(PACKET, place, 960 * place)))
        if place % 100 != 50:
            yield make.pcap([frame])[head:] * (1 + (place % 70 == 3))


def pcapng(count: int) -> Iterator[bytes]:
    """The same as pcapng, of ever new sources."""
    yield make.section() + make.interface(1)
    for place in range(count):
        ssrc = place // 20
        frame = make.ethernet(make.udp(make.rtp(PACKET, place, 960 * place, ssrc=ssrc)))
        yield make.enhanced(frame)


def peak(work: Callable[[], int]) -> tuple[int, int]:
    """What some work returns, and the most memory it held, in bytes."""
    tracemalloc.start()
    try:
        result = work()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def consume(parts: Iterator[bytes]) -> int:
    """Read all; the number of records."""
    with open_stream(Pipe(parts)) as stream:  # type: ignore[arg-type]
        found = (one for one in stream._portions() if isinstance(one, Record | RecordBatch))
        return sum(int(np.sum(one.count)) for one in found)


@pytest.mark.parametrize(
    ("parts", "short", "long", "limit"),
    [
        (bit, 5_000, 60_000, 1 << 19),
        (jsonl, 2_000, 30_000, 1 << 19),
        (ogg, 20_000, 60_000, 1 << 19),
        (pcap, 1_500, 6_000, 1 << 21),
        (pcapng, 1_500, 6_000, 1 << 22),
    ],
)
def test_reading_is_flat(
    parts: Callable[[int], Iterator[bytes]], short: int, long: int, limit: int
) -> None:
    consume(parts(short))  # imports and caches are no part of it
    few, small = peak(lambda: consume(parts(short)))
    many, large = peak(lambda: consume(parts(long)))
    assert (few, many) == (short, long)
    assert large < limit
    if parts is not pcapng:  # its sources pile up to the limit, which the short one does not reach
        assert large < 1.3 * small + (1 << 16)


@pytest.mark.parametrize(("parts", "count"), [(bit, 40_000), (ogg, 20_000)])
def test_rewriting_is_flat(
    tmp_path: Path, parts: Callable[[int], Iterator[bytes]], count: int
) -> None:
    def work() -> int:
        source = Pipe(parts(count))
        rewrite_stream(source, tmp_path / "a", lambda r: (r.packet or b"") + b"x")  # type: ignore[arg-type]
        return (tmp_path / "a").stat().st_size

    work()
    size, most = peak(work)
    assert size > 80 * count
    assert most < 1 << 19


def test_webm_from_a_pipe_is_flat() -> None:
    """PyAV's own memory is not traced, but nothing of the file is held on this side."""
    data = make.encoded("webm", seconds=20.0)
    parts = [data[i : i + 1000] for i in range(0, len(data), 1000)]
    consume(iter(parts))
    _, most = peak(lambda: consume(iter(parts)))
    assert most < 1 << 19
