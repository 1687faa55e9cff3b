"""Other programs count the same packets and durations, where they are installed."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from dredref.streams import open_stream
from dredref.streams.clock import packet_duration_48k
from dredref.streams.tests import cases, inputs, make


def told(*command: str) -> str:
    """What a program prints."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("kind", ["ogg", "webm", "mp4", "mpegts"])
def test_ffprobe_counts_the_same_packets(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(
        inputs.joined(inputs.ogg(inputs.grouped())) if kind == "ogg" else inputs.remuxed(kind)
    )
    shown = told(
        *("ffprobe", "-v", "error", "-count_packets", "-of", "csv=p=0"),
        *("-show_entries", "stream=nb_read_packets", str(path)),
    )
    with open_stream(path) as stream:
        assert int(shown.split()[0].strip(",")) == len(list(stream))


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
def test_tshark_counts_the_same_packets(tmp_path: Path) -> None:
    for name in ("vlan", "qinq", "gre", "cooked", "sources-300", "tcp"):
        case = next(one for one in cases.CASES if one.name == name)
        path = tmp_path / f"{name}.pcap"
        path.write_bytes(case.make())
        decode = ["-d", "tcp.port==5000,rtp"] if name == "tcp" else ["-d", "udp.port==5004,rtp"]
        shown = told("tshark", "-r", str(path), *decode, "-T", "fields", "-e", "rtp.seq")
        with open_stream(io.BytesIO(path.read_bytes())) as stream:
            count = sum(record.packet is not None for record in stream)
        assert len(shown.replace(",", " ").split()) == count
