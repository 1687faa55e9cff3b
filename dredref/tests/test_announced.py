"""DRED of a capture against what session descriptions say of it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dredref.conformance.main import cli
from dredref.streams import open_stream
from dredref.streams.rtp.sdp import DredDurations, Signalling
from dredref.streams.tests import make

SENDER, RECEIVER = ("192.0.2.1", 40000), ("192.0.2.2", 5004)
"""The ends of the datagrams that ``make.udp`` makes."""
SENDS, TAKES = "sprop-ext32-dred-duration", "ext32-dred-duration"


def sdp(port: int, *parameters: str, address: str = "192.0.2.9", kind: int = 111) -> str:
    """A session description with parameters of Opus."""
    lines = ["v=0", f"c=IN IP4 {address}", f"m=audio {port} RTP/AVP {kind}"]
    lines += [f"a=rtpmap:{kind} opus/48000/2", f"a=fmtp:{kind} {';'.join(parameters)}"]
    return "\r\n".join(lines) + "\r\n"


@cache
def packets() -> list[bytes]:
    """Packets whose DRED covers up to 235 ms."""
    path = Path(str(files("dredref.spec").joinpath("streams/v12-dred-200ms.bit")))
    with open_stream(path) as stream:
        return [record.packet for record in stream if record.packet][:60]


def frames(*messages: str) -> bytes:
    """A capture: messages of SIP, then the call."""
    said = [
        f"INVITE sip:a@b SIP/2.0\r\nContent-Length: {len(one)}\r\n\r\n{one}".encode()
        for one in messages
    ]
    datagrams = [make.udp(one, port=5060) for one in said]
    datagrams += [make.udp(one) for one in make.call(packets())]
    return make.pcap([make.ethernet(one) for one in datagrams])


def counts(folder: Path, data: bytes, given: str = "") -> dict[str, int]:
    """How often ``validate`` finds a requirement on SDP violated."""
    capture, text = folder / "call.pcap", folder / "call.sdp"
    capture.write_bytes(data)
    text.write_text(given)
    words = ["validate", "--json", str(capture)] + (["--sdp", str(text)] if given else [])
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return {key: n for key, n in found["requirements"].items() if key.startswith("sdp.")}


def test_a_description_that_names_neither_end_is_taken_for_both(tmp_path: Path) -> None:
    assert counts(tmp_path, frames(), sdp(9, f"{SENDS}=200", f"{TAKES}=200")) == {}
    found = counts(tmp_path, frames(), sdp(9, f"{SENDS}=100", f"{TAKES}=40"))
    assert found.keys() == {"sdp.sent", "sdp.used"}
    assert 0 < found["sdp.sent"] < found["sdp.used"]
    assert counts(tmp_path, frames(), sdp(9, f"{SENDS}=0", kind=96)) == {}


def test_the_end_says_which_duration_counts(tmp_path: Path) -> None:
    both = (f"{SENDS}=40", f"{TAKES}=40")
    assert counts(tmp_path, frames(), sdp(SENDER[1], *both)).keys() == {"sdp.sent"}
    assert counts(tmp_path, frames(), sdp(RECEIVER[1], *both)).keys() == {"sdp.used"}


def test_descriptions_in_the_capture_count(tmp_path: Path) -> None:
    offer = sdp(SENDER[1], f"{SENDS}=40", f"{TAKES}=0")
    answer = sdp(RECEIVER[1], f"{SENDS}=0", f"{TAKES}=1040")
    assert counts(tmp_path, frames(offer, answer)).keys() == {"sdp.sent"}
    assert counts(tmp_path, frames(sdp(6000, f"{SENDS}=0"))) == {}


def test_strict_makes_it_invalid(tmp_path: Path) -> None:
    capture, text = tmp_path / "call.pcap", tmp_path / "call.sdp"
    capture.write_bytes(frames())
    text.write_text(sdp(9, f"{SENDS}=40"))
    words = ["validate", str(capture), "--sdp", str(text)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    done = CliRunner().invoke(cli, [*words, "--strict"])
    assert done.exit_code == 1
    assert "ms of DRED, 40 ms announced" in done.output


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.2"])
def test_the_address_decides_between_equal_ports(address: str) -> None:
    signalling = Signalling(sdp(5004, f"{SENDS}=40", f"{TAKES}=80", address=address))
    found = signalling.durations(("192.0.2.1", 5004), ("192.0.2.2", 5004))
    expected = {"192.0.2.1": DredDurations(40, None), "192.0.2.2": DredDurations(None, 80)}
    assert found == {111: expected[address]}
