"""Figures of the specification as SVG, drawn from the declarations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from construct import Struct

from dredref.spec.document.layout import bit_fields, symbol_rows
from dredref.spec.dred import (
    DECODER_CHUNKS,
    OFFSET_BIAS,
    PAYLOAD,
    PREFIX,
    UNITS_PER_CHUNK,
)
from dredref.spec.extension import ITEM
from dredref.spec.packet import FRAME_COUNT, PACKET, TOC

UNIT_MS = 2.5
LOOK_AHEAD_MS = 15.0
"""The vocoder's: what a feature vector of the newest end stands before its samples."""
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b2733}"
    ".box{fill:#eef4fb;stroke:#31536f}.alt{fill:#fdf3e1;stroke:#8a6420}"
    ".soft{fill:#f4f5f6;stroke:#9aa5ae;stroke-dasharray:4 3}"
    ".small{font-size:11px;fill:#50606d}.axis{stroke:#50606d}"
)


@dataclass(frozen=True, slots=True)
class Box:
    """A labelled box of a row; ``note`` stands below it."""

    label: str
    width: float
    note: str = ""
    kind: str = "box"


def svg(width: float, height: float, title: str, body: Sequence[str]) -> str:
    """A whole picture; the title is what a screen reader says."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>{"".join(body)}</svg>\n'
    )


def text(x: float, y: float, words: str, small: bool = False, anchor: str = "middle") -> str:
    """A line of text."""
    kind = ' class="small"' if small else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'


def row(boxes: Sequence[Box], x: float, y: float, height: float = 34) -> list[str]:
    """Boxes side by side, notes below."""
    parts = []
    for box in boxes:
        size = f'width="{box.width:g}" height="{height:g}"'
        parts.append(f'<rect class="{box.kind}" x="{x:g}" y="{y:g}" {size}/>')
        parts.append(text(x + box.width / 2, y + height / 2 + 4.5, box.label))
        if box.note:
            parts.append(text(x + box.width / 2, y + height + 14, box.note, small=True))
        x += box.width
    return parts


def bits_figure(title: str, declarations: Sequence[tuple[str, object]]) -> str:
    """Bit layouts, one below the other, each with its bit numbers."""
    unit = 56
    body = []
    for index, (name, declaration) in enumerate(declarations):
        top = 34 + index * 84
        body.append(text(10, top - 14, name, anchor="start"))
        place = 0
        for field in bit_fields(declaration):
            box = Box(field.name, field.width * unit)
            body += row([box], 10 + place * unit, top)
            for bit in range(place, place + field.width):
                body.append(text(10 + (bit + 0.5) * unit, top + 48, str(bit), small=True))
            place += field.width
    return svg(20 + 8 * unit, 20 + 84 * len(declarations), title, body)


_PACKET_LABELS = {
    "frame_count": ("frame count", 90, "1 byte"),
    "padding_length": ("padding length", 116, "if p = 1"),
    "lengths": ("frame lengths", 110, ""),
}


def packet_figure() -> str:
    """What stands in a packet, by code."""
    body = []
    header = next(field.subcon for field in PACKET.subcons if field.name == "header")
    for code in range(4):
        top = 10 + code * 66
        body.append(text(10, top + 22, f"code {code}", anchor="start"))
        boxes = [Box("TOC", 52, "1 byte", "alt")]
        case = header.cases.get(code)
        for field in case.subcons if isinstance(case, Struct) else ():
            label, width, note = _PACKET_LABELS[field.name]
            if field.name == "lengths":
                note = "all but the last, if v = 1" if code == 3 else "first frame"
            boxes.append(Box(label, width, note, "alt"))
        frames = {0: "frame", 1: "two equal frames", 2: "two frames", 3: "frames"}[code]
        boxes.append(Box(frames, 150))
        if code == 3:
            boxes.append(Box("padding", 116, "= extension area", "soft"))
        body += row(boxes, 70, top)
    return svg(720, 280, "What stands in an Opus packet, by code", body)


def extension_figure() -> str:
    """The forms of an extension."""
    forms = (
        ("short, id 3 to 31", [Box("id, L", 60, "1 byte", "alt"), Box("L bytes", 80)]),
        (
            "long, L = 1",
            [
                Box("id, 1", 60, "1 byte", "alt"),
                Box("length", 90, "laced", "alt"),
                Box("data", 160),
            ],
        ),
        (
            "long, L = 0",
            [Box("id, 0", 60, "1 byte", "alt"), Box("data up to the end of the area", 250)],
        ),
        (
            "DRED (experiment)",
            [
                Box("126, L", 60, "1 byte", "alt"),
                Box("length", 90, "if L = 1", "alt"),
                *(Box(*_PREFIX_BOX[field.name]) for field in PREFIX.subcons),
                Box("payload", 170, "range coded"),
            ],
        ),
    )
    assert any(field.name == "payload" for field in ITEM.subcons)
    body = []
    for index, (name, boxes) in enumerate(forms):
        top = 10 + index * 66
        body.append(text(10, top + 22, name, anchor="start"))
        body += row(boxes, 150, top)
    return svg(720, 280, "Forms of an extension", body)


_PREFIX_BOX = {
    "experiment": ("'D'", 50, "0x44", "alt"),
    "version": ("version", 80, "10 or 12", "alt"),
}


def payload_figure() -> str:
    """The symbols of a payload in their order."""
    boxes = []
    for field in symbol_rows(PAYLOAD):
        if field.depth == 0 and field.name != "chunks":
            kind = "soft" if field.condition else "alt"
            width = max(66, 24 + 7.6 * len(field.name))
            boxes.append(Box(field.name, width, field.coding.removeprefix("one symbol of "), kind))
    boxes[-1] = Box("state", 90, "Laplace", "box")
    boxes += [Box("chunk 0", 80, "newest"), Box("chunk 1", 80), Box("…", 40)]
    width = sum(box.width for box in boxes) + 20
    return svg(width, 76, "The symbols of a DRED payload", row(boxes, 10, 10))


def time_figure(dred_offset: int = 10, chunks: int = 4) -> str:
    """Where chunks stand before their packet, for one offset."""
    ms = 3.4
    reach = chunks * UNITS_PER_CHUNK * UNIT_MS - dred_offset * UNIT_MS
    zero = 40 + reach * ms

    def x(time: float) -> float:
        return zero + time * ms

    body = [text(x(-reach / 2), 18, "before the packet"), text(x(20), 18, "the packet")]
    newest = dred_offset * UNIT_MS
    for index in range(chunks):
        start = newest - (index + 1) * UNITS_PER_CHUNK * UNIT_MS
        span = UNITS_PER_CHUNK * UNIT_MS * ms
        body += row(
            [Box(f"chunk {index}", span, f"vectors {4 * index} to {4 * index + 3}")], x(start), 30
        )
    body += row([Box("20 ms", 20 * ms, "", "alt")], x(0), 104, 28)
    body.append(f'<line class="axis" x1="{x(0):g}" y1="24" x2="{x(0):g}" y2="146"/>')
    body.append(text(x(0), 160, "0 ms: first sample of the packet", small=True))
    note = f"dred_offset {dred_offset}: {newest:g} ms"
    body.append(text(x(newest) + 8, 51, note, small=True, anchor="start"))
    body.append(text(x(-reach), 96, f"-{reach:g} ms", small=True))
    return svg(x(newest) + 160, 170, "Where chunks stand in time", body)


def vectors_figure(dred_offset: int = 10) -> str:
    """Where the speech of each feature vector of chunk 0 and 1 stands."""
    ms = 8.0
    oldest = UNIT_MS * dred_offset - 10 * 7 - 25
    zero = 30 - oldest * ms
    body = []
    for vector in range(8):
        start = UNIT_MS * dred_offset - 10 * vector - (LOOK_AHEAD_MS + 10)
        kind = "box" if vector < 4 else "soft"
        body += row([Box(f"{vector}", 10 * ms, f"{start:g} ms", kind)], zero + start * ms, 30)
    body.append(
        text(zero + oldest * ms, 18, "feature vectors, 10 ms of speech each", anchor="start")
    )
    body.append(f'<line class="axis" x1="{zero:g}" y1="22" x2="{zero:g}" y2="96"/>')
    body.append(text(zero, 110, "first sample of the packet", small=True))
    return svg(zero + 180, 120, "Where the speech of each feature vector stands", body)


FIGURES: dict[str, Callable[[], str]] = {
    "toc": lambda: bits_figure(
        "TOC and frame-count byte", [("TOC", TOC), ("frame-count byte", FRAME_COUNT)]
    ),
    "packet": packet_figure,
    "extension": extension_figure,
    "payload": payload_figure,
    "time": time_figure,
    "vectors": vectors_figure,
}
"""Name -> what draws it. At most 26 chunks are decoded; the time figure shows four."""

assert DECODER_CHUNKS * UNITS_PER_CHUNK * UNIT_MS == 1040
assert OFFSET_BIAS == UNITS_PER_CHUNK
