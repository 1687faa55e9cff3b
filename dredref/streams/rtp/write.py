"""Writing a pcap file of Opus in RTP (RFC 7587)."""

from __future__ import annotations

from typing import BinaryIO

from dredref.red import RED_PAYLOAD_TYPE, bytes_of, red_payload
from dredref.spec.errors import BuildError
from dredref.streams.capture.files import FRAME_LIMIT, import_dpkt
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import Record, StreamInfo
from dredref.streams.write import Writer

DEFAULT_PAYLOAD_TYPE = 111
DEFAULT_SSRC = 0x44524544
PORT = 5004

_LOOPBACK = bytes((127, 0, 0, 1))
_MAC = bytes(6)
_MAX_PAYLOAD = 65535 - 20 - 8 - 12
"""What one UDP datagram over IPv4 leaves to RTP's payload."""


class PcapWriter(Writer):
    """Ethernet, IPv4 and UDP to the local host, one datagram a packet.

    Packets with redundant copies go out as RED (RFC 2198). Lost packets leave out a sequence
    number. Capture times are the records' times, from 0. Streams after the first get an SSRC of
    their own, and their own port.
    """

    def __init__(self, file: BinaryIO, info: StreamInfo) -> None:
        """Write the file header."""
        self._dpkt = import_dpkt()
        self._writer = self._dpkt.pcap.Writer(file, snaplen=FRAME_LIMIT)
        self._payload_type = (
            DEFAULT_PAYLOAD_TYPE if info.payload_type is None else info.payload_type
        )
        self._ssrc = DEFAULT_SSRC if info.ssrc is None else info.ssrc
        self._first_stream: int | None = None
        self._state: dict[int, tuple[int, int]] = {}

    def _write(self, record: Record) -> None:
        if self._first_stream is None:
            self._first_stream = record.stream
        place = record.stream - self._first_stream
        sequence, clock = self._state.get(record.stream, (0, 0))
        stamp = clock if record.timestamp_48k is None else record.timestamp_48k
        duration = packet_duration_48k(record.packet or b"")
        self._state[record.stream] = (sequence + 1) & 0xFFFF, stamp + duration
        if record.packet is None:
            return
        size = bytes_of(record)
        if size > _MAX_PAYLOAD:
            raise BuildError("output.datagram", f"a packet of {size} bytes fits no UDP datagram")
        rtp = self._dpkt.rtp.RTP(
            seq=sequence, ts=stamp & 0xFFFFFFFF, ssrc=(self._ssrc + place) & 0xFFFFFFFF
        )
        red = red_payload(record, self._payload_type)
        rtp.pt = self._payload_type if red is None else RED_PAYLOAD_TYPE
        rtp.data = record.packet if red is None else red
        self._writer.writepkt(self._frame(bytes(rtp), place), max(0, stamp) / 48000)

    def _frame(self, payload: bytes, place: int) -> bytes:
        """A datagram's Ethernet frame, checksums included."""
        dpkt = self._dpkt
        port = PORT + 2 * place & 0xFFFF
        udp = dpkt.udp.UDP(sport=port, dport=port, ulen=8 + len(payload), data=payload)
        packet = dpkt.ip.IP(
            src=_LOOPBACK,
            dst=_LOOPBACK,
            p=dpkt.ip.IP_PROTO_UDP,
            data=udp,
            len=20 + 8 + len(payload),
        )
        return bytes(dpkt.ethernet.Ethernet(src=_MAC, dst=_MAC, data=packet))
