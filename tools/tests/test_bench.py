"""The benchmark measures what it says, on a stream short enough for a test."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.table import Table

from dredref.conformance.adapters.libopus.peer import Peer, Timing
from dredref.spec.errors import InputError
from dredref.streams import open_stream
from tools.bench import validate

ALLOCATE = "x = bytearray({} << 20); x[::4096] = b'1' * len(x[::4096])"


def test_peak_memory_is_the_childs_own() -> None:
    ballast = bytearray(300 << 20)
    ballast[::4096] = b"1" * len(ballast[::4096])
    small = validate.measure([sys.executable, "-c", "pass"])
    large = validate.measure([sys.executable, "-c", ALLOCATE.format(100)])
    assert small.peak_mib < 60
    assert 90 < large.peak_mib - small.peak_mib < 110
    assert small.seconds > 0


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(InputError, match=r"\[bench.failed\]"):
        validate.measure([sys.executable, "-c", "raise SystemExit(2)"])
    with pytest.raises(InputError, match="no-such-command"):
        validate.measure(["/no-such-command"])


def test_a_stream_is_what_its_packets_are(tmp_path: Path) -> None:
    packets = validate.packets()
    assert len(packets) > 3000
    validate.write_stream(packets[:7], tmp_path / "s.bit")
    with open_stream(tmp_path / "s.bit") as stream:
        assert [record.packet for record in stream] == packets[:7]


@pytest.mark.peer
def test_commands_are_timed_beside_libopus(peer_161: Peer) -> None:
    result = validate.bench(40, [20, 30], 1, [".bit"]).to_json()
    assert result["packets"] == 40
    assert [speed["command"] for speed in result["speeds"]] == list(validate.COMMANDS)
    for speed in result["speeds"]:
        assert 0 < result["libopus"]["seconds"] < speed["run"]["seconds"]
    assert list(result["peaks"][".bit"]) == [20, 30]
    assert min(result["peaks"][".bit"].values()) > 10
    assert len(result["jobs"]) == 2


def test_of_two_runs_the_quicker_counts_and_the_higher_peak() -> None:
    first, second = validate.Run(1.0, 0.9, 50.0), validate.Run(1.2, 0.8, 60.0)
    assert first.quickest(second) == validate.Run(1.0, 0.8, 60.0)


def test_rates_follow_from_the_seconds() -> None:
    start, run = validate.Run(0.5, 0.4, 50.0), validate.Run(1.5, 1.4, 60.0)
    libopus = Timing(0.5, 0.25, 5)
    speed = validate.Speed(".pcap", "validate", run, start, libopus, 4.0)
    assert (speed.seconds, speed.times_libopus) == (1.0, 2.0)
    assert speed.cpu_times_libopus == pytest.approx(4)
    slow = replace(speed, bar=1.5)
    peaks = {".bit": {10: 50.0, 100: 51.4}}
    result = validate.Result(1000, 5, 9, libopus, [speed, slow], peaks, (run, start), "here")
    speeds, memory, sentence = validate.report(result)
    assert isinstance(speeds, Table)
    assert isinstance(memory, Table)
    assert [list(column.cells)[1] for column in speeds.columns] == [
        *(".pcap", "validate", "1.50", "1.00", "1,000", "2.00", "4.00", "4", "met"),
    ]
    assert list(speeds.columns[8].cells) == ["", "met", "missed"]
    assert [list(column.cells) for column in memory.columns] == [[".bit"], ["50"], ["51"]]
    assert "1.50 s, with --jobs 2 0.50 s (3.00 times as fast)" in str(sentence)
