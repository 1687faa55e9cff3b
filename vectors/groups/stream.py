"""Group ``stream``: whole streams, what their DRED reaches, and speech with losses made good."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dredref.spec.dred import add_prefix, build_payload, offset_fields
from dredref.spec.tables import CURRENT_VERSION, VERSIONS
from dredref.vectors.answers import chunks_wanted, query_packet
from dredref.vectors.draft import DRED, Draft, blob
from dredref.vectors.groups.extension_parts import NEXT, jump, last
from dredref.vectors.groups.payload_carriers import ID, carrying, dred_data
from dredref.vectors.groups.payload_large import SIZES, large_packet
from dredref.vectors.groups.payload_parts import pattern_payload
from dredref.vectors.groups.stream_sdp import sdp
from dredref.vectors.groups.vocoder import call_names, call_original
from dredref.vectors.material import bit_packets, bit_stream, manifest, read_material, read_speech
from dredref.vectors.model import (
    Audio,
    ConcealInput,
    Exact,
    Level,
    QueryInput,
    Reject,
    UnprocessedInput,
)
from dredref.vectors.speech import pcm_bytes

CLAUSES = (DRED, "libopus opus_dred_parse")
RATES = (8000, 12000, 16000, 24000, 48000)
EVERYTHING_MS = 2000
"""More than any payload holds: all that is there is asked for."""
ENOUGH_MS = 100
"""Reach of a packet whose DRED covers the frame before it without doubt."""
CONCEAL_LIMITS = {"err4": 0.5, "err16": 1.5, "pitch": 0.1}
"""Against libopus' portable build. Its own builds part by 0.2, 1.0 and 0.02 at most on these
streams; without DRED they part by 0.96, 2.7 and 0.22 at least."""
CODEC_LIMITS = {"err4": 1.0, "err16": 3.0, "pitch": 0.25}
"""Upstream's tolerance for a whole codec against the recording; 12 s of read speech keep it."""
OLD_MARGIN = 2
"""Feature vectors that libopus up to 1.6.1 adds to what it is asked for."""


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    for version in VERSIONS:
        yield _queries(version)
        yield _durations(version)
    yield _mixed()
    yield _large()
    yield _conceal()
    yield _unprocessed()
    yield sdp()


def _draft(name: str, title: str) -> Draft:
    return Draft("stream", name, title, "vectors.groups.stream", CLAUSES)


def _streams(version: int) -> list[str]:
    """Names of the streams of one version, without suffix."""
    return [
        name.removesuffix(".bit")
        for name, entry in manifest().items()
        if name.endswith(".bit") and entry["version"] == version
    ]


def _queries(version: int) -> Draft:
    """All that every packet holds, at every rate."""
    draft = _draft(f"queries-v{version}", f"What packets hold, version {version}")
    for name in _streams(version):
        content = read_material(f"{name}.bit")
        packets = bit_packets(content)
        queries = tuple(
            (index, EVERYTHING_MS * rate // 1000, rate)
            for number, index in enumerate(range(0, len(packets), 3))
            for rate in (RATES[number % len(RATES)],)
        )
        results = [
            query_packet(packets[index], samples, rate, version) for index, samples, rate in queries
        ]
        draft.add(
            f"query.v{version}.{name.partition('-v')[0]}",
            f"Every third packet of a stream: {manifest()[f'{name}.bit']['shows']}",
            QueryInput(queries, stream=draft.binary(f"{name}.bit", content)),
            requirements=("dred.version-change", "decoder.reach"),
            version=version,
            expected=Exact({"results": results}),
        )
    return draft


def _old_chunks(max_samples: int, rate: int) -> int:
    """Chunks that libopus up to 1.6.1 decodes at most."""
    vectors = min(OLD_MARGIN + 100 * max_samples // rate, 104)
    return -(-((vectors + 1) // 2) // 2)


def _durations(version: int) -> Draft:
    """Chunks by what is asked for: the reach counts, offset included, rounded up to chunks."""
    draft = _draft(f"durations-v{version}", f"As far back as asked for, version {version}")
    chunks = 6
    for total in (16, 12, 8, 1, 0, -1, -8, -16, -40, -64, -100, -400, -8175):
        offset, extra = offset_fields(total)
        payload = pattern_payload(version, 9, 3, chunks, offset=offset, extra_offset=extra)
        packet = carrying(last(ID, add_prefix(version, build_payload(payload))))
        place = f"plus-{total:04d}" if total >= 0 else f"minus-{-total:04d}"
        for ms in (0, 10, 20, 40, 60, 80, 100, 200, 400):
            queries = tuple((0, ms * rate // 1000, rate) for rate in RATES)
            results = [query_packet(packet, samples, rate, version) for _, samples, rate in queries]
            now, then = (
                min(chunks, count)
                for count in (
                    chunks_wanted(ms * 48, 48000, total),
                    _old_chunks(ms * 48, 48000),
                )
            )
            level: Level = "MUST" if now == then else "SHOULD"
            draft.add(
                f"duration.v{version}.offset-{place}.ms-{ms:03d}",
                f"{ms} ms asked for at dred_offset {total}: {now} of {chunks} chunks",
                QueryInput(queries, blob(packet)),
                level=level,
                requirements=("decoder.reach",),
                flags=() if now == then else ("ChunksByDuration",),
                version=version,
                expected=Exact({"results": results}),
            )
    _frames(draft, version)
    return draft


def _frames(draft: Draft, version: int) -> None:
    """DRED on later frames: its position counts."""
    data = dred_data(version)
    for frame in range(6):
        lead = jump(frame) if frame > 1 else NEXT * frame
        packet = carrying(lead + last(ID, data), 6)
        queries = tuple((0, 2 * rate, rate) for rate in RATES)
        results = [query_packet(packet, samples, rate, version) for _, samples, rate in queries]
        draft.add(
            f"frame.v{version}.{frame}",
            f"DRED on frame {frame} of six",
            QueryInput(queries, blob(packet)),
            requirements=("decoder.reach",),
            flags=("FramePosition",),
            version=version,
            expected=Exact({"results": results}),
        )


def _reach_ms(packet: bytes, version: int) -> int:
    """How far back a packet's DRED goes."""
    rate = RATES[-1]
    return (
        query_packet(packet, EVERYTHING_MS * rate // 1000, rate, version)["samples"] * 1000 // rate
    )


def _mixed() -> Draft:
    """Streams with DRED of another version, damaged or none in between."""
    draft = _draft("mixed", "Streams in which not every packet has DRED of the version asked for")
    ours, other = CURRENT_VERSION, VERSIONS[0]
    packets = [
        carrying(last(ID, dred_data(ours))),
        carrying(last(ID, dred_data(other))),
        carrying(None),
        carrying(last(ID, b"D\x0b" + dred_data(ours)[2:])),
        carrying(last(ID, dred_data(ours, 4))),
    ]
    content = bit_stream(packets)
    for version in VERSIONS:
        queries = tuple((index, 96000, 48000) for index in range(len(packets)))
        results = [
            query_packet(packets[index], samples, rate, version) for index, samples, rate in queries
        ]
        draft.add(
            f"mixed.v{version}",
            f"DRED of versions 12, 10, none, 11 and 12, asked for version {version}",
            QueryInput(queries, stream=draft.binary("mixed.bit", content)),
            requirements=("dred.version-change", "decoder.reach"),
            flags=("WrongVersion",),
            version=version,
            expected=Exact({"results": results}),
        )
    return draft


def _large() -> Draft:
    """Bodies of more than libopus writes."""
    draft = _draft("large", "What packets with large bodies hold")
    for version in VERSIONS:
        for size in SIZES:
            packet = large_packet(version, size)
            queries = tuple((0, EVERYTHING_MS * rate // 1000, rate) for rate in RATES)
            results = [query_packet(packet, samples, rate, version) for _, samples, rate in queries]
            draft.add(
                f"large.v{version}.body-{size:04d}",
                f"A packet whose DRED has {size} bytes without its prefix",
                QueryInput(queries, packet=blob(packet)),
                requirements=("decoder.reach",),
                flags=("LargeBody",),
                version=version,
                expected=Exact({"results": results}),
            )
    return draft


def _conceal() -> Draft:
    """Speech with losses made good."""
    draft = _draft("conceal", "Streams with losses, made good from DRED")
    for name, entry in manifest().items():
        if not entry.get("mask"):
            continue
        stem = name.removesuffix(".bit")
        version = entry["version"]
        original = call_original(draft, stem) if stem in call_names() else None
        lost = entry["mask"].count("1") / len(entry["mask"])
        speech = np.asarray(read_speech(f"{stem}.flac"))
        draft.add(
            f"conceal.v{version}.{stem.partition('-v')[0]}",
            f"{entry['shows']}: {lost:.0%} of {len(speech) / 16000:.1f} s",
            ConcealInput(draft.binary(f"{stem}.bit", read_material(name)), entry["mask"]),
            clauses=(DRED, "libopus tests/dred_vectors.sh"),
            level="SHOULD",
            requirements=("decoder.concealment",),
            version=version,
            expected=Audio(
                draft.binary(f"{stem}.s16", pcm_bytes(speech)),
                CONCEAL_LIMITS,
                original,
                CODEC_LIMITS if original else None,
            ),
        )
    return draft


def _unprocessed() -> Draft:
    """Redundancy that was read and not processed is no speech yet."""
    draft = _draft("unprocessed", "DRED read with processing deferred, and never processed")
    for version in reversed(VERSIONS):
        name = _streams(version)[0]
        packets = bit_packets(read_material(f"{name}.bit"))
        packet = next(one for one in packets if _reach_ms(one, version) >= ENOUGH_MS)
        for rate in (16000, 48000):
            draft.add(
                f"unprocessed.v{version}.rate-{rate}",
                f"20 ms at {rate} Hz from DRED that was not processed",
                UnprocessedInput(blob(packet), rate // 50, rate),
                level="SHOULD",
                requirements=("decoder.unprocessed",),
                flags=("UnprocessedDred",),
                version=version,
                expected=Reject("decoder.unprocessed"),
            )
    return draft
