"""Opus packet framing, RFC 6716 section 3: TOC, frame lengths, padding.

The layout is the declaration :data:`PACKET`; the rules R1 to R7 of section 3.4 are checked while it
is read, each with its own error code. Building gives the canonical form: padding lengths take as
few bytes as they can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import accumulate
from typing import Any

from construct import (
    Array,
    BitsInteger,
    BitStruct,
    Bytes,
    Computed,
    Construct,
    Container,
    Flag,
    GreedyBytes,
    If,
    Struct,
    Switch,
    Tell,
    len_,
    this,
)

from dredref.spec.errors import BuildError, ParseError

MAX_FRAME_BYTES = 1275
MAX_DURATION_48K = 5760
"""120 ms."""
MAX_FRAMES = 48
TWO_BYTE_LENGTH = 252
"""A frame length's first byte from which on a second byte counts four each."""
LACED_STEP = 254
"""Padding bytes that a length byte of 255 stands for."""

_CLAUSE = "RFC 6716 3.4"
_CONFIGS = (
    *(("SILK", band, frame) for band in ("NB", "MB", "WB") for frame in (480, 960, 1920, 2880)),
    *(("hybrid", band, frame) for band in ("SWB", "FB") for frame in (480, 960)),
    *(
        ("CELT", band, frame)
        for band in ("NB", "WB", "SWB", "FB")
        for frame in (120, 240, 480, 960)
    ),
)
"""config -> mode, audio bandwidth, samples of a frame at 48 kHz (RFC 6716 table 2)."""

TOC = BitStruct("config" / BitsInteger(5), "stereo" / Flag, "code" / BitsInteger(2))
"""The first byte."""
FRAME_COUNT = BitStruct("vbr" / Flag, "padded" / Flag, "count" / BitsInteger(6))
"""The second byte of a code-3 packet."""


def _fail(code: str, detail: str, byte: int) -> ParseError:
    return ParseError(code, detail, byte=byte, clause=f"{_CLAUSE} {code.split('.')[1].upper()}")


class _FrameLength(Construct):  # type: ignore[misc]
    """One or two bytes: up to 251 as it is, else first + 4 * second (section 3.2.1)."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule

    def _byte(self, stream: BytesIO) -> int:
        start = stream.tell()
        byte = stream.read(1)
        if not byte:
            raise _fail(f"packet.{self.rule}.header", "the packet ends in a frame length", start)
        return byte[0]

    def _parse(self, stream: BytesIO, context: Container, path: str) -> int:
        first = self._byte(stream)
        return first if first < TWO_BYTE_LENGTH else first + 4 * self._byte(stream)

    def _build(self, obj: int, stream: BytesIO, context: Container, path: str) -> int:
        if not 0 <= obj <= MAX_FRAME_BYTES:
            raise BuildError("packet.frame.length", f"a frame of {obj} bytes")
        if obj < TWO_BYTE_LENGTH:
            stream.write(bytes([obj]))
        else:
            first = TWO_BYTE_LENGTH + (obj & 3)
            stream.write(bytes([first, (obj - first) >> 2]))
        return obj


class _FrameLengths(Construct):  # type: ignore[misc]
    """The coded lengths: all frames but the last."""

    def __init__(self, rule: str, count: Any) -> None:
        super().__init__()
        self.length, self.count = _FrameLength(rule), count

    def _parse(self, stream: BytesIO, context: Container, path: str) -> list[int]:
        return [self.length._parse(stream, context, path) for _ in range(self.count(context))]

    def _build(self, obj: Sequence[int], stream: BytesIO, context: Container, path: str) -> Any:
        for length in obj[: self.count(context)]:
            self.length._build(length, stream, context, path)
        return obj


class _PaddingLength(Construct):  # type: ignore[misc]
    """Length bytes: 255 counts 254 and goes on, a smaller one ends (section 3.2.5)."""

    def _parse(self, stream: BytesIO, context: Container, path: str) -> int:
        total = 0
        while True:
            start = stream.tell()
            byte = stream.read(1)
            if not byte:
                raise _fail("packet.r6.padding", "the packet ends in the padding length", start)
            if byte[0] < 255:
                return total + byte[0]
            total += LACED_STEP

    def _build(self, obj: int, stream: BytesIO, context: Container, path: str) -> int:
        full, rest = divmod(obj, LACED_STEP)
        if full and rest == 0:
            full, rest = full - 1, LACED_STEP
        stream.write(b"\xff" * full + bytes([rest]))
        return obj


class _FrameCount(Construct):  # type: ignore[misc]
    """The frame-count byte, with rule R5 and the part of R6 and R7 that asks for it."""

    def _parse(self, stream: BytesIO, context: Container, path: str) -> Container:
        start = stream.tell()
        byte = stream.read(1)
        if not byte:
            raise _fail("packet.r6.short", "a code-3 packet ends after its TOC", start)
        found = FRAME_COUNT.parse(byte)
        duration = found.count * _CONFIGS[context._root.toc.config][2]
        if found.count == 0:
            raise _fail("packet.r5.count", "a code-3 packet of no frame", start)
        if duration > MAX_DURATION_48K:
            raise _fail("packet.r5.duration", f"{duration / 48:g} ms of audio, not 120", start)
        return found

    def _build(self, obj: Any, stream: BytesIO, context: Container, path: str) -> Any:
        stream.write(FRAME_COUNT.build(obj))
        return obj


def _is_padded(context: Container) -> bool:
    """Whether a packet has a padding field."""
    return context.toc.code == 3 and bool(context.header.frame_count.padded)


def _lengths(context: Container) -> list[int]:
    """Length of each frame: what is left when the padding is taken off, by code; rules R2 to R7."""
    if context._building:
        return [len(frame) for frame in context.frames]
    start, header, code = context._io.tell(), context.header, context.toc.code
    padding = header.padding_length if _is_padded(context) else 0
    room = context._io.getbuffer().nbytes - start - padding
    if room < 0:
        raise _fail("packet.r6.padding", f"{padding} bytes of padding do not fit", start)
    if code == 0:
        lengths = [room]
    elif code == 1:
        if room % 2:
            raise _fail("packet.r3.odd", f"two equal frames of {room} bytes together", start)
        lengths = [room // 2] * 2
    elif header.lengths is not None:
        last = room - sum(header.lengths)
        if last < 0:
            rule = "packet.r4.length" if code == 2 else "packet.r7.length"
            raise _fail(rule, f"frame lengths pass the end by {-last} bytes", start)
        lengths = [*header.lengths, last]
    else:
        count = header.frame_count.count
        if room % count:
            raise _fail("packet.r6.uneven", f"{count} equal frames of {room} bytes together", start)
        lengths = [room // count] * count
    if lengths[-1] > MAX_FRAME_BYTES:
        raise _fail("packet.r2.length", f"a frame of {lengths[-1]} bytes, not 1275", start)
    return lengths


PACKET = Struct(
    "toc" / TOC,
    "header"
    / Switch(
        this.toc.code,
        {
            2: Struct("lengths" / _FrameLengths("r4", lambda _: 1)),
            3: Struct(
                "frame_count" / _FrameCount(),
                "padding_length" / If(this.frame_count.padded, _PaddingLength()),
                "lengths"
                / If(
                    this.frame_count.vbr,
                    _FrameLengths("r7", lambda context: context.frame_count.count - 1),
                ),
            ),
        },
    ),
    "start" / Tell,
    "lengths" / Computed(_lengths),
    "frames" / Array(len_(this.lengths), Bytes(lambda context: context.lengths[context._index])),
    "padding" / If(_is_padded, GreedyBytes),
)
"""A packet: the last frame takes what the others and the padding leave."""


@dataclass(frozen=True, slots=True)
class Toc:
    """The first byte of a packet (RFC 6716 section 3.1)."""

    config: int
    stereo: bool
    code: int

    @property
    def mode(self) -> str:
        """``SILK``, ``hybrid`` or ``CELT``."""
        return _CONFIGS[self.config][0]

    @property
    def bandwidth(self) -> str:
        """``NB``, ``MB``, ``WB``, ``SWB`` or ``FB``."""
        return _CONFIGS[self.config][1]

    @property
    def frame_48k(self) -> int:
        """Samples of a frame at 48 kHz."""
        return _CONFIGS[self.config][2]

    @property
    def frame_ms(self) -> float:
        """Milliseconds of a frame: 2.5 to 60."""
        return self.frame_48k / 48

    @property
    def byte(self) -> int:
        """The byte itself."""
        return self.config << 3 | self.stereo << 2 | self.code


@dataclass(frozen=True, slots=True)
class Frame:
    """A compressed frame and the byte of the packet that it starts at."""

    data: bytes
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Packet:
    """An Opus packet taken apart.

    ``padding`` is None where the packet has no padding field (codes 0 to 2, or p = 0 of code 3);
    otherwise its bytes are the extension area, which starts at byte ``padding_offset``.
    """

    toc: Toc
    frames: tuple[Frame, ...]
    vbr: bool = False
    """The v flag of code 3."""
    padding: bytes | None = None
    padding_offset: int = 0
    size: int = 0
    """Bytes of the packet."""

    @property
    def nb_frames(self) -> int:
        """Frames of the packet, 1 to 48."""
        return len(self.frames)

    @property
    def duration_48k(self) -> int:
        """Samples of the packet at 48 kHz."""
        return self.nb_frames * self.toc.frame_48k

    @property
    def duration_ms(self) -> float:
        """Milliseconds of the packet."""
        return self.duration_48k / 48

    def frame_offset(self, frame: int) -> int:
        """Start of a frame in the packet, in 2.5 ms."""
        return frame * self.toc.frame_48k // 120


def parse_toc(byte: int) -> Toc:
    """The TOC of a packet."""
    found = TOC.parse(bytes([byte]))
    return Toc(found.config, found.stereo, found.code)


def parse_packet(data: bytes) -> Packet:
    """Take an undelimited packet apart.

    Raises:
        ParseError: ``packet.r1.empty`` to ``packet.r7...``, after the rules of section 3.4.
    """
    if not data:
        raise _fail("packet.r1.empty", "a packet of no byte", 0)
    found = PACKET.parse(data)
    ends = list(accumulate(found.lengths, initial=found.start))
    return Packet(
        Toc(found.toc.config, found.toc.stereo, found.toc.code),
        tuple(map(Frame, found.frames, ends)),
        bool(found.toc.code == 3 and found.header.frame_count.vbr),
        found.padding,
        ends[-1],
        len(data),
    )


def build_packet(packet: Packet) -> bytes:
    """Write a packet in canonical form; offsets and size are not looked at.

    Raises:
        BuildError: ``packet.code``, ``packet.count``, ``packet.frame.length`` or
            ``packet.padding`` for what the packet's code cannot carry.
    """
    lengths = [len(frame.data) for frame in packet.frames]
    _check_buildable(packet, lengths)
    header: Container | None = None
    if packet.toc.code == 2:
        header = Container(lengths=lengths)
    elif packet.toc.code == 3:
        padded = packet.padding is not None
        header = Container(
            frame_count=Container(vbr=packet.vbr, padded=padded, count=len(lengths)),
            padding_length=len(packet.padding or b""),
            lengths=lengths,
        )
    toc = {"config": packet.toc.config, "stereo": packet.toc.stereo, "code": packet.toc.code}
    frames = [frame.data for frame in packet.frames]
    parts = {"toc": toc, "header": header, "frames": frames, "padding": packet.padding}
    built: bytes = PACKET.build(parts)
    return built


def _check_buildable(packet: Packet, lengths: Sequence[int]) -> None:
    """Refuse what the packet's code cannot carry."""
    code = packet.toc.code
    count = {0: 1, 1: 2, 2: 2}.get(code)
    if not 0 <= packet.toc.config < 32 or not 0 <= code < 4:
        raise BuildError("packet.code", f"no config {packet.toc.config} or code {code}")
    if count is not None and len(lengths) != count:
        raise BuildError("packet.count", f"{len(lengths)} frames in a code-{code} packet")
    if not lengths or packet.duration_48k > MAX_DURATION_48K:
        raise BuildError("packet.count", f"{packet.duration_ms:g} ms of audio")
    if max(lengths) > MAX_FRAME_BYTES:
        raise BuildError("packet.frame.length", f"a frame of {max(lengths)} bytes")
    if code != 3 and packet.padding is not None:
        raise BuildError("packet.padding", f"padding in a code-{code} packet")
    if (code == 1 or (code == 3 and not packet.vbr)) and len(set(lengths)) > 1:
        raise BuildError("packet.frame.length", "frames of equal length are asked for")


def with_padding(packet: Packet, padding: bytes | None) -> Packet:
    """The same frames with other padding: code 3 where there is some, else as short as can be.

    A code-3 packet stays one; a packet of codes 0 to 2 becomes one when it is given padding.
    """
    if padding is None:
        return replace(packet, padding=None)
    equal = len({len(frame.data) for frame in packet.frames}) == 1
    vbr = packet.vbr if packet.toc.code == 3 else not equal
    return replace(packet, toc=replace(packet.toc, code=3), vbr=vbr, padding=padding)


__all__ = [
    "FRAME_COUNT",
    "MAX_DURATION_48K",
    "MAX_FRAMES",
    "MAX_FRAME_BYTES",
    "PACKET",
    "TOC",
    "Frame",
    "Packet",
    "Toc",
    "build_packet",
    "parse_packet",
    "parse_toc",
    "with_padding",
]
