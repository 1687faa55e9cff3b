"""The generated Wireshark dissector says what ``dredref inspect`` says."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dredref.inspection import inspections, to_json
from dredref.spec.document.dissector import render_dissector
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.tests.test_checks import DRED
from dredref.streams import Record, open_stream

dpkt = pytest.importorskip("dpkt")
pytestmark = pytest.mark.tshark

HEADER = ("version", "q0", "dQ", "qmax", "offset", "extra_offset", "dred_offset", "bits_total")
NAMES = (
    *("config", "stereo", "code", "nb_frames", "ext.id", "ext.frame", "ext.offset", "error"),
    *HEADER,
)
PORT, PAYLOAD_TYPE = 40_002, 111


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dissector as a file; skips where there is no tshark."""
    if shutil.which("tshark") is None:
        reason = "no tshark on this machine"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("lua") / "dred.lua"
    path.write_text(render_dissector())
    return path


def dissect(script: Path, capture: Path, *preferences: str) -> Iterator[dict[str, Any]]:
    """What tshark shows of each packet."""
    columns = [f"opus_dred.{name}" for name in NAMES]
    command = ["tshark", "-X", f"lua_script:{script}", "-r", str(capture), "-T", "fields"]
    command += ["-d", f"udp.port=={PORT},rtp", "-o", f"opus_dred.payload_type:{PAYLOAD_TYPE}"]
    for preference in preferences:
        command += ["-o", f"opus_dred.{preference}"]
    for column in columns:
        command += ["-e", column]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    for line in output.splitlines():
        found = dict(zip(NAMES, line.split("\t"), strict=True))
        yield {
            "toc": [int(found[name] or 0) for name in ("config", "stereo", "code")],
            "nb_frames": int(found["nb_frames"] or 0),
            "ids": _numbers(found["ext.id"]),
            "frames": _numbers(found["ext.frame"]),
            "offsets": _numbers(found["ext.offset"]),
            "dred": {name: int(found[name]) for name in HEADER} if found["q0"] else None,
            "error": found["error"],
        }


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",") if word]


def expected(records: Iterable[Record], final_id: int | None = None) -> Iterator[dict[str, Any]]:
    """The same of the reference."""
    for inspection in inspections(records, final_id=final_id):
        found = to_json(inspection)
        toc = found["toc"]
        reading = inspection.reading
        errors, area = reading.errors, reading.area
        extensions = list(area.extensions) if area else []  # each repeat by itself
        yield {
            "toc": [toc >> 3, toc >> 2 & 1, toc & 3] if toc is not None else [0, 0, 0],
            "nb_frames": found["nb_frames"],
            "ids": [item.id for item in extensions],
            "frames": [item.frame for item in extensions],
            "offsets": [reading.area_byte + item.offset for item in extensions],
            "dred": found["dred"] and {name: found["dred"][name] for name in HEADER},
            "error": errors[0].code if errors else "",
        }


def test_every_packet_of_the_committed_capture(script: Path) -> None:
    capture = Path(str(files("dredref.spec").joinpath("streams/v12-rtp.pcap")))
    with open_stream(capture) as stream:
        wanted = [item for item in expected(stream) if item["nb_frames"]]
    found = list(dissect(script, capture))
    key = str
    assert sorted(map(key, found)) == sorted(map(key, wanted))
    assert sum(item["dred"] is not None for item in found) > 90


def drawn_packets(draw: random.Random, count: int) -> Iterator[bytes]:
    """Packets with areas of every kind, whole and broken, DRED on any frame, and noise."""
    for _ in range(count):
        nb_frames = draw.randint(1, 6)
        kind = draw.random()
        if kind < 0.2:
            yield draw.randbytes(draw.randint(1, 40))
            continue
        if kind < 0.4:
            on = Extension(126, draw.randrange(nb_frames), DRED[: draw.choice([3, 9, len(DRED)])])
            area = pack_extensions([Extension(5, 0, b"x"), on], nb_frames)
        else:
            common = (0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x09, 0x41, 0xFD, 0x00, 0xFC)
            area = bytes(
                draw.choice([draw.randrange(256), draw.choice(common), draw.randrange(4)])
                for _ in range(draw.randint(0, 24))
            )
        frames = tuple(Frame(b"frame") for _ in range(nb_frames))
        toc = Toc(draw.choice([9, 16, 28]), draw.random() < 0.5, 3)
        yield build_packet(Packet(toc, frames, draw.random() < 0.5, area))


def write_capture(path: Path, packets: Iterable[bytes]) -> None:
    """A pcap with one RTP packet a datagram."""
    with path.open("wb") as handle:
        writer = dpkt.pcap.Writer(handle)
        for number, packet in enumerate(packets):
            rtp = (
                struct.pack(">BBHII", 0x80, PAYLOAD_TYPE, number & 0xFFFF, 960 * number, 7) + packet
            )
            udp = dpkt.udp.UDP(sport=40_000, dport=PORT, data=rtp)
            udp.ulen = len(udp)
            ip = dpkt.ip.IP(src=b"\xc0\0\x02\1", dst=b"\xc0\0\x02\2", p=17, data=udp)
            ip.len = len(ip)
            writer.writepkt(bytes(dpkt.ethernet.Ethernet(data=ip)), ts=number / 50)


def test_drawn_packets_whole_and_broken(script: Path, tmp_path: Path) -> None:
    packets = list(drawn_packets(random.Random(126), 1500))
    capture = tmp_path / "drawn.pcap"
    write_capture(capture, packets)
    wanted = list(expected(Record(index, data) for index, data in enumerate(packets)))
    found = list(dissect(script, capture))
    for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
        if other["nb_frames"] == 0:
            assert one["error"] == other["error"], packets[index].hex()
        else:
            assert one == other, packets[index].hex()
    assert {item["error"] for item in wanted} >= {
        "", "extension.frame", "extension.short.truncated", "extension.lacing.truncated",
        "extension.long.truncated", "packet.r3.odd", "packet.r5.duration",
    }  # fmt: skip


def test_both_forms_and_each_alone(script: Path, tmp_path: Path) -> None:
    forms = [Extension(32, 0, DRED[2:]), Extension(126, 0, DRED)]
    held = [forms[:1], forms[1:], forms, forms[::-1], [Extension(126, 0, b"XYZ"), forms[0]]]
    held += [[Extension(32, 0, b""), forms[0]], [Extension(100, 0, DRED[2:])]]
    frames = (Frame(b"frame"),)
    packets = [
        build_packet(Packet(Toc(9, False, 3), frames, False, pack_extensions(one, 1)))
        for one in held
    ]
    capture = tmp_path / "forms.pcap"
    write_capture(capture, packets)
    records = [Record(index, data) for index, data in enumerate(packets)]
    assert list(dissect(script, capture)) == list(expected(records))
    final = list(expected(records, final_id=32))
    assert list(dissect(script, capture, "form:final")) == final
    found = list(dissect(script, capture, "form:final", "final_id:100"))
    assert found == list(expected(records, final_id=100))
    experiments = [one["dred"] is not None for one in dissect(script, capture, "form:experiments")]
    assert experiments == [False, True, True, True, False, False, False]
