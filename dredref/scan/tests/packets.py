"""Packets for the tests of the scan: sound ones, and one that violates each requirement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dredref.spec.dred import add_prefix, build_payload, make_payload
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import read_packet
from dredref.streams import Record, open_stream

STREAMS = sorted(
    path
    for path in (Path(__file__).parents[3] / "spec" / "streams").iterdir()
    if path.suffix != ".json"
)
CHUNK = [0, 0, -11, 0, 0, -1, 0, 9, 0, 1, -1, 0, 0, -3] + [0] * 11
GOOD = build_payload(make_payload(12, 6, 3, 6, [0] * 50, [CHUNK] * 4))
DRED = add_prefix(12, GOOD)


def area(*data: bytes, frame: int = 0, id_: int = 126) -> bytes:
    """An area of two frames with extensions on one of them."""
    return pack_extensions([Extension(id_, frame, item) for item in data], 2)


def packet(padding: bytes | None, nb_frames: int = 2) -> bytes:
    """A packet of frames of 20 ms."""
    return build_packet(Packet(Toc(9, False, 3), (Frame(b"frame"),) * nb_frames, False, padding))


def carrying(*data: bytes, frame: int = 0) -> bytes:
    """A packet with DRED extensions."""
    return packet(area(*data, frame=frame))


def saying(**changes: object) -> bytes:
    """A packet whose DRED has other values than the good one."""
    values: dict[str, object] = {
        "version": 12, "q0": 6, "dQ": 3, "offset": 6, "state": [0] * 50, "latents": [CHUNK] * 4,
    }  # fmt: skip
    made = make_payload(**(values | changes))  # type: ignore[arg-type]
    return carrying(add_prefix(12, build_payload(made, allow_unseen=True)))


def _laced(data: bytes) -> bytes:
    """Data of an extension, after its length."""
    return bytes([len(data)]) + data


def hiding() -> bytes:
    """A packet whose last chunk, which is not all zeros, is not seen; found by trying."""
    last = [0] * 7 + [1] + [0] * 17
    for count in range(1, 16):
        data = saying(q0=14, dQ=0, latents=[[0] * 25] * count + [last])
        dred = read_packet(data).dred
        if dred is not None and len(dred.chunks) == count:
            return data
    raise AssertionError("no such payload")


VIOLATING: dict[str, bytes] = {
    "packet.r1": b"",
    "packet.r2": bytes(1277),
    "packet.r3": b"\x01\x00",
    "packet.r4": b"\x02\x05",
    "packet.r5": b"\x03\x00",
    "packet.r6": b"\x03\x41\xff",
    "packet.r7": b"\x03\x82\x05",
    "packet.padding-length": b"\x03\x41\xff\x00" + bytes(254),
    "extension.frame": packet(b"\x03\x02"),
    "extension.short": packet(b"\x07"),
    "extension.length": packet(b"\x41\x02\x00"),
    "extension.repeat": packet(bytes.fromhex("4301aa09bb09cc04dd")),
    "extension.padding-zero": packet(b"\x00\x00\x01"),
    "extension.separator-zero": packet(b"\x03\x00"),
    "extension.repeat-nothing": packet(b"\x05"),
    "dred.prefix": carrying(b"E\x0c" + GOOD),
    "dred.version": carrying(b"D\x0b" + GOOD),
    "dred.size-empty": carrying(b"D\x0c"),
    "dred.size-max": carrying(DRED + bytes(1000)),
    "dred.one-per-frame": carrying(DRED, DRED),
    "dred.one-per-packet": carrying(DRED, DRED),
    "dred.first-frame": carrying(DRED, frame=1),
    "dred.header-overrun": carrying(add_prefix(12, b"\x63")),
    "dred.state-overrun": carrying(DRED[:6]),
    "dred.chunk-overrun": carrying(DRED[:-4]),
    "dred.chunks-none": saying(latents=[]),
    "dred.chunks-max": saying(latents=[CHUNK] * 16 + [[0] * 25] * 11, dQ=0),
    "dred.chunk-unseen": hiding(),
    "dred.trailing-bytes": carrying(DRED + bytes(8)),
    "dred.trailing-bits": carrying(DRED[:-1] + bytes([DRED[-1] ^ 1])),
    "dred.extra-offset": saying(extra_offset=0),
    "dred.value-range": saying(state=[0] * 15 + [4000] + [0] * 34),
}
"""Requirement -> a packet that violates it."""

MORE = (
    b"\x03",
    b"\x03\x40",
    b"\x03\x02abc",
    b"\x03\x32" + bytes(50),
    b"\x02",
    b"\x02\xfc",
    b"\x03\x82\xff",
    packet(b"\x41"),
    packet(b"\x41\xff"),
    packet(b"\x04\x00\x07"),
    packet(b"\x06\x05"),
    packet(bytes.fromhex("4101aa4101ff")),
    packet(bytes.fromhex("4301aa4301ff0401bb")),
    packet(b"\xfd" + _laced(DRED) + b"\x05" + _laced(DRED) * 2, 3),
    packet(b"\x02\x04\x01"),
    packet(bytes.fromhex("fd0144050145"), 3),
    packet(bytes.fromhex("fd0545460c0203fd0244"), 3),
    packet(b"\xfd\x04D\x0cab\x04" + bytes(6), 3),
    packet(b"\xfd\x01D\xfd\x00\xfd\x02E\x0c" + b"\xfd" + bytes([len(DRED)]) + DRED),
    packet(b"\x03\x01\xfc" + DRED),
    packet((b"\xfd" + bytes([len(DRED)]) + DRED) * 3 + b"\x04" + DRED * 3),
    packet(b"\x03\x00" * 9),
    packet(b"\xfd\xfe" + bytes(254)),
    saying(q0=2, qmax=4, dQ=7),
    build_packet(Packet(Toc(9, False, 3), (Frame(bytes(300)), Frame(b"x")), True, None)),
)
"""Packets with other faults, or several."""


def records(data: Iterable[bytes | None]) -> list[Record]:
    """These packets as the records of one stream."""
    return [Record(index, item) for index, item in enumerate(data)]


def stream_packets() -> Iterator[bytes]:
    """Packets of the committed ``.bit`` streams, in turn."""
    for path in STREAMS:
        if path.suffix == ".bit":
            with open_stream(path) as stream:
                yield from (record.packet for record in stream if record.packet)
