"""Group ``hostile``: what must never crash, hang or read out of bounds; any answer will do."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from dredref.spec.tables import VERSIONS
from dredref.vectors.draft import DRED, EXTENSION, RFC, Draft, blob
from dredref.vectors.groups import hostile_operations
from dredref.vectors.groups.extension_parts import NEXT, RTE, RTE_LAST, laced, last, short
from dredref.vectors.groups.packet import filler, toc
from dredref.vectors.groups.payload_carriers import CELT_2_5, ID, carrying, dred_data
from dredref.vectors.model import (
    DecodeInput,
    ExtensionInput,
    Input,
    PacketInput,
    PayloadInput,
    QueryInput,
    Survive,
    VocodeInput,
)

SEED = 6716
SIZES = (1, 2, 3, 7, 8, 9, 100, 998, 4000)
"""Bytes of payloads of one repeated byte."""


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    yield _packets()
    yield _areas()
    yield _payloads()
    yield _carried()
    yield _features()
    yield hostile_operations.operations()


PITCH, SHORTEST_PITCH = 18, 7.5
"""Where the pitch stands in a feature vector, and above which its period rounds to 0 samples."""


class _File(Draft):
    """A file of questions that are only to be survived."""

    def survive(
        self,
        name: str,
        title: str,
        given: Input,
        version: int | None = None,
        *,
        flags: tuple[str, ...] = (),
    ) -> None:
        """Put a question down."""
        self.add(
            name,
            title,
            given,
            requirements=("decoder.robustness",),
            flags=("Damaged", *flags),
            version=version,
            expected=Survive(),
        )


def _draft(name: str, title: str, clause: str) -> _File:
    return _File("hostile", name, title, "vectors.groups.hostile", (clause,), SEED)


def _packets() -> Draft:
    draft = _draft("packets", "Hostile packets", f"{RFC} 3.4")
    cases = {
        "empty": ("No byte at all", b""),
        "frames-48-cut": ("48 coded lengths that break off", toc(3, 16) + b"\xb0" + b"\x01" * 20),
        "frames-48-long": ("48 coded lengths of 1275 bytes", toc(3, 16) + b"\xb0" + b"\xff" * 94),
        "frames-63": ("63 frames of a config of 60 ms", toc(3, 3) + b"\x3f" + filler(630)),
        "padding-endless": ("5000 padding bytes of 255", toc(3) + b"\x41" + b"\xff" * 5000),
        "padding-exact": (
            "Padding that takes all but nothing",
            toc(3) + b"\x41\xff\xfe" + bytes(508),
        ),
        "padding-huge": ("Padding far past the end", toc(3) + b"\x41" + b"\xff" * 60 + b"\x01"),
        "padded-vbr": ("Padding and lengths that claim each other", toc(3) + b"\xff\xff\xfe\xff"),
    }
    for name, (title, data) in cases.items():
        draft.survive(f"packet.{name}", title, PacketInput(blob(data)))
    source = random.Random(SEED)
    for index in range(150):
        size = source.choice((2, 3, 4, 8, 20, 60))
        code = source.choice((0, 1, 2, 3, 3, 3, 3))
        data = bytes([source.randrange(64) << 2 | code]) + _noise(source, size)
        title = f"Noise of {size} bytes behind a TOC of code {code}"
        draft.survive(f"packet.noise-{index:03d}", title, PacketInput(blob(data)))
    return draft


def _areas() -> Draft:
    draft = _draft("areas", "Hostile extension areas", EXTENSION)
    many = b"".join(short(3 + index % 29) for index in range(200))
    cases = {
        "amplified": ("200 short extensions repeated to 48 frames", many + RTE),
        "amplified-twice": ("Repeats of repeats", (many + RTE) * 5),
        "amplified-last": ("The same with L = 0 in every frame", (many[:50] + RTE_LAST) * 48),
        "lacing-endless": ("A length of 4000 bytes of 255", b"\xfd" + b"\xff" * 4000),
        "separators": ("Nothing but separators", NEXT * 300),
        "jumps": ("Nothing but jumps of 255", b"\x03\xff" * 20),
        "jumps-zero": ("500 increments of 0", b"\x03\x00" * 500),
        "repeats": ("Nothing but repeats", RTE * 300),
        "repeats-last": ("Nothing but repeats with L = 0", RTE_LAST * 300),
        "repeat-starved": ("A repeat whose payloads are missing", laced(40, b"a") * 30 + RTE),
        "repeat-longest": (
            "Repeated lengths of 255 without end",
            laced(40, b"a") + RTE + b"\xff" * 900,
        ),
        "unlaced-starved": (
            "An unlaced payload before 100 bytes that are missing",
            laced(40, b"") + short(3, b"a") * 100 + RTE_LAST + b"b" * 47,
        ),
        "padding-ones": ("4000 bytes of one-byte padding", b"\x01" * 4000),
        "all-ff": ("Nothing but 0xFF", b"\xff" * 1000),
    }
    for name, (title, data) in cases.items():
        for frames in (1, 2, 48):
            text = f"{title}, {frames} frames"
            given = ExtensionInput(blob(data), frames)
            draft.survive(f"area.{name}.frames-{frames:02d}", text, given)
    source = random.Random(SEED + 1)
    for index in range(100):
        size = source.choice((1, 2, 5, 20, 100))
        frames = source.randint(1, 48)
        alphabet = (2, 3, 4, 5, 6, 7, 253, 255, source.randrange(256), source.randrange(256))
        data = bytes(source.choice(alphabet) for _ in range(size))
        title = f"Separators, repeats and noise, {size} bytes, {frames} frames"
        given = ExtensionInput(blob(data), frames)
        draft.survive(f"area.noise-{index:03d}", title, given)
    return draft


def _payloads() -> Draft:
    draft = _draft("payloads", "Hostile payloads, read and decoded", DRED)
    source = random.Random(SEED + 2)
    for version in VERSIONS:
        for byte in (0x00, 0x55, 0x80, 0xFF):
            for size in SIZES:
                name = f"v{version}.bytes-{byte:02x}.{size:04d}"
                title = f"{size} bytes 0x{byte:02x}"
                data = bytes([byte]) * size
                draft.survive(f"payload.{name}", title, PayloadInput(blob(data)), version)
                if size in (3, 998):
                    title += " as features"
                    draft.survive(f"decode.{name}", title, DecodeInput(blob(data)), version)
        for index in range(100):
            size = source.choice((1, 4, 10, 30, 100, 300))
            data = _noise(source, size)
            if index % 3 == 0:
                place = source.randrange(size)
                data = data[:place] + b"\xff" * source.choice((20, 200, 2000))
            title = f"Noise of {len(data)} bytes"
            name = f"v{version}.noise-{index:03d}"
            draft.survive(f"payload.{name}", title, PayloadInput(blob(data)), version)
            if index % 10 == 0:
                title += " as features"
                draft.survive(f"decode.{name}", title, DecodeInput(blob(data)), version)
    return draft


def _carried() -> Draft:
    draft = _draft("carried", "Hostile packets asked for DRED", DRED)
    whole = carrying(last(ID, dred_data(12)), 2)
    prefix = b"D\x0c"
    cases = {
        "escapes": ("Escapes without end in a packet", last(ID, prefix + b"\xff" * 3000)),
        "escapes-zeros": ("Escapes, then zeros", last(ID, prefix + b"\xff" * 40 + bytes(900))),
        "many": ("300 DRED extensions of one byte", laced(ID, prefix + b"\x00") * 300),
        "none": ("300 extensions that are not quite DRED", laced(ID, b"D\x0b\x00") * 300),
        "repeated": ("DRED repeated to every frame", laced(ID, prefix + b"\xff") + RTE),
    }
    for name, (title, area) in cases.items():
        packet = carrying(area, 48, CELT_2_5)
        draft.survive(f"carried.{name}", title, PayloadInput(packet=blob(packet)), 12)
    source = random.Random(SEED + 3)
    for index in range(100):
        damaged = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            damaged[source.randrange(len(damaged))] = source.randrange(256)
        data = bytes(damaged[: source.randint(2, len(damaged))])
        title = "A packet with DRED, damaged"
        draft.survive(f"carried.damaged-{index:03d}", title, PayloadInput(packet=blob(data)), 12)
    for samples in (-1, 0, 1, 2**31 - 1):
        name = str(samples) if samples >= 0 else "minus-1"
        title = f"{samples} samples are asked for"
        given = QueryInput(((0, samples, 48000),), blob(whole))
        draft.survive(f"query.samples-{name}", title, given, 12)
    return draft


def _features() -> Draft:
    """Features that no decoder gives, but that a damaged one may."""
    draft = _draft("features", "Hostile features for vocoders", DRED)
    source = random.Random(SEED + 4)
    for name, value in (("zeros", 0.0), ("large", 1e6), ("largest", 3e38), ("tiny", 1e-40)):
        for sign in (1, -1):
            row = [sign * value] * 20
            _speak(
                draft,
                f"{name}.{'plus' if sign > 0 else 'minus'}",
                f"{sign * value:g} in every place",
                *[row] * 6,
            )
    for pitch in (-100.0, -10.0, -3.0, 3.0, 10.0, 100.0):
        row = [0.0] * 18 + [pitch, 0.5]
        _speak(
            draft,
            f"pitch.{'plus' if pitch > 0 else 'minus'}-{abs(pitch):03.0f}",
            f"A pitch of {pitch:g}",
            *[row] * 6,
        )
    for index in range(8):
        rows = [[source.choice((-1, 1)) * 10 ** source.uniform(-3, 5) for _ in range(20)]] * 4
        _speak(draft, f"noise-{index}", "Noise as features", *rows)
    return draft


def _sign(value: float) -> str:
    return "plus" if value > 0 else "minus"


def _speak(draft: _File, name: str, words: str, *rows: list[float]) -> None:
    """Feature vectors; those whose pitch gives no period are flagged."""
    given = VocodeInput(blob(b"".join(struct.pack("<20f", *row) for row in rows)))
    short = any(row[PITCH] > SHORTEST_PITCH for row in rows)
    draft.survive(f"vocode.{name}", words, given, flags=("PitchPeriod",) if short else ())


def _noise(source: random.Random, size: int) -> bytes:
    return bytes(source.randrange(256) for _ in range(size))
