"""Group ``packet``: framing of RFC 6716 section 3, valid and malformed, every rule of 3.4."""

from __future__ import annotations

from collections.abc import Iterator

from dredref.spec.packet import MAX_FRAME_BYTES, Frame, Packet, Toc, build_packet, parse_toc
from dredref.vectors.draft import RFC, Draft, blob
from dredref.vectors.model import Exact, PacketInput, Reject

CLAUSE = f"{RFC} 3.2"
SILK_WB_20 = 9
"""The config that most of these packets have: 20 ms."""
CELT_2_5 = 16
"""The config of the shortest frames, 48 of which fill 120 ms."""
LENGTHS = (0, 1, 2, 251, 252, 253, 254, 255, 256, 257, 511, 512, 1023, 1274, 1275)
"""Frame lengths around each change of their coding."""
PADDINGS = (0, 1, 2, 253, 254, 255, 256, 507, 508, 509, 761, 762, 763)
"""Padding lengths around each change of their coding."""


def filler(size: int, seed: int = 0) -> bytes:
    """Bytes that stand for compressed frames; no two neighbours are equal."""
    return bytes((167 * (index + seed) + 13) & 0xFF for index in range(size))


def toc(code: int, config: int = SILK_WB_20, stereo: bool = False) -> bytes:
    """A TOC byte."""
    return bytes([Toc(config, stereo, code).byte])


def packet(
    lengths: list[int],
    code: int = 3,
    *,
    config: int = SILK_WB_20,
    vbr: bool = False,
    padding: bytes | None = None,
) -> bytes:
    """A packet of filler frames in canonical form."""
    frames = tuple(Frame(filler(length, seed)) for seed, length in enumerate(lengths))
    return build_packet(Packet(Toc(config, False, code), frames, vbr, padding))


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    yield _toc()
    yield _codes()
    yield _code3()
    yield _rules()
    yield _truncated()


def _draft(name: str, title: str) -> Draft:
    return Draft("packet", name, title, "vectors.groups.packet", (CLAUSE,))


def _valid(draft: Draft, name: str, title: str, data: bytes, *requirements: str) -> None:
    """A packet that must be taken apart."""
    wanted = draft.add(name, title, PacketInput(blob(data)), requirements=requirements)
    assert isinstance(wanted, Exact), name


def _broken(draft: Draft, name: str, title: str, data: bytes, code: str) -> None:
    """A packet that must be refused for breaking one rule."""
    rule = code.split(".")[1]
    wanted = draft.add(
        name,
        title,
        PacketInput(blob(data)),
        clauses=(CLAUSE, f"{RFC} 3.4 {rule.upper()}"),
        requirements=(f"packet.{rule}",),
    )
    assert wanted == Reject(code), (name, wanted)


def _toc() -> Draft:
    draft = _draft("toc", "Every TOC byte of code 0, and each code beside every config")
    for config in range(32):
        for stereo in (False, True):
            data = toc(0, config, stereo) + filler(7)
            shown = parse_toc(data[0])
            sound = "stereo" if stereo else "mono"
            title = f"{shown.mode} {shown.bandwidth} {shown.frame_ms:g} ms, {sound}"
            _valid(draft, f"toc.config-{config:02d}.{sound}", title, data, "packet.r1")
        longest = parse_toc(config << 3).frame_48k
        for code in (1, 2, 3):
            lengths = [5, 5]
            if 2 * longest > 5760:
                continue
            title = f"Config {config} in a packet of code {code}"
            data = packet(lengths, code, config=config)
            _valid(draft, f"toc.config-{config:02d}.code-{code}", title, data)
    return draft


def _codes() -> Draft:
    draft = _draft("codes", "Codes 0, 1 and 2: one frame, two equal ones, two of any length")
    _valid(draft, "code0.basic", "One frame that fills the packet", bytes.fromhex("08aabbcc"))
    _valid(draft, "code0.empty-frame", "Nothing but a TOC: a frame of no byte", toc(0), "packet.r1")
    for length in (1, 2, 1274, MAX_FRAME_BYTES):
        title = f"One frame of {length} bytes"
        _valid(draft, f"code0.{length:04d}", title, packet([length], 0), "packet.r2")
    for length in (0, 1, 2, 251, 252, 1274, MAX_FRAME_BYTES):
        title = f"Two frames of {length} bytes each"
        data = packet([length] * 2, 1)
        _valid(draft, f"code1.{length:04d}", title, data, "packet.r2", "packet.r3")
    for length in LENGTHS:
        title = f"A first frame of {length} bytes, then one of 3"
        data = packet([length, 3], 2)
        _valid(draft, f"code2.first-{length:04d}", title, data, "packet.r4")
        title = f"A first frame of {length} bytes, then one of none"
        data = packet([length, 0], 2)
        _valid(draft, f"code2.first-{length:04d}.last-0", title, data, "packet.r4")
    for length in (1, 252, 1274, MAX_FRAME_BYTES):
        title = f"A first frame of 2 bytes, then one of {length}"
        _valid(draft, f"code2.last-{length:04d}", title, packet([2, length], 2), "packet.r2")
    return draft


def _code3() -> Draft:
    draft = _draft("code3", "Code 3: counts, equal and coded lengths, padding")
    for count in range(1, 49):
        title = f"{count} equal frames of 2.5 ms"
        data = packet([3] * count, config=CELT_2_5)
        _valid(draft, f"code3.cbr.frames-{count:02d}", title, data, "packet.r5", "packet.r6")
        title = f"{count} frames of 2.5 ms with coded lengths"
        lengths = [(5 * index + 2) % 7 for index in range(count)]
        data = packet(lengths, config=CELT_2_5, vbr=True)
        _valid(draft, f"code3.vbr.frames-{count:02d}", title, data, "packet.r5", "packet.r7")
    for config in (*range(12), 12, 13, *range(16, 20)):
        most = 5760 // parse_toc(config << 3).frame_48k
        title = f"As many frames as 120 ms hold in config {config}: {most}"
        data = packet([2] * most, config=config)
        _valid(draft, f"code3.longest.config-{config:02d}", title, data, "packet.r5")
    for length in LENGTHS:
        title = f"Coded lengths of {length} bytes and 4, then a last frame of 2"
        data = packet([length, 4, 2], vbr=True)
        _valid(draft, f"code3.vbr.length-{length:04d}", title, data, "packet.r7")
    _valid(draft, "code3.cbr.empty", "Three frames of no byte", packet([0] * 3), "packet.r6")
    data = packet([0] * 3, vbr=True)
    _valid(draft, "code3.vbr.empty", "Three coded frames of no byte", data, "packet.r7")
    _valid(draft, "code3.cbr.longest", "The longest frames", packet([1275] * 3), "packet.r2")
    for size in PADDINGS:
        title = f"{size} bytes of padding behind equal frames"
        data = packet([4, 4], padding=bytes(size))
        _valid(draft, f"code3.cbr.padding-{size:03d}", title, data, "packet.r6")
        title = f"{size} bytes of padding behind coded frames"
        data = packet([4, 1, 3], vbr=True, padding=bytes(size))
        _valid(draft, f"code3.vbr.padding-{size:03d}", title, data, "packet.r6")
    title = "254 bytes of padding in one length byte more than needed"
    data = toc(3) + b"\x41\xff\x00" + filler(3) + bytes(254)
    _valid(draft, "code3.padding.long-form", title, data, "packet.padding-length")
    title = "Padding and not one byte of audio"
    _valid(draft, "code3.padding.only", title, packet([0], padding=bytes(3)), "packet.r6")
    return draft


def _rules() -> Draft:
    draft = _draft("rules", "Packets that break the rules R1 to R7 of section 3.4, one each")
    _broken(draft, "r1.empty", "No byte", b"", "packet.r1.empty")
    data = toc(0) + filler(1276)
    _broken(draft, "r2.code0", "A frame of 1276 bytes", data, "packet.r2.length")
    data = toc(1) + filler(2552)
    _broken(draft, "r2.code1", "Two frames of 1276 bytes", data, "packet.r2.length")
    data = toc(2) + b"\x02" + filler(2 + 1276)
    _broken(draft, "r2.code2", "A second frame of 1276 bytes", data, "packet.r2.length")
    data = toc(3) + b"\x02" + filler(2552)
    _broken(draft, "r2.code3.cbr", "Equal frames of 1276 bytes", data, "packet.r2.length")
    data = toc(3) + b"\x82\x01" + filler(1 + 1276)
    _broken(draft, "r2.code3.vbr", "A last frame of 1276 bytes", data, "packet.r2.length")
    data = bytes.fromhex("09aabbcc")
    title = "Two equal frames cannot share an odd number of bytes"
    _broken(draft, "code1.odd-split", title, data, "packet.r3.odd")
    _broken(draft, "r3.one", "Two equal frames of one byte together", data[:2], "packet.r3.odd")
    _broken(draft, "r4.none", "Code 2 without a length", toc(2), "packet.r4.header")
    _broken(draft, "r4.half", "Code 2 with half a length", toc(2) + b"\xfc", "packet.r4.header")
    data = toc(2) + b"\x05" + filler(4)
    _broken(draft, "r4.long", "A first frame one byte longer than all", data, "packet.r4.length")
    data = toc(2) + b"\xff\xff" + filler(1274)
    title = "A first frame of 1275 bytes in a packet one byte too short"
    _broken(draft, "r4.longest", title, data, "packet.r4.length")
    data = toc(3) + b"\x00" + filler(3)
    _broken(draft, "r5.none", "Code 3 with no frame", data, "packet.r5.count")
    data = toc(3) + b"\xc0\x00" + filler(3)
    _broken(draft, "r5.none.vbr", "Padded code 3 with VBR and no frame", data, "packet.r5.count")
    for config in (*range(12), 12, 13, *range(16, 20)):
        most = 5760 // parse_toc(config << 3).frame_48k
        data = toc(3, config) + bytes([most + 1]) + filler(most + 1)
        title = f"{most + 1} frames of config {config} are more than 120 ms"
        _broken(draft, f"r5.config-{config:02d}", title, data, "packet.r5.duration")
    data = toc(3, CELT_2_5) + b"\x3f" + filler(63)
    _broken(draft, "r5.most", "63 frames, the largest count", data, "packet.r5.duration")
    _broken(draft, "r6.short", "Code 3 without a frame count", toc(3), "packet.r6.short")
    data = toc(3) + b"\x03" + filler(7)
    _broken(draft, "r6.uneven", "Three equal frames of 7 bytes", data, "packet.r6.uneven")
    data = toc(3) + b"\x43\x02" + filler(7) + bytes(2)
    title = "Three equal frames of 7 bytes, padding apart"
    _broken(draft, "r6.uneven.padded", title, data, "packet.r6.uneven")
    data = toc(3) + b"\x41\x05" + bytes(4)
    title = "One byte of padding more than there are bytes"
    _broken(draft, "r6.padding", title, data, "packet.r6.padding")
    data = toc(3) + b"\xc2\x03\x02" + filler(4)
    title = "Padding and a first frame that do not fit together"
    _broken(draft, "r7.padding", title, data, "packet.r7.length")
    data = toc(3) + b"\x41\xff\xff\x05" + bytes(512)
    title = "Padding of three length bytes, one byte too long"
    _broken(draft, "r6.padding.long", title, data, "packet.r6.padding")
    _broken(draft, "r6.padding.none", "No padding length", toc(3) + b"\x41", "packet.r6.padding")
    data = toc(3) + b"\x41" + b"\xff" * 20
    _broken(draft, "r6.padding.endless", "Only length bytes of 255", data, "packet.r6.padding")
    data = toc(3) + b"\x83\x02"
    _broken(draft, "r7.none", "The second of two lengths is missing", data, "packet.r7.header")
    data = toc(3) + b"\x83\x02\xfd"
    _broken(draft, "r7.half", "Half of the second length", data, "packet.r7.header")
    data = toc(3) + b"\x83\x02\x03" + filler(4)
    _broken(draft, "r7.long", "Coded frames one byte longer than all", data, "packet.r7.length")
    data = toc(3) + b"\x82\xff\xff" + filler(1274)
    title = "A coded frame of 1275 bytes in a packet one byte too short"
    _broken(draft, "r7.longest", title, data, "packet.r7.length")
    return draft


def _truncated() -> Draft:
    draft = _draft("truncated", "Packets cut off at every byte: what is left is valid or is not")
    shapes = {
        "code1": packet([3, 3], 1),
        "code2": packet([3, 4], 2),
        "code2-long": packet([258, 2], 2)[:8],
        "cbr": packet([2] * 3, padding=b"\x01\x00\x00"),
        "vbr": packet([2, 3, 1], vbr=True, padding=b"\x01\x00\x00\x00\x00"),
    }
    for shape, data in shapes.items():
        for size in range(1, len(data)):
            given = PacketInput(blob(data[:size]))
            wanted = draft.add(f"cut.{shape}.{size:02d}", f"{shape} cut to {size} bytes", given)
            if isinstance(wanted, Reject):
                draft.retitle(f"{shape} cut to {size} bytes: {wanted.code}")
    return draft
