"""Broken and hostile input ends in an error of ours or in notices, soon and in little memory."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.spec.errors import BuildError, DredError, InputError
from dredref.streams import open_stream, rewrite_stream
from dredref.streams.opushead import OpusHead
from dredref.streams.tests import make
from dredref.streams.tests.test_ogg import join, ogg

PACKETS = make.packets(30)
CALL = [make.ethernet(make.udp(data)) for data in make.call(PACKETS)]


def multistream() -> bytes:
    """Ogg with packets of two streams."""
    head = OpusHead(channels=2, family=1, streams=2, mapping=b"\0\1")
    return join(ogg([p[:1] + bytes([len(p) - 1]) + p[1:] + p for p in PACKETS], head=head))


SEEDS: dict[str, Callable[[], bytes]] = {
    "bit": lambda: b"".join(len(p).to_bytes(4, "big") + bytes(4) + p for p in PACKETS),
    "jsonl": lambda: b"".join(b'{"packet": "%s"}\n' % p.hex().encode() for p in PACKETS),
    "ogg": lambda: join(ogg(PACKETS)),
    "multistream": multistream,
    "pcap": lambda: make.pcap(CALL),
    "pcapng": lambda: make.section() + make.interface(1) + b"".join(map(make.enhanced, CALL)),
    "webm": lambda: make.encoded("webm", seconds=0.5),
    "mp4": lambda: make.encoded("mp4", seconds=0.5),
}

MOST_RECORDS = 40_000
"""More records than this from a file of a few kilobytes would be a fault of its own."""


def consume(data: bytes) -> str:
    """Read some bytes to the end; how it ended."""
    ended = None
    try:
        with open_stream(io.BytesIO(data)) as stream:
            for count, _ in enumerate(stream.events()):
                assert count < MOST_RECORDS
    except InputError as error:
        ended = error
    assert "\n" not in str(ended)
    return ended.code if ended else "read"


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Change, repeat, drop and cut some bytes."""
    changed = bytearray(data)
    for _ in range(draw.randrange(1, 8)):
        if not changed:
            break
        at = draw.randrange(len(changed))
        size = draw.choice((1, 1, 2, 4, 30))
        match draw.randrange(5):
            case 0:
                changed[at] ^= 1 << draw.randrange(8)
            case 1:
                changed[at : at + size] = draw.randbytes(size)
            case 2:
                changed[at : at + size] = draw.choice((b"\xff", b"\0")) * size
            case 3:
                del changed[at : at + size]
            case _:
                changed[at:at] = changed[at : at + size]
    return bytes(changed)


@pytest.mark.parametrize("kind", SEEDS)
def test_mutated_files(kind: str) -> None:
    """Most mutations are survived in part; none ends otherwise than in our own error."""
    data, draw = SEEDS[kind](), random.Random(kind)
    ends = {consume(mutate(data, draw)) for _ in range(120)}
    assert "read" in ends or kind == "jsonl"
    assert ends <= {
        "read",
        "input.corrupt",
        "input.truncated",
        "input.unknown",
        "input.json",
        "input.no_opus_track",
        "input.no_rtp",
        "input.encrypted",
        "input.no_packet",
        "input.hex",
    }


@pytest.mark.parametrize("kind", SEEDS)
def test_every_kind_cut_anywhere(kind: str) -> None:
    data = SEEDS[kind]()
    cuts = {*range(0, 80), *range(80, len(data), 1 + len(data) // 120)}
    assert "read" in {consume(data[:cut]) for cut in cuts} or kind == "mp4"


@pytest.mark.parametrize("kind", SEEDS)
@given(tail=st.binary(max_size=200), keep=st.integers(4, 120))
def test_random_bytes_after_a_good_start(kind: str, tail: bytes, keep: int) -> None:
    consume(SEEDS[kind]()[:keep] + tail)


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    consume(data)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
@pytest.mark.parametrize("kind", SEEDS)
def test_mutated_files_are_rewritten_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("rewrite")
    data = mutate(SEEDS[kind](), random.Random(seed))
    try:
        rewrite_stream(io.BytesIO(data), folder / "a", lambda record: record.packet or b"\x48")
    except (InputError, BuildError):
        assert list(folder.iterdir()) == []
    else:
        assert [path.name for path in folder.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "data",
    [
        b"OggS" + bytes(22) + b"\xff" + b"\xff" * 255,
        (b"OggS" + bytes(22) + b"\x01\xff") * 4000,
        b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a" * 20_000,
        b"\xa1\xb2\xc3\xd4" + bytes(20) + b"\0\0\0\0" * 200_000,
        b"\x1a\x45\xdf\xa3\xff" * 50_000,
        b"\0\0\0\x18ftypmp42" + b"\0\0\0\x08free" * 50_000,
        b"\0\0\0\1\0\0\0\0\x48" + b"\0" * 1_000_000,
        b'{"packet": ' + b"[" * 1_000_000,
        b" " * 5_000_000,
        b"{" + b" " * 3_000_000,
    ],
    ids=["page", "captures", "sections", "records", "ebml", "boxes", "lost", "deep", "blank", "{"],
)
def test_time_is_bounded(data: bytes) -> None:
    start = time.monotonic()
    try:
        with open_stream(io.BytesIO(data)) as stream:
            for _ in stream:
                pass
    except DredError:
        pass
    assert time.monotonic() - start < 10
