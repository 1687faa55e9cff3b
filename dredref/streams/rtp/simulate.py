"""How often encrypted sources are taken for Opus, and real ones missed: counted.

Run with ``python -m dredref.streams.rtp.simulate``. Encrypted sources are the packets of Opus
streams, drawn and committed, with random payloads of the same sizes and an authentication tag, as
SRTP makes them; their sequence numbers and timestamps are readable and right.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.packet import parse_toc
from dredref.streams.capture.census import Census
from dredref.streams.clock import packet_duration_48k
from dredref.streams.columns.sources import SourceRows
from dredref.streams.record import Record
from dredref.streams.rtp import labels
from dredref.streams.rtp.packet import RtpPacket
from dredref.streams.rtp.source import RtpSource, Wanted
from dredref.streams.stream import open_stream
from dredref.streams.track import Numbering

SHORTEST, LONGEST = 2, 500
"""Packets of a source."""

TAGS = (4, 10, 16)
"""Bytes of authentication tags of SRTP."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of simulated sources."""

    sources: int
    taken: int
    """Sources of which any packet was taken for Opus."""
    packets: int
    given: int
    """Packets taken for Opus."""


def judged(packets: Sequence[RtpPacket]) -> int:
    """How many packets of a source are taken for Opus."""
    census = Census()
    accounts = census.source(1, "simulated")
    unnamed, rows = (b"", 0, b"", 0, 1), SourceRows()
    source = RtpSource(unnamed, "", accounts, Wanted(), Counter(), "pcap", Numbering(), rows)
    found = [taken.event for packet in packets for taken in source.push(packet)]
    found += [taken.event for taken in source.end()]
    assert sum(census.packets.values()) == len(packets)
    given = sum(isinstance(event, Record) and event.packet is not None for event in found)
    assert given == census.packets[labels.OPUS] + census.packets[labels.RED]
    return given


def drawn_stream(draw: random.Random, count: int) -> list[bytes]:
    """Opus packets as a call has them: one configuration, that changes now and then, and pauses."""
    configs = [config for config in range(32) if parse_toc(config << 3).frame_48k >= 480]
    packets: list[bytes] = []
    toc = draw.choice(configs) << 3 | draw.choice((0, 0, 0, 4))
    size = draw.randrange(20, 200)
    while len(packets) < count:
        if draw.random() < 0.01:
            toc = draw.choice(configs) << 3 | toc & 4
        padded = draw.random() < 0.5
        body = draw.randbytes(max(1, round(draw.gauss(size, size / 8))))
        more = draw.randrange(254) if padded else 0
        head = bytes([toc | 3, 0x41, more]) if padded else bytes([toc])
        packets.append(head + body + bytes(more))
    return packets


def sent(payloads: Sequence[bytes], times: Sequence[int], draw: random.Random) -> list[RtpPacket]:
    """RTP packets of payloads."""
    first, start = draw.randrange(1 << 16), draw.randrange(1 << 32)
    return [
        RtpPacket(111, (first + place) % (1 << 16), (start + time) % (1 << 32), 1, payload)
        for place, (payload, time) in enumerate(zip(payloads, times, strict=True))
    ]


def clock(payloads: Sequence[bytes]) -> list[int]:
    """Times of packets that follow each other."""
    times, now = [], 0
    for payload in payloads:
        times.append(now)
        now += packet_duration_48k(payload)
    return times


def encrypted(payloads: Sequence[bytes], draw: random.Random) -> list[bytes]:
    """What SRTP makes of payloads, for one who has no key."""
    tag = draw.choice(TAGS)
    return [draw.randbytes(len(payload) + tag) for payload in payloads]


def simulate_encrypted(sources: int, seed: int = 0) -> Counts:
    """Encrypted sources of `SHORTEST` to `LONGEST` packets, short ones as often as long ones."""
    draw = random.Random(seed)
    taken = packets = given = 0
    for _ in range(sources):
        count = round(SHORTEST * (LONGEST / SHORTEST) ** draw.random())
        payloads = drawn_stream(draw, count)
        found = judged(sent(encrypted(payloads, draw), clock(payloads), draw))
        taken += found > 0
        packets += count
        given += found
    return Counts(sources, taken, packets, given)


def simulate_plain(sources: int, seed: int = 1) -> Counts:
    """Opus sources, drawn, of `SHORTEST` to `LONGEST` packets; each should be given whole."""
    draw = random.Random(seed)
    taken = packets = given = 0
    for _ in range(sources):
        count = round(SHORTEST * (LONGEST / SHORTEST) ** draw.random())
        payloads = drawn_stream(draw, count)
        found = judged(sent(payloads, clock(payloads), draw))
        taken += found == count
        packets += count
        given += found
    return Counts(sources, taken, packets, given)


def committed_sources(folder: Path, seed: int = 2) -> Iterator[tuple[str, list[RtpPacket]]]:
    """The packets of the streams in a folder, whole and cut to their first few, as RTP."""
    draw = random.Random(seed)
    for path in sorted([*folder.glob("*.bit"), *folder.glob("*.ogg"), *folder.glob("*.webm")]):
        with open_stream(path) as stream:
            records = [one for one in stream if one.stream == 0 and one.packet is not None]
        times = [one.timestamp_48k or 0 for one in records]
        packets = sent([one.packet or b"" for one in records], times, draw)
        for count in (2, 3, 5, 8, 20, len(packets)):
            yield f"{path.name}, {count} packets", packets[:count]


def main() -> None:
    """Print all counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sources", type=int, default=20_000)
    parser.add_argument("--streams", type=Path, help="folder of real streams")
    options = parser.parse_args()
    hidden = simulate_encrypted(options.sources)
    print(
        f"encrypted: {hidden.taken} of {hidden.sources} sources taken for Opus "
        f"({hidden.given} of {hidden.packets} packets)"
    )
    plain = simulate_plain(options.sources // 10)
    print(
        f"drawn Opus: {plain.sources - plain.taken} of {plain.sources} sources not given whole "
        f"({plain.packets - plain.given} of {plain.packets} packets missed)"
    )
    if options.streams:
        missed = [
            name
            for name, packets in committed_sources(options.streams)
            if judged(packets) < len(packets)
        ]
        print(f"real Opus: {len(missed)} sources not given whole", *missed, sep="\n  ")


if __name__ == "__main__":
    main()
