"""Reading many records at once gives what the reference reads from each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dredref.inspection import read_record
from dredref.payload.insert import insert_dred
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.tests.inputs import STREAMS
from dredref.scan.values import read_values
from dredref.spec.dred import DECODER_CHUNKS, DredPayload
from dredref.spec.packet import parse_packet
from dredref.spec.tables import VERSIONS
from dredref.streams import Record, open_stream
from dredref.tests.commands import run

NAMES = (
    "v10-dtx.bit",
    "v10-frame-60ms.bit",
    "v12-music.bit",
    "v12-multistream.ogg",
    "v12-rtp.pcap",
)
PLAIN = bytes([0x48, 1, 2, 3])
WILD = 1050
"""Magnitudes past it are the reference's to read."""


def strings() -> list[bytes]:
    """Payloads of all lengths: one value throughout, or any."""
    rng = np.random.default_rng(1)
    alike = [bytes([value]) * size for value in (0, 1, 127, 255) for size in (1, 30, 200, 900)]
    return alike + [rng.bytes(size) for size in (1, 2, 3, 8, 20, 60, 200, 900)]


def by_reference(
    records: list[Record], final_id: int | None = None
) -> list[tuple[Record, DredPayload]]:
    readings = ((record, read_record(record, final_id=final_id).dred) for record in records)
    return [(record, dred) for record, dred in readings if dred is not None]


def records_of(name: str) -> list[Record]:
    with open_stream(STREAMS / name) as stream:
        return list(stream)


@pytest.mark.parametrize("name", NAMES)
def test_committed_streams(name: str) -> None:
    records = records_of(name)
    expected = by_reference(records)
    assert expected
    assert list(read_values(records)) == expected
    assert list(read_values(records, batch=7)) == expected


def test_records_of_every_kind() -> None:
    """Packets, areas, payloads, lost and broken ones in one input, few of an encoder's making."""
    records: list[Record] = []
    for version in VERSIONS:
        for payload in strings():
            packet = insert_dred(PLAIN, payload, version)
            area = parse_packet(packet).padding
            for data, kind in ((packet, "packet"), (area, "extension_area"), (None, "packet")):
                records.append(Record(len(records), data, kind, nb_frames=1))  # type: ignore[arg-type]
            for data in (payload, payload[:5], b""):
                records.append(Record(len(records), data, "dred_payload", version=version))
            records.append(Record(len(records), packet[:2]))
    expected = by_reference(records)
    assert len({record.kind for record, _ in expected}) == 3
    assert max(len(dred.chunks) for _, dred in expected) > DECODER_CHUNKS
    assert max(abs(value) for _, dred in expected for value in dred.state) > WILD
    assert list(read_values(records)) == expected


def test_final_form() -> None:
    records = [Record(0, insert_dred(PLAIN, strings()[-1], final_id=40)), Record(1, PLAIN)]
    expected = by_reference(records, 40)
    assert [record.index for record, _ in expected] == [0]
    assert list(read_values(records, final_id=40)) == expected
    assert not list(read_values(records))


def test_no_more_than_a_batch_is_read_ahead() -> None:
    """A stream without end is read as it comes."""
    packet = insert_dred(PLAIN, strings()[-1], 12)
    taken = 0

    def endless() -> Iterator[Record]:
        nonlocal taken
        while True:
            taken += 1
            yield Record(taken, packet)

    given = read_values(endless(), batch=10)
    for number in range(1, 35):
        record, _ = next(given)
        assert record.index == number <= taken < number + 10


@pytest.mark.parametrize("name", NAMES)
def test_decoded_arrays(name: str, tmp_path: Path) -> None:
    """``dredref decode`` gives the arrays that the reference's reading gives, to the bit."""
    out = tmp_path / "out.npz"
    assert run("decode", STREAMS / name, out).exit_code == 0
    records, payloads = zip(*by_reference(records_of(name)), strict=True)
    rows = decode_payloads(payloads)
    lengths = [len(part) for part in rows]
    with np.load(out) as found:
        assert found["index"].tolist() == [record.index for record in records]
        for column in ("version", "dred_offset"):
            assert found[column].tolist() == [getattr(payload, column) for payload in payloads]
        assert found["chunks"].tolist() == [len(payload.chunks) for payload in payloads]
        assert found["start"].tolist() == [sum(lengths[:row]) for row in range(len(rows))]
        assert found["features"].tobytes() == np.concatenate(rows).tobytes()
