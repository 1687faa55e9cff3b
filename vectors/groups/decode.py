"""Group ``decode``: payloads, packets and records to features, by the reference's decoder."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.records import write_records
from dredref.spec.checks import value_limits
from dredref.spec.dred import (
    DECODER_CHUNKS,
    DredPayload,
    build_payload,
    make_payload,
    parse_payload,
)
from dredref.spec.tables import (
    CURRENT_VERSION,
    LEVELS,
    VERSIONS,
    QuantizerTable,
    level_of_chunk,
    quantizer_tables,
)
from dredref.vectors.answers import find_dred
from dredref.vectors.blob import Blob
from dredref.vectors.draft import DRED, Draft, blob
from dredref.vectors.groups.payload_large import MANY_CHUNKS, MOST
from dredref.vectors.groups.payload_parts import made_seen, pattern_payload, quiet_payload
from dredref.vectors.material import RealPayload, bit_packets, read_material, real_payloads
from dredref.vectors.model import DecodeInput, Features, Input, Level, RecordsInput
from dredref.vectors.speech import feature_bytes

LIMITS = {"total": 0.5, "max": 0.15, "pitch": 0.02}
"""Upstream's tolerance for decoded features; averages, so they do not depend on the length."""
PACKETS = (20, 72, 100, 140)
"""Packets of a stream. One octave jump in a second of speech can move the mean pitch by more than
upstream's tolerance, which is for whole files: such packets, on which libopus' own builds part,
are no fair question."""
RECORD_CHUNKS = 25
"""Chunks of a record; upstream's program has room for 50 units of 20 ms."""
HISTORY = ("asked-02", "asked-07", "asked-25")
"""Vectors of one payload that show what a chunk takes over from the one before."""
CLAUSES = (DRED, "libopus dnn/dred_rdovae_dec.c")


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    for version in VERSIONS:
        yield _payloads(version)
        yield _large(version)
    yield _records(CURRENT_VERSION)


class _File(Draft):
    """A file of questions whose features stand end to end in one binary file."""

    version: int = VERSIONS[-1]
    level: Level = "MUST"
    flag: str = ""
    """Of vectors that show no history."""

    def begin(self) -> None:
        """Start with nothing asked."""
        self.asked: list[tuple[str, str, Input, list[DredPayload]]] = []

    def ask(self, name: str, title: str, given: Input, payloads: list[DredPayload]) -> None:
        """Put down a question whose answer is the features of these payloads."""
        self.asked.append((name, title, given, payloads))

    def answer(self, *, newest_first: bool) -> None:
        """Decode all payloads in one batch and write the vectors down."""
        rows = decode_payloads([one for *_, payloads in self.asked for one in payloads])
        features = iter(rows)
        answers = []
        for *_, payloads in self.asked:
            parts = [next(features) for _ in payloads]
            ordered = parts if newest_first else [part[::-1] for part in parts]
            answers.append(feature_bytes(np.concatenate(ordered)))
        whole = self.binary(f"{self.name}.f32", b"".join(answers))
        place = 0
        for (name, title, given, _), content in zip(self.asked, answers, strict=True):
            part = _cut(whole, place, content)
            place += len(content)
            self.add(
                f"v{self.version}.{name}",
                title,
                given,
                requirements=("decoder.features",),
                level=self.level,
                flags=("ConvolutionHistory",) if name in HISTORY else tuple(self.flag.split()),
                version=self.version,
                expected=Features(part, LIMITS),
            )


def _cut(whole: Blob, place: int, content: bytes) -> Blob:
    """A part of a file."""
    return Blob(path=whole.path, sha256=whole.sha256, offset=place, length=len(content))


def _file(version: int, name: str, title: str) -> _File:
    file = _File(
        *("decode", f"{name}-v{version}", f"{title}, version {version}"),
        *("vectors.groups.decode", CLAUSES),
    )
    file.version = version
    file.begin()
    return file


def _payloads(version: int) -> Draft:
    draft = _file(version, "payloads", "Features of payloads and packets")

    def ask(name: str, title: str, string: bytes, chunks: int = DECODER_CHUNKS) -> None:
        payload = parse_payload(string, version, limit=chunks)
        draft.ask(name, title, DecodeInput(blob(string), None, chunks), [payload])

    for real in real_payloads(version):
        ask(_name(real), _title(real), real.payload)
    whole = real_payloads(version)[6].payload
    for asked in (1, 2, 7, 25):
        ask(f"asked-{asked:02d}", f"{asked} of 26 chunks", whole, asked)
    for q0 in range(16):
        title = f"Values drawn by a pattern, from level {q0} up"
        ask(f"pattern.q0-{q0:02d}", title, build_payload(pattern_payload(version, q0, 5, 6)))
    for q0 in (0, 7, 15):
        string = build_payload(quiet_payload(version, q0, 5))
        ask(f"zeros.q0-{q0:02d}", f"Zeros at level {q0}", string)
        for kind in ("positive", "negative", "alternating"):
            title = f"Level {q0}, every value the largest that an encoder has, {kind}"
            ask(f"largest.q0-{q0:02d}.{kind}", title, build_payload(_largest(version, q0, kind)))
    for stream in (f"silence-v{version}", f"fine-v{version}"):
        packets = bit_packets(read_material(f"{stream}.bit"))
        for index in PACKETS:
            found = find_dred(packets[index], version)
            if found is None:
                continue
            payload = parse_payload(found[1].payload, version, limit=DECODER_CHUNKS)
            title = f"Packet {index} of the stream {stream}"
            name = f"packet.{stream.partition('-')[0]}-{index:03d}"
            draft.ask(name, title, DecodeInput(packet=blob(packets[index])), [payload])
    draft.answer(newest_first=True)
    return draft


def _large(version: int) -> Draft:
    """More chunks than libopus takes, all of them asked for."""
    draft = _file(version, "large", "Features of payloads of more than 26 chunks")
    draft.level, draft.flag = "SHOULD", "ChunkLimit"
    for count in MANY_CHUNKS:
        string = build_payload(pattern_payload(version, 9, 3, count, turn=1))
        payload = parse_payload(string, version, limit=count)
        title = f"{count} chunks, {0.04 * count:.2f} s, all of them asked for"
        draft.ask(f"chunks-{count}", title, DecodeInput(blob(string), None, MOST), [payload])
    draft.answer(newest_first=True)
    return draft


def _name(real: RealPayload) -> str:
    """A payload's settings, as its id."""
    name = f"speech.q0-{real.q0:02d}.dq-{real.dQ}.qmax-{real.qmax:02d}"
    return name if real.chunks == DECODER_CHUNKS else f"{name}.chunks-{real.chunks:02d}"


def _title(real: RealPayload) -> str:
    length = f"Up to {0.04 * real.chunks:.2f} s"
    return f"{length} of {real.clip} before {real.seconds:.2f} s, levels from {real.q0}"


def _largest(version: int, q0: int, kind: str) -> DredPayload:
    """Every value as large as an encoder's network can make it, in three chunks."""
    tables = quantizer_tables(version)
    state_limits, latent_limits = value_limits(version)

    def row(limits: list[int], table: QuantizerTable, level: int, turn: int) -> list[int]:
        sign = {"positive": (1, 1), "negative": (-1, -1), "alternating": (1, -1)}[kind]
        values = zip(limits, table.coded[level].tolist(), strict=True)
        return [
            sign[(place + turn) % 2] * limit if coded else 0
            for place, (limit, coded) in enumerate(values)
        ]

    levels = [level_of_chunk(q0, 4, 15, index) if q0 < 14 else 15 for index in range(3)]
    return made_seen(
        make_payload(
            version,
            q0,
            4 if q0 < 14 else 0,
            8,
            row(state_limits[q0], tables.state, q0, 0),
            [
                row(latent_limits[level], tables.latent, level, turn)
                for turn, level in enumerate(levels)
            ],
        )
    )


def _records(version: int) -> Draft:
    draft = _file(version, "records", "Features of upstream's records")
    constant = {real.q0: real for real in real_payloads(version) if real.dQ == 0}
    near = [range(first, first + 4) for first in range(0, LEVELS, 4)]
    apart = [range(first, LEVELS, 4) for first in range(4)]
    for number, chosen in enumerate(near + apart):
        group = [constant[q0] for q0 in chosen]
        payloads = [parse_payload(one.payload, version, limit=RECORD_CHUNKS) for one in group]
        records = write_records(payloads)
        levels = ", ".join(str(q0) for q0 in chosen)
        draft.ask(
            f"records.{number + 1}",
            f"Four records of a second of speech, levels {levels}",
            RecordsInput(blob(records)),
            payloads,
        )
    draft.answer(newest_first=False)
    return draft
