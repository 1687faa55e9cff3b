"""Redundant copies: written into captures, and read by the rules of RFC 2198."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dpkt
import numpy as np
import pytest
import soundfile

from dredref.encode import DredRequest, EncodeRequest, encode_file
from dredref.red import add_copies, bytes_of, red_payload
from dredref.spec.errors import UsageError
from dredref.streams import Record, open_stream
from dredref.streams.record import RedundantCopy

PACKETS = [bytes([0x48, index]) * (2 + index % 5) for index in range(12)]
RECORDS = [Record(index, data, timestamp_48k=960 * index) for index, data in enumerate(PACKETS)]


def blocks(payload: bytes) -> list[tuple[int, int, bytes]]:
    """Payload type, offset and bytes of every block, the primary one last."""
    heads, place = [], 0
    while payload[place] & 0x80:
        word = int.from_bytes(payload[place : place + 4], "big")
        heads.append((word >> 24 & 0x7F, word >> 10 & 0x3FFF, word & 0x3FF))
        place += 4
    last = payload[place]
    place += 1
    found = []
    for kind, offset, size in heads:
        found.append((kind, offset, payload[place : place + size]))
        place += size
    return [*found, (last, 0, payload[place:])]


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_copies_are_those_before(copies: int) -> None:
    for record in add_copies(RECORDS, copies):
        here = record.index
        before = PACKETS[max(0, here - copies) : here]
        assert [copy.packet for copy in record.redundancy] == before
        payload = red_payload(record, 111)
        if not here:
            assert payload is None
            continue
        assert payload is not None
        assert len(payload) == bytes_of(record)
        offsets = [960 * back for back in range(len(before), 0, -1)]
        assert blocks(payload) == [
            *((111, offset, data) for offset, data in zip(offsets, before, strict=True)),
            (111, 0, PACKETS[here]),
        ]


def test_what_no_header_can_say_is_left_out() -> None:
    old = RedundantCopy(b"\x48a", 960 * 11 - (1 << 14), 111)
    long = RedundantCopy(bytes(1024), 960 * 10, 111)
    kept = RedundantCopy(bytes(1023), 960 * 11 - (1 << 14) + 1, 111)
    made = red_payload(replace(RECORDS[11], redundancy=(old, long, kept)), 111)
    assert made is not None
    assert [size for _, _, size in blocks(made)] == [kept.packet, PACKETS[11]]
    assert red_payload(replace(RECORDS[11], redundancy=(old, long)), 111) is None


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """A second of noise."""
    noise = np.random.default_rng(1).integers(-3000, 3000, 16_000).astype(np.int16)
    soundfile.write(tmp_path / "in.wav", noise, 16_000)
    return tmp_path / "in.wav"


def test_encode_writes_them(wav: Path, tmp_path: Path) -> None:
    """The capture holds every packet in those after it, and is read as the same stream."""
    bare = EncodeRequest(dred=DredRequest(reach_ms=0))
    plain = encode_file(wav, tmp_path / "a.pcap", bare)
    result = encode_file(wav, tmp_path / "b.pcap", replace(bare, red=2))
    assert result.packets == plain.packets
    assert result.total_bytes > 2.8 * plain.total_bytes
    with open_stream(tmp_path / "a.pcap") as stream:
        packets = [record.packet for record in stream]
    with (tmp_path / "b.pcap").open("rb") as file:
        payloads = []
        for _, frame in dpkt.pcap.Reader(file):
            rtp = dpkt.rtp.RTP(dpkt.ethernet.Ethernet(frame).data.data.data)
            payloads.append((rtp.pt, bytes(rtp.data)))
    assert payloads[0] == (111, packets[0])
    for index, (kind, payload) in enumerate(payloads[1:], 1):
        assert kind == 63
        due = packets[max(0, index - 2) : index + 1]
        assert [data for _, _, data in blocks(payload)] == due


def test_only_captures_carry_them(wav: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only captures") as caught:
        encode_file(wav, tmp_path / "a.opus", EncodeRequest(red=1))
    assert caught.value.code == "encode.red"
    assert not (tmp_path / "a.opus").exists()
