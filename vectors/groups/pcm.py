"""Group ``pcm``: what stands behind a frame must not be heard.

Past the end of a frame the range decoder reads zeros (RFC 6716 section 4.1.2.1), and padding may
hold any value (section 3.2.5). So the same frames give the same samples however they are packed and
whatever follows them. An implementation is compared with itself: no samples are expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from dredref.spec.packet import Frame, Packet, Toc, build_packet, parse_packet
from dredref.vectors.draft import RFC, Draft
from dredref.vectors.material import bit_packets, bit_stream, read_material
from dredref.vectors.model import PcmInput, Same

CLAUSES = (f"{RFC} 3.2.5", f"{RFC} 4.1.2.1")
PACKETS = slice(20, 60)
"""Of each stream: speech, not its start."""
SOURCES = {
    "silk-10ms": ("call-3-v12.bit", "SILK, frames of 10 ms"),
    "silk-20ms": ("call-1-v12.bit", "SILK, frames of 20 ms"),
    "silk-60ms": ("call-4-v12.bit", "SILK, frames of 60 ms"),
    "celt-20ms": ("fine-v12.bit", "CELT, frames of 20 ms"),
}
"""Streams of one frame to a packet: file and what it is."""
PADDING = 40
"""Bytes of padding that hold no DRED."""
SMALLEST = bytes.fromhex("0801")
"""A packet of one frame of one byte."""

Dress = Callable[[Packet], bytes]


def _code_3(packet: Packet, padding: bytes | None) -> bytes:
    toc = Toc(packet.toc.config, packet.toc.stereo, 3)
    return build_packet(Packet(toc, packet.frames, False, padding))


DRESSES: dict[str, tuple[str, Dress]] = {
    "code-3": ("packets of code 3", lambda one: _code_3(one, None)),
    "zeros": ("padding of zeros", lambda one: _code_3(one, bytes(PADDING))),
    "ones": ("padding of 0xff", lambda one: _code_3(one, b"\xff" * PADDING)),
    "letters": ("padding of 0x5a", lambda one: _code_3(one, b"\x5a" * PADDING)),
    "dred": ("their DRED", lambda one: _code_3(one, one.padding)),
    "broken": (
        "an extension area that breaks",
        lambda one: _code_3(one, b"\xfd" + b"\xff" * PADDING),
    ),
}
"""What stands behind the frames of each packet: title, and how it is put there."""


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    draft = Draft("pcm", "behind", "What stands behind frames", "vectors.groups.pcm", CLAUSES)
    for name, (file, words) in SOURCES.items():
        packets = [parse_packet(one) for one in bit_packets(read_material(file))[PACKETS]]
        plain = bit_stream([_plain(one) for one in packets])
        for dress, (behind, put) in DRESSES.items():
            _add(draft, f"{name}.{dress}", f"{words}: {behind}", map(put, packets), plain)
        if packets[0].duration_48k <= MOST_PAIRED:
            _add(draft, f"{name}.pairs", f"{words}: two to a packet", _pairs(packets), plain)
    toc, frame = parse_packet(SMALLEST).toc, Frame(SMALLEST[1:])
    small = _code_3(Packet(toc, (frame,), False, None), b"\x5a")
    title = "The smallest packet that shows it: a frame of one byte, one byte of padding"
    _add(draft, "smallest.letter", title, [small], bit_stream([SMALLEST]))
    yield draft


MOST_PAIRED = 2880
"""Samples at 48 kHz of a packet that still may be doubled: 60 ms."""


def _plain(packet: Packet) -> bytes:
    """The packet's frame in code 0: nothing follows it."""
    toc = Toc(packet.toc.config, packet.toc.stereo, 0)
    return build_packet(Packet(toc, packet.frames, False, None))


def _pairs(packets: Sequence[Packet]) -> Iterator[bytes]:
    """Two frames to a packet, each of its own length."""
    for first, second in zip(packets[::2], packets[1::2], strict=True):
        toc = Toc(first.toc.config, first.toc.stereo, 2)
        yield build_packet(Packet(toc, (*first.frames, *second.frames), True, None))


def _add(draft: Draft, name: str, title: str, packets: Iterable[bytes], plain: bytes) -> None:
    draft.add(
        name,
        title,
        PcmInput(draft.binary(f"{name}.bit", bit_stream(packets))),
        requirements=("decoder.frame-end",),
        flags=("FrameEnd",),
        expected=Same(draft.binary(f"{name.partition('.')[0]}.bit", plain)),
    )
