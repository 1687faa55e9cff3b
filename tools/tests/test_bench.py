"""The benchmark measures what it says, on a stream short enough for a test."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.streams import open_stream
from spec.errors import InputError
from tools.bench import validate
from tools.libopus.peer import Peer

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
    done = CliRunner().invoke(validate.main, ["--packets", "40", "--fewer", "20", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.output)
    assert result["packets"] == 40
    assert 0 < result["libopus"] < result["validate"]
    assert 10 < result["peak_mib"] < 500


def test_rates_follow_from_the_seconds() -> None:
    result = validate.Result(1000, 5, 9, 0.01, 1.5, 1.4, 0.5, 50.0, 10, 49.0, "here")
    assert result.times_libopus == pytest.approx(100)
    assert validate.row("x", 1000, 0.01, result, "") == ["x", "0.01", "100,000", "1.0", ""]
    assert validate.table(result).row_count == 4
