"""The benchmark measures what it says, on a stream short enough for a test."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.conformance.adapters.libopus.peer import Peer
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
def test_the_command_times_both(peer_161: Peer) -> None:
    done = CliRunner().invoke(
        validate.main, ["--packets", "40", "--fewer", "20", "--rounds", "1", "--json"]
    )
    assert done.exit_code == 0, done.output
    result = json.loads(done.output)
    assert result["packets"] == 40
    assert 0 < result["libopus"] < result["validate"]
    assert 10 < result["peak_mib"] < 500


def test_of_two_runs_the_quicker_counts_and_the_higher_peak() -> None:
    first, second = validate.Run(1.0, 0.9, 50.0), validate.Run(1.2, 0.8, 60.0)
    assert first.quickest(second) == validate.Run(1.0, 0.8, 60.0)


def test_rates_follow_from_the_seconds() -> None:
    times = (0.01, 0.02, 1.5, 1.4, 0.5, 0.4)
    result = validate.Result(1000, 5, 9, *times, 50.0, 10, 49.0, "here")
    assert result.times_libopus == pytest.approx(100)
    cells = [list(column.cells) for column in validate.table(result).columns]
    assert cells[1] == ["0.01", "1.50", "1.00", "0.02", "1.00", ""]
    assert cells[2] == ["100,000", "667", "1,000", "50,000", "1,000", ""]
    assert cells[3] == ["1.0", "150.0", "100.0", "1.0", "50.0", ""]
    assert cells[4] == ["", "50", "", "", "", "49"]
