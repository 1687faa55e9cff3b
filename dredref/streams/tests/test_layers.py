"""Datagrams are found in every encapsulation, as tshark finds them, and can be changed there."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import BuildError
from dredref.streams import Record, open_stream, rewrite_stream
from dredref.streams.capture.edit import with_payload
from dredref.streams.capture.layers import MAX_HEADERS, dissect
from dredref.streams.capture.segment import Fragment, Segment, Unread
from dredref.streams.tests import make
from dredref.streams.tests.wraps import WRAPS, frame, ip4

PAYLOAD = bytes(range(60))


@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("name", WRAPS)
def test_datagrams_are_found(name: str, v6: bool) -> None:
    link, wrap = WRAPS[name]
    found = dissect(link, wrap(make.udp(PAYLOAD, v6=v6)))
    assert isinstance(found, Segment)
    assert found.payload == PAYLOAD
    ends = "[::1]:40000 > [::2]:5004" if v6 else "192.0.2.1:40000 > 192.0.2.2:5004"
    assert found.flow == ends
    assert not found.cut


@pytest.mark.parametrize("name", WRAPS)
def test_cut_anywhere_is_told(name: str) -> None:
    """A datagram whose end is missing is cut; a frame whose headers are is not read."""
    link, wrap = WRAPS[name]
    whole = wrap(make.udp(PAYLOAD))
    for size in range(len(whole)):
        found = dissect(link, whole[:size])
        if isinstance(found, Segment) and found.payload[:60] == PAYLOAD:
            continue  # only padding is gone
        assert isinstance(found, Unread) or (isinstance(found, Segment) and found.cut)


@pytest.mark.tshark
@pytest.mark.parametrize("name", WRAPS)
def test_tshark_sees_the_same_in_frames_that_were_changed(tmp_path: Path, name: str) -> None:
    """With another payload all lengths and checksums are right for tshark, too."""
    if shutil.which("tshark") is None:
        pytest.skip("no tshark")
    link, wrap = WRAPS[name]
    found = dissect(link, wrap(make.udp(PAYLOAD)))
    assert isinstance(found, Segment)
    payloads = [bytes((7 * i + size) % 256 for i in range(size)) for size in (60, 20, 90)]
    if any(kind == "fixed" for kind, _ in found.sized):
        with pytest.raises(BuildError) as caught:
            with_payload(found, payloads[0])
        assert caught.value.code == "output.encapsulation"
        return
    path = tmp_path / "a.pcap"
    path.write_bytes(make.pcap([with_payload(found, payload) for payload in payloads], link))
    options = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    options += ["-d", "mpls.label==36,pwethcw"] if name == "Ethernet over MPLS" else []
    fields = ["-e", "udp.payload", "-e", "udp.checksum.status", "-e", "ip.checksum.status"]
    told = subprocess.run(
        ["tshark", "-r", str(path), *options, "-T", "fields", "-E", "occurrence=l", *fields],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split() == [word for payload in payloads for word in (payload.hex(), "1", "1")]


@pytest.mark.parametrize("name", ["GRE", "VXLAN", "PPPoE", "GTP-U", "802.11", "MPLS", "QinQ"])
def test_streams_in_tunnels_are_rewritten(tmp_path: Path, name: str) -> None:
    link, wrap = WRAPS[name]
    packets = make.packets(20)
    data = make.pcap([wrap(make.udp(one)) for one in make.call(packets)], link)
    target = tmp_path / "a.pcap"
    rewrite_stream(io.BytesIO(data), target, lambda record: (record.packet or b"") + b"more")
    with open_stream(target) as stream:
        assert [record.packet for record in stream] == [one + b"more" for one in packets]


@pytest.mark.parametrize(
    ("link", "data", "name"),
    [
        (1, frame(0x0806, bytes(28)), "ARP (ethertype 0x0806)"),
        (1, frame(0x1234, bytes(28)), "ethertype 0x1234"),
        (1, make.ethernet(ip4(1, bytes(8))), "ICMP (IP protocol 1)"),
        (1, make.ethernet(ip4(50, bytes(8))), "IPsec, encrypted (IP protocol 50)"),
        (147, bytes(40), "private link type (link type 147)"),
        (9999, bytes(40), "link type 9999"),
        (105, b"\x80\0" + bytes(40), "802.11 management"),
        (105, b"\x08\x41" + bytes(40), "802.11 encrypted (WEP, WPA)"),
        (1, bytes(9), "cut or malformed headers"),
        (1, frame(0x8100, b"\0\5\x81\0" * (MAX_HEADERS + 1)), f"more than {MAX_HEADERS} headers"),
    ],
)
def test_what_is_not_read_is_named(link: int, data: bytes, name: str) -> None:
    assert dissect(link, data) == Unread(name)


def test_the_number_of_unread_frames_is_told() -> None:
    data = make.pcap([frame(0x9999, bytes(60)) for _ in range(40)])
    with pytest.raises(Exception, match="40 frames: ethertype 0x9999"):
        open_stream(io.BytesIO(data))


def test_a_port_of_a_tunnel_may_carry_rtp() -> None:
    packets = make.packets(20)
    data = make.pcap([make.ethernet(make.udp(one, port=4789)) for one in make.call(packets)])
    assert [record.packet for record in make.records(data)] == packets


def test_ipv6_extension_headers_and_ipv4_options_are_passed() -> None:
    packet = bytearray(make.udp(PAYLOAD, v6=True))
    packet[4:6] = (8 + len(PAYLOAD) + 8).to_bytes(2, "big")
    packet[6] = 0  # hop by hop, then UDP
    packet[40:40] = bytes([17, 0, 1, 4, 0, 0, 0, 0])
    assert getattr(dissect(101, bytes(packet)), "payload", None) == PAYLOAD
    four = bytearray(make.udp(PAYLOAD))
    four[0] = 0x46
    four[2:4] = (28 + 4 + len(PAYLOAD)).to_bytes(2, "big")
    four[20:20] = b"\x01\x01\x01\x00"
    assert getattr(dissect(101, bytes(four)), "payload", None) == PAYLOAD


@given(st.sampled_from([link for link, _ in WRAPS.values()]), st.binary(max_size=120))
def test_any_bytes_are_read_or_named(link: int, data: bytes) -> None:
    assert isinstance(dissect(link, data), Segment | Fragment | Unread)


def fragments(packet: bytes, size: int, *, v6: bool = False) -> list[bytes]:
    """An IP packet in fragments."""
    head, body = (packet[:40], packet[40:]) if v6 else (packet[:20], packet[20:])
    parts = []
    for at in range(0, len(body), size):
        piece, more = body[at : at + size], at + size < len(body)
        if v6:
            ahead = bytes([17, 0]) + (at | more).to_bytes(2, "big") + b"\0\0\0\7"
            length = (8 + len(piece)).to_bytes(2, "big")
            parts.append(head[:4] + length + b"\x2c" + head[7:] + ahead + piece)
        else:
            length = (20 + len(piece)).to_bytes(2, "big")
            place = (at // 8 | more << 13).to_bytes(2, "big")
            parts.append(head[:2] + length + packet[22:24] + place + head[8:] + piece)
    return parts


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
@pytest.mark.parametrize("v6", [False, True])
def test_fragments_are_put_together(v6: bool, order: int) -> None:
    packets = make.packets(20, size=200, seed=4)
    frames = []
    for place, one in enumerate(make.call(packets)):
        pieces = fragments(make.udp(one + bytes(40), v6=v6), 64, v6=v6)
        for piece in pieces[::order]:
            numbered = bytearray(piece)
            numbered[4:6] = numbered[4:6] if v6 else place.to_bytes(2, "big")
            if v6:
                numbered[44:48] = place.to_bytes(4, "big")
            frames.append(make.ethernet(bytes(numbered)))
    found = make.events(make.pcap(frames))
    got = [event.packet for event in found if isinstance(event, Record)]
    assert got == [one + bytes(40) for one in packets]
    codes = [notice.code for notice in make.notices(make.pcap(frames))]
    assert codes == ["capture.fragments"]
    lost = [notice.code for notice in make.notices(make.pcap(frames[1:]))]
    assert lost == ["capture.fragments", "capture.fragment"]
