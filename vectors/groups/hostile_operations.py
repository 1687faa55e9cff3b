"""Hostile questions to whole pipelines: records, encoders, queries and streams with losses."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import replace

from dredref.spec.tables import CURRENT_VERSION
from dredref.vectors.blob import Blob
from dredref.vectors.draft import DRED, Draft, blob
from dredref.vectors.groups.extension_parts import last
from dredref.vectors.groups.payload_carriers import ID, carrying, dred_data
from dredref.vectors.material import bit_packets, bit_stream, read_material
from dredref.vectors.model import (
    ConcealInput,
    EncodeInput,
    Input,
    PcmInput,
    QueryInput,
    RecordsInput,
    Survive,
)

Keep = Callable[[str, bytes], Blob]
"""Puts bytes into a file of the group."""
SEED = 6720
STREAM = "call-1-v12.bit"
PACKETS = slice(20, 40)


def operations() -> Draft:
    """The file of these questions."""
    draft = Draft(
        "hostile",
        "operations",
        "Hostile records, streams, queries and speech",
        "vectors.groups.hostile_operations",
        (DRED,),
        SEED,
    )
    source = random.Random(SEED)

    def keep(name: str, data: bytes) -> Blob:
        return draft.binary(name, data)

    cases: list[tuple[str, str, Input]] = [
        *_records(source),
        *_streams(source),
        *_queries(source),
        *_speech(source, keep),
    ]
    for name, title, given in cases:
        draft.add(
            name,
            title,
            given,
            requirements=("decoder.robustness",),
            flags=("Damaged",),
            version=CURRENT_VERSION,
            expected=Survive(),
        )
    return draft


def _records(source: random.Random) -> list[tuple[str, str, Input]]:
    """Heads that claim too much, and strings that break off."""
    heads = {
        "cut": ("A head that breaks off", b"\0\0\0\x07\0\0"),
        "level": ("Level 16", _record(16, 2, bytes(20))),
        "level-huge": ("Level 2^32 - 1", _record(2**32 - 1, 2, bytes(20))),
        "units-odd": ("Three units", _record(7, 3, bytes(20))),
        "units-huge": ("2^32 - 2 units", _record(7, 2**32 - 2, bytes(20))),
        "units-none": ("No unit", _record(7, 0, bytes(20))),
        "bytes-huge": ("2^31 bytes that are not there", struct.pack(">3I", 7, 2, 2**31)),
        "bytes-none": ("A string of no byte", _record(7, 2, b"")),
        "escapes": ("Escapes without end", _record(7, 50, b"\xff" * 2000)),
        "many": ("500 records of one byte", _record(7, 2, b"\x55") * 500),
    }
    found: list[tuple[str, str, Input]] = [
        (f"records.{name}", title, RecordsInput(blob(data)))
        for name, (title, data) in heads.items()
    ]
    for index in range(8):
        size = source.choice((5, 40, 300))
        data = _record(source.randrange(16), 2 * source.randrange(1, 26), _noise(source, size))
        title = f"A record of {size} bytes of noise"
        found.append((f"records.noise-{index}", title, RecordsInput(blob(data))))
    return found


def _record(level: int, units: int, string: bytes) -> bytes:
    return struct.pack(">3I", level, units, len(string)) + string


def _streams(source: random.Random) -> list[tuple[str, str, Input]]:
    """Streams that are damaged, or lost whole."""
    packets = bit_packets(read_material(STREAM))[PACKETS]
    count = len(packets)
    some = "".join(source.choice("01") for _ in range(count))
    damaged = [_damaged(source, packet) for packet in packets]
    noise = [_noise(source, source.choice((1, 2, 30, 300))) for _ in packets]
    empty = [b"" if index % 3 == 1 else packet for index, packet in enumerate(packets)]
    escapes = carrying(last(ID, b"D\x0c" + b"\xff" * 2000))
    cases = {
        "all-lost": ("Every packet lost", packets, "1" * count),
        "mask-short": ("A mask shorter than the stream", packets, "01"),
        "mask-long": ("A mask longer than the stream", packets, some + "1" * 40),
        "damaged": ("Damaged packets around losses", damaged, some),
        "noise": ("Noise for packets", noise, some),
        "empty": ("Packets of no byte", empty, some),
        "none": ("A stream of no packet", [], "1"),
        "escapes": ("Escapes without end behind losses", [escapes] * count, some),
    }
    found: list[tuple[str, str, Input]] = []
    for name, (title, stream, mask) in cases.items():
        content = blob(bit_stream(stream))
        found.append((f"conceal.{name}", title, ConcealInput(content, mask)))
        if not name.startswith(("all", "mask")):
            found.append((f"pcm.{name}", f"{title}, none lost", PcmInput(content)))
    cut = blob(bit_stream(packets)[:-5])
    found.append(("conceal.cut", "A stream that breaks off", ConcealInput(cut, some)))
    return found


def _queries(source: random.Random) -> list[tuple[str, str, Input]]:
    """Packets that are damaged, asked for at every rate."""
    whole = carrying(last(ID, dred_data(CURRENT_VERSION)), 2)
    found: list[tuple[str, str, Input]] = []
    for index in range(20):
        data = _damaged(source, whole)[: source.randint(2, len(whole))]
        queries = tuple((0, source.randrange(1 << 17), rate) for rate in (8000, 16000, 48000))
        given = QueryInput(queries, blob(data))
        found.append((f"query.damaged-{index:02d}", "A packet with DRED, damaged", given))
    return found


def _speech(source: random.Random, keep: Keep) -> list[tuple[str, str, Input]]:
    """Recordings that no microphone gives, and settings at their ends."""
    second = 16000
    loud = struct.pack(f"<{second}h", *(source.choice((-32768, 32767)) for _ in range(second)))
    steady = struct.pack("<h", 32767) * second
    click = bytes(second) + b"\xff\x7f" + bytes(second - 2)
    extreme = keep("extremes.s16", loud)
    speech = keep("noise.s16", _noise(source, 2 * second))
    half = replace(speech, offset=0, length=2 * second - 2)
    cases = {
        "nothing": ("No sample", EncodeInput(blob(b""))),
        "one": ("One sample", EncodeInput(blob(b"\x01\x00"))),
        "half-frame": ("Half a frame", EncodeInput(blob(bytes(320)))),
        "zeros": ("A second of zeros", EncodeInput(keep("zeros.s16", bytes(2 * second)))),
        "steady": ("A second at full scale", EncodeInput(keep("steady.s16", steady))),
        "click": ("A click", EncodeInput(keep("click.s16", click))),
        "extremes": (
            "A second of the lowest and the highest sample",
            EncodeInput(extreme),
        ),
        "noise": ("A second of noise", EncodeInput(speech)),
        "bitrate-low": ("500 bit/s", EncodeInput(speech, bitrate=500)),
        "bitrate-none": ("0 bit/s", EncodeInput(speech, bitrate=0)),
        "bitrate-high": ("10 Mbit/s", EncodeInput(speech, bitrate=10_000_000)),
        "dred-none": ("No DRED", EncodeInput(speech, dred_ms=0)),
        "dred-long": ("100 s of DRED", EncodeInput(speech, dred_ms=100_000)),
        "loss-all": ("100 % loss", EncodeInput(speech, loss_percent=100)),
        "stereo-odd": (
            "Half a stereo sample",
            EncodeInput(half, channels=2),
        ),
        "frames-2.5": ("Packets of 2.5 ms", EncodeInput(speech, frame_ms=2.5)),
    }
    return [
        (f"encode.{name.replace('.', '-')}", title, given) for name, (title, given) in cases.items()
    ]


def _damaged(source: random.Random, packet: bytes) -> bytes:
    """A packet with a few bytes changed."""
    data = bytearray(packet)
    for _ in range(source.randint(1, 4)):
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data)


def _noise(source: random.Random, size: int) -> bytes:
    return bytes(source.randrange(256) for _ in range(size))
