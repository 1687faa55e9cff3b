"""Other programs count the same packets and durations, where they are installed."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dredref.streams import open_stream
from dredref.streams.clock import packet_duration_48k
from dredref.streams.tests import cases, containers, inputs, make

STREAMS = Path(__file__).parents[3] / "spec" / "streams"


def told(*command: str) -> str:
    """What a program prints."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


FILES: dict[str, Callable[[], bytes]] = {
    "ogg": lambda: inputs.joined(inputs.ogg(inputs.grouped())),
    "caf": lambda: containers.caf(inputs.packets()),
    **{kind: partial(inputs.remuxed, kind) for kind in ("webm", "mp4", "mpegts")},
    **{
        f"encoded {kind}": partial(make.encoded, kind, channels)
        for kind, channels in (("ogg", 2), ("ogg", 6), ("webm", 1), ("matroska", 2), ("mp4", 1))
    },
    **{
        f"{lacing} lacing": partial(containers.matroska, inputs.even(), lacing)
        for lacing in containers.LACINGS
    },
}
"""Files of each kind of container that FFmpeg reads."""


@pytest.mark.parametrize("kind", FILES)
def test_ffprobe_tells_the_same_packets_and_times(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(FILES[kind]())
    shown = told(
        *("ffprobe", "-v", "error", "-of", "csv=p=0"),
        *("-show_entries", "packet=size,pts_time", str(path)),
    )
    packets = [line.split(",")[:2] for line in shown.split() if line.strip(",")]
    with open_stream(path) as stream:
        parts = len(stream.infos)
        records = [record for record in stream if record.stream == 0]
    assert len(packets) == len(records)
    if parts == 1:
        assert [int(size) for _, size in packets] == [len(one.packet or b"") for one in records]
    first, last = (records[place].timestamp_48k or 0 for place in (0, -1))
    times = [float(packets[place][0]) for place in (0, -1)]
    assert (last - first) / 48000 == pytest.approx(times[1] - times[0], abs=0.0015)


def test_opusinfo_tells_the_same_duration(tmp_path: Path) -> None:
    path = tmp_path / "a.opus"
    path.write_bytes(make.encoded("ogg"))
    shown = told("opusinfo", str(path))
    with open_stream(path) as stream:
        samples = -(stream.info.pre_skip or 0)
        for record in stream:
            samples += packet_duration_48k(record.packet or b"") - record.discard_48k
    length = f"{samples // 48000 // 60}m:{samples / 48000 % 60:06.3f}s"
    assert f"Playback length: {length}" in shown


@pytest.mark.tshark
def test_tshark_tells_the_same_packets_and_times(tmp_path: Path) -> None:
    made = {case.name: case.make for case in cases.CASES}
    names = ("vlan", "qinq", "gre", "cooked", "sources-300", "tcp", "dtx-mute", "retransmission")
    captures = {name: made[name]() for name in names}
    captures |= {path.name: path.read_bytes() for path in STREAMS.glob("*.pcap*")}
    for name, data in captures.items():
        path = tmp_path / f"{name}.pcap"
        path.write_bytes(data)
        with open_stream(io.BytesIO(data)) as stream:
            origins = [record.rtp for record in stream if record.rtp is not None]
            port = (stream.info.flow or "").rsplit(":", 1)[1]
            twice = stream.notice_counts["rtp.duplicate"]
        over = "tcp" if name == "tcp" else "udp"
        fields = ("-T", "fields", "-e", "rtp.seq", "-e", "frame.time_epoch")
        shown = told("tshark", "-r", str(path), "-d", f"{over}.port=={port},rtp", *fields)
        rows = [line.split("\t") for line in shown.splitlines() if line.split("\t")[0]]
        assert sum(row[0].count(",") + 1 for row in rows) == len(origins) + twice, name
        times = sorted((one.arrival_ns or 0) / 1e9 for one in origins)
        assert times[0] == pytest.approx(float(rows[0][1]), abs=1e-6)
        assert times[-1] == pytest.approx(float(rows[-1][1]), abs=1e-6)
