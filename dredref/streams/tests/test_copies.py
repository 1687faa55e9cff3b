"""Redundant copies beside their originals, in captures made for it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from dredref.red import add_copies, red_payload
from dredref.streams import Record
from dredref.streams.record import RedundantCopy
from dredref.streams.rtp.copies import CopyChecker
from dredref.streams.tests import make
from dredref.tests.commands import run

COUNT = 40
PACKETS = make.packets(COUNT)
RECORDS = [Record(place, data, timestamp_48k=960 * place) for place, data in enumerate(PACKETS)]


def capture(
    path: Path, *, lost: tuple[int, ...] = (), changed: tuple[int, ...] = (), copies: int = 2
) -> Path:
    """A call in RED; of ``lost`` packets only the copies arrive, those in ``changed`` packets
    differ from what was sent in their last bit.
    """
    frames = []
    for record in add_copies(RECORDS, copies):
        if record.index in changed:
            record = replace(record, redundancy=tuple(map(_flipped, record.redundancy)))
        payload = red_payload(record, 111) or bytes([111]) + PACKETS[record.index]
        stamp = 7000 + 960 * record.index
        datagram = make.rtp(payload, 100 + record.index, stamp, payload_type=63)
        if record.index not in lost:
            frames.append(make.ethernet(make.udp(datagram)))
    path.write_bytes(make.pcap(frames))
    return path


def _flipped(copy: RedundantCopy) -> RedundantCopy:
    return replace(copy, packet=copy.packet[:-1] + bytes([copy.packet[-1] ^ 1]))


def summary(path: Path) -> dict[str, int]:
    """What copies are, as ``inspect --summary --json`` says."""
    found = json.loads(run("inspect", "--summary", "--json", path).stdout)
    (source,) = found["capture"]["sources"]
    counts: dict[str, int] = source["red_copies"]
    return counts


def test_equal_copies_are_counted(tmp_path: Path) -> None:
    path = capture(tmp_path / "call.pcap")
    assert summary(path) == {"equal": 2 * COUNT - 3}
    for command in (("inspect", "--summary"), ("validate",)):
        result = run(*command, path)
        assert f"stream 0, {2 * COUNT - 3} redundant copies (RED): " in result.stdout
        assert "different" not in result.stdout + result.stderr


def test_different_copies_are_told(tmp_path: Path) -> None:
    path = capture(tmp_path / "call.pcap", changed=(20, 30))
    assert summary(path) == {"equal": 2 * COUNT - 3 - 4, "different": 4}
    result = run("inspect", "--summary", path)
    assert ", 4 different from them" in result.stdout
    told = "notice: packet 120 holds a copy, 40 ms back, of other bytes than were sent"
    assert told in result.stderr
    assert "[rtp.red.different] (4 times)" in " ".join(result.stderr.split())
    found = json.loads(run("validate", "--json", path).stdout)
    assert found["notices"] == {"rtp.red.different": 4}
    assert found["red_copies"] == {"0": {"equal": 2 * COUNT - 3 - 4, "different": 4}}
    assert ", 4 different from them" in run("validate", path).stdout


def test_copies_of_lost_packets_have_nothing_to_equal(tmp_path: Path) -> None:
    path = capture(tmp_path / "call.pcap", lost=(15, 16))
    # Packets 15 and 16 carried four copies; of the copies of these two, three came later.
    assert summary(path) == {"equal": 2 * COUNT - 3 - 4 - 3, "original missing": 3}
    assert "3 of packets that are not there" in run("inspect", "--summary", path).stdout


def test_captures_without_copies_say_nothing(tmp_path: Path) -> None:
    path = capture(tmp_path / "call.pcap", copies=0)
    assert summary(path) == {}
    assert "redundant" not in run("inspect", "--summary", path).stdout


def test_only_what_a_header_reaches_is_kept() -> None:
    """Memory stays bounded: a copy from further back counts as one of a packet not there."""
    counts: Counter[str] = Counter()
    checker = CopyChecker(counts)
    for place in range(10_000):
        checker.check(b"%d" % place, 960 * place, ())
    assert len(checker._originals) == len(checker._kept) == (1 << 14) // 960 + 1
    last = 960 * 10_000
    near, far = (RedundantCopy(b"%d" % k, 960 * k, 111) for k in (9_990, 9_900))
    assert checker.check(b"x", last, (near, far)) == []
    assert counts == {"equal": 1, "original missing": 1}
