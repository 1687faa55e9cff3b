"""Reading many packets gives what the reference reads from each."""

from __future__ import annotations

import numpy as np

from dredref.payload.insert import insert_dred
from dredref.payload.reader import carried_by, read_carried
from dredref.payload.writer import Levels, Request, write_payloads
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import read_packet

PLAIN = build_packet(Packet(Toc(9, False, 0), (Frame(b"speech"),)))


def packets(version: int, spread: float) -> list[bytes]:
    rng = np.random.default_rng(version)
    dims = {10: (21, 19), 12: (25, 50)}[version]
    latents, states = (
        rng.normal(0, spread, (80, n)).astype(np.float32).view(np.int32) for n in dims
    )
    wanted = [Request(step, 10 - step, 1 + step // 2, 2000) for step in range(79)]
    written = write_payloads(latents, states, wanted, Levels(4, 3, 13), version)
    return [insert_dred(PLAIN, payload, version) for payload in written if payload is not None]


def test_values_are_the_reference_s() -> None:
    mixed = [p for pair in zip(packets(12, 6), packets(10, 6), strict=False) for p in pair]
    mixed += packets(12, 900)  # wild values, read by the reference
    carried = [carried_by(data) for data in mixed]
    assert None not in carried
    found = read_carried([one for one in carried if one is not None])
    assert len({len(payload.chunks) for payload in found}) > 20
    for data, payload in zip(mixed, found, strict=True):
        reading = read_packet(data)
        assert payload == reading.dred
        assert payload.size == len(reading.payload)


def test_packets_without_dred() -> None:
    assert carried_by(PLAIN) is None
    assert carried_by(b"") is None
    assert carried_by(insert_dred(PLAIN, b"x" * 20, final_id=40)) is None
    assert carried_by(insert_dred(PLAIN, b"x" * 20, final_id=40), final_id=40) is not None
    assert read_carried([]) == []
