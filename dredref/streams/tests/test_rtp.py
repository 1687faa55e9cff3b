"""RTP: which payload type is Opus, order, loss, several sources."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import InputError
from dredref.streams import Record, StreamInfo, open_stream
from dredref.streams.clock import packet_duration_48k, unwrap
from dredref.streams.columns.order import MAX_DROPOUT, WINDOW
from dredref.streams.rtp.heuristics import ACCEPT, Evidence
from dredref.streams.rtp.packet import RtpPacket, parse_rtp
from dredref.streams.rtp.reorder import Anomaly, Gap, ReorderBuffer
from dredref.streams.tests import make

PACKETS = make.packets(40)


def capture(datagrams: list[bytes]) -> bytes:
    """A pcap of RTP packets."""
    return make.pcap([make.ethernet(make.udp(datagram)) for datagram in datagrams])


def codes(data: bytes) -> list[str]:
    """The notices' codes."""
    return [notice.code for notice in make.notices(data)]


def test_a_plain_call() -> None:
    with open_stream(io.BytesIO(capture(make.call(PACKETS)))) as stream:
        found = list(stream)
    assert [r.packet for r in found] == PACKETS
    assert [r.timestamp_48k for r in found] == [960 * i for i in range(40)]
    assert stream.notices == []
    info = stream.info
    assert (info.container, info.ssrc, info.payload_type) == ("pcap", 0x1234, 111)
    assert info.flow == "192.0.2.1:40000 > 192.0.2.2:5004"


def test_where_a_record_came_from() -> None:
    datagrams = make.call(PACKETS, first=65530)
    datagrams[3], datagrams[4] = datagrams[4], datagrams[3]
    frames = [make.ethernet(make.udp(datagram)) for datagram in datagrams]
    found = make.records(make.pcap([b"not IP", *frames[:10], *frames[11:]]))
    origins = [record.rtp for record in found]
    assert origins[10] is None
    assert [one and one.sequence for one in origins[:8]] == [*range(65530, 65536), 0, 1]
    assert [one and one.frame for one in origins[:12]] == [2, 3, 4, 6, 5, *range(7, 12), None, 12]
    assert [one and one.timestamp for one in origins[:2]] == [7000, 7960]
    assert origins[0] is not None
    assert origins[0].arrival_ns == 1_000_001_000


def test_pcapng_too() -> None:
    blocks = [make.enhanced(make.ethernet(make.udp(data))) for data in make.call(PACKETS)]
    with open_stream(io.BytesIO(make.section() + make.interface(1) + b"".join(blocks))) as stream:
        assert [r.packet for r in stream] == PACKETS
        assert stream.container == "pcapng"


@given(
    st.binary(max_size=60),
    st.integers(0, 15),
    st.none() | st.integers(0, 6).map(lambda words: bytes(4 * words)),
    st.integers(0, 40),
)
def test_csrc_extension_and_padding_are_taken_off(
    payload: bytes, csrc: int, extension: bytes | None, padding: int
) -> None:
    data = make.rtp(payload, 65535, 2**32 - 1, csrc=csrc, extension=extension, padding=padding)
    start = 12 + 4 * csrc + (0 if extension is None else 4 + len(extension))
    expected = RtpPacket(111, 65535, 2**32 - 1, 0x1234, payload, start, frame=7)
    assert parse_rtp(data, 7) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        make.rtp(b"", 1, 1)[:11],
        b"\x40" + make.rtp(b"abc", 1, 1)[1:],  # version 1
        make.rtp(b"", 1, 1, csrc=2)[:16],
        make.rtp(b"", 1, 1, extension=bytes(8))[:-1],
        make.rtp(b"", 1, 1, padding=1)[:-1],
        make.rtp(b"", 1, 1, padding=3)[:-1] + b"\x04",  # more padding than payload
        make.rtp(b"", 1, 1, padding=3)[:-1] + b"\x00",
    ],
)
def test_what_is_no_rtp(data: bytes) -> None:
    assert parse_rtp(data) is None


def test_loss_reordering_and_duplicates() -> None:
    sent = make.call(PACKETS, first=65530)  # the sequence number turns over
    arrived = [
        *sent[:10],
        sent[11],
        sent[10],
        sent[11],
        *sent[12:20],
        *sent[23:],
        sent[0],
        sent[21],
    ]
    data = capture(arrived)
    found = make.records(data)
    expected: list[bytes | None] = [*PACKETS]
    expected[20:23] = [None] * 3
    expected[21] = PACKETS[21]  # it came very late, but in time for the window
    assert [r.packet for r in found] == expected
    assert [r.timestamp_48k for r in found] == [960 * i for i in range(40)]
    assert sorted(codes(data)) == sorted(
        ["rtp.reordered", "rtp.duplicate", "rtp.duplicate", "rtp.reordered", "rtp.gap", "rtp.gap"]
    )


def test_a_packet_later_than_the_window_counts_as_lost() -> None:
    payloads = make.packets(WINDOW + 30)
    sent = make.call(payloads)
    data = capture([*sent[:9], *sent[10:], sent[9]])
    found = make.records(data)
    assert [r.packet for r in found] == [*payloads[:9], None, *payloads[10:]]
    assert codes(data) == ["rtp.gap", "rtp.late"]
    notice = make.notices(data)[0]
    assert (notice.count, notice.index, notice.stream) == (1, 9, 0)


def test_the_first_packets_may_come_out_of_order() -> None:
    sent = make.call(PACKETS)
    data = capture([sent[2], sent[0], sent[1], *sent[3:]])
    assert [r.packet for r in make.records(data)] == PACKETS


def test_silence_left_out_is_no_loss() -> None:
    """Without transmission in silence time goes on and the sequence number does not."""
    stamps = [960 * (i if i < 12 else i + 400) for i in range(40)]
    sent = [make.rtp(p, i, 99 + t) for i, (p, t) in enumerate(zip(PACKETS, stamps, strict=True))]
    found = make.records(capture(sent))
    assert [r.packet for r in found] == PACKETS
    assert [r.timestamp_48k for r in found] == stamps


def test_times_of_lost_packets_are_left_open_where_they_do_not_follow() -> None:
    stamps = [960 * (i if i < 12 else i + 400) for i in range(40)]
    sent = [make.rtp(p, i, t) for i, (p, t) in enumerate(zip(PACKETS, stamps, strict=True))]
    found = make.records(capture(sent[:11] + sent[13:]))
    assert [r.timestamp_48k for r in found[10:14]] == [9600, None, None, stamps[13]]


def test_timestamps_turn_over() -> None:
    found = make.records(capture(make.call(PACKETS, start=2**32 - 5000)))
    assert [r.timestamp_48k for r in found] == [960 * i for i in range(40)]


def test_sources_are_told_apart() -> None:
    """Two SSRCs on one port, and the first SSRC again between other ends."""
    one, two, three = (make.packets(30, seed=i) for i in range(3))
    calls = [make.call(one), make.call(two, ssrc=7, payload_type=100), make.call(three)]
    frames = []
    for a, b, c in zip(*calls, strict=True):
        frames += [make.ethernet(make.udp(a)), make.ethernet(make.udp(b))]
        frames += [make.ethernet(make.udp(c, port=6000))]
    data = make.pcap(frames)
    found = make.events(data)
    infos = {e.number: e for e in found if isinstance(e, StreamInfo)}
    sources = [(info.ssrc, info.payload_type) for info in infos.values()]
    assert sources == [(0x1234, 111), (7, 100), (0x1234, 111)]
    for number, expected in enumerate((one, two, three)):
        got = [e.packet for e in found if isinstance(e, Record) and e.stream == number]
        assert got == expected
    indices = [e.index for e in found if isinstance(e, Record)]
    assert indices == list(range(90))
    assert [r.packet for r in make.records(data, ssrc=7)] == two


def test_payload_types_that_share_a_source() -> None:
    """Telephone events and comfort noise use the sequence numbers of the speech: no loss there."""
    sent = make.call(PACKETS)
    for place in (5, 6, 25):
        sent[place] = make.rtp(
            b"\x01\x0a\x00\xa0", 100 + place, 7000 + 960 * place, payload_type=101
        )
    data = capture(sent)
    expected = [p for place, p in enumerate(PACKETS) if place not in (5, 6, 25)]
    assert [r.packet for r in make.records(data)] == expected
    assert codes(data) == []


def video(count: int) -> list[bytes]:
    """Something like VP8: 90 kHz, several packets a frame."""
    draw = random.Random(5)
    return [
        make.rtp(b"\x90\x80" + draw.randbytes(900), i, 3000 * (i // 3), payload_type=96, ssrc=9)
        for i in range(count)
    ]


def encrypted(count: int) -> list[bytes]:
    """Payloads of SRTP."""
    draw = random.Random(6)
    return [
        make.rtp(draw.randbytes(draw.randrange(40, 90)), i, 960 * i, payload_type=111, ssrc=8)
        for i in range(count)
    ]


def test_other_traffic_is_passed_over() -> None:
    draw = random.Random(7)
    noise = [bytes([0x80 | draw.randrange(64)]) + draw.randbytes(40) for _ in range(60)]
    frames = [make.ethernet(make.udp(data, port=53)) for data in noise + video(60) + encrypted(60)]
    speech = [make.ethernet(make.udp(data)) for data in make.call(PACKETS)]
    data = make.pcap(frames + speech)
    found = make.events(data)
    assert [e.packet for e in found if isinstance(e, Record)] == PACKETS
    with pytest.raises(InputError, match="60 look encrypted") as caught:
        make.events(make.pcap(frames))
    assert caught.value.code == "input.encrypted"


def test_a_payload_type_may_be_asked_for() -> None:
    data = capture(encrypted(30) + make.call(PACKETS))
    assert len(make.records(data)) == 40
    assert len(make.records(data, payload_type=111)) == 70
    single = capture(make.call(PACKETS[:1]))
    assert [r.packet for r in make.records(single, payload_type=111)] == PACKETS[:1]
    for payload_type in (100, 0):
        with pytest.raises(InputError) as caught:
            make.events(data, payload_type=payload_type)
        assert caught.value.code == "input.encrypted"


def verdict(packets: list[RtpPacket]) -> float:
    """How much speaks for Opus, against random bytes."""
    evidence = Evidence()
    for packet in packets:
        evidence.add(packet.sequence, packet.timestamp, packet.payload)
    return evidence.total


@pytest.mark.parametrize("config", range(32))
@pytest.mark.parametrize("code", [0, 3])
def test_opus_of_any_configuration_is_known(config: int, code: int) -> None:
    head = bytes([config << 3 | code]) + (b"\x01" if code == 3 else b"")
    payload = head + bytes(range(50))
    step = packet_duration_48k(payload)
    sent = [RtpPacket(96, i, 5 + step * i, 1, payload) for i in range(8)]
    assert verdict(sent) >= ACCEPT
    assert verdict([RtpPacket(96, i, 5 + 160 * i + i % 2, 1, payload) for i in range(8)]) < 0


def test_opus_with_much_silence_is_known() -> None:
    sent = [RtpPacket(96, i, 19200 * i, 1, PACKETS[i]) for i in range(10)]
    assert verdict(sent) >= ACCEPT


def test_frames_cut_short_count_as_lost() -> None:
    frames = [make.ethernet(make.udp(data)) for data in make.call(PACKETS)]
    blocks = [make.enhanced(frame, cut=5 if i == 20 else 0) for i, frame in enumerate(frames)]
    data = make.section() + make.interface(1) + b"".join(blocks)
    found = make.records(data)
    assert [r.packet for r in found] == [*PACKETS[:20], None, *PACKETS[21:]]
    assert codes(data) == ["capture.cut", "rtp.gap"]


def test_a_capture_that_breaks_off() -> None:
    data = capture(make.call(PACKETS))[:-3]
    assert [r.packet for r in make.records(data)] == PACKETS[:-1]
    assert codes(data) == ["stream.truncated"]


def test_a_new_run_of_sequence_numbers() -> None:
    one, two = make.packets(20, seed=1), make.packets(20, seed=2)
    sent = make.call(one, first=100) + make.call(two, first=40000, start=7000 + 960 * 20)
    data = capture(sent)
    assert [r.packet for r in make.records(data)] == one + two
    assert codes(data) == ["rtp.restart"]
    sent[10:10] = [make.rtp(b"\x48zzz", 50000, 0)]
    assert [r.packet for r in make.records(capture(sent))] == one + two
    assert codes(capture(sent)) == ["rtp.stray", "rtp.restart"]


def test_more_sources_than_are_followed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dredref.streams.rtp.flows.MAX_SOURCES", 256)
    frames = []
    for ssrc in range(256 + 20):
        frames += [make.ethernet(make.udp(d)) for d in make.call(PACKETS[:4], ssrc=ssrc)]
    found = make.events(make.pcap(frames))
    assert sum(isinstance(e, StreamInfo) for e in found) == 256 + 20
    assert sum(isinstance(e, Record) for e in found) == 4 * (256 + 20)


@given(st.integers(-(10**9), 10**9), st.integers(-30000, 30000))
def test_unwrapping(near: int, step: int) -> None:
    assert unwrap((near + step) & 0xFFFF, near, 16) == near + step


@given(
    first=st.integers(0, 65535),
    count=st.integers(1, 200),
    lost=st.sets(st.integers(1, 199), max_size=40),
    moves=st.lists(st.tuples(st.integers(0, 199), st.integers(1, 30)), max_size=15),
    twice=st.sets(st.integers(0, 199), max_size=10),
)
def test_any_arrival_within_the_window_gives_the_order_sent(
    first: int,
    count: int,
    lost: set[int],
    moves: list[tuple[int, int]],
    twice: set[int],
) -> None:
    """Delays of up to 30 places, repeats and losses: all that came is given once and in order."""
    arrival = [float(place) for place in range(count)]
    for place, delay in moves:
        if 0 < place < count:
            arrival[place] = place + delay + 0.5
    kept = [p for p in range(count) if p not in lost]
    arrived = sorted(kept + [p for p in kept if p in twice], key=lambda p: arrival[p])
    buffer: ReorderBuffer[int] = ReorderBuffer(1)
    found: list[int | Gap | Anomaly[int]] = []
    for place in arrived:
        found += buffer.push(first + place & 0xFFFF, place, 1)
    found += buffer.flush()
    at = 0
    for item in found:
        if isinstance(item, Gap):
            at += item.count
        elif isinstance(item, int):
            assert item == at
            at += 1
    assert [item for item in found if isinstance(item, int)] == kept
    doubles = [i for i in found if isinstance(i, Anomaly) and i.code == "rtp.duplicate"]
    assert len(doubles) == len(arrived) - len(kept)


@given(st.lists(st.integers(0, 65535), max_size=300))
def test_hostile_sequence_numbers_keep_the_order_and_the_bounds(numbers: list[int]) -> None:
    buffer: ReorderBuffer[int] = ReorderBuffer(1)
    given_out = 0
    for number in numbers:
        for item in buffer.push(number, number, 1000):
            given_out += isinstance(item, int)
            if isinstance(item, Gap):
                assert 0 < item.count <= 2 * MAX_DROPOUT
        assert len(buffer.waiting) <= WINDOW
    given_out += sum(isinstance(item, int) for item in buffer.flush())
    assert given_out <= len(numbers)


def test_opus_named_by_the_user_is_red_only_if_that_is_likelier() -> None:
    """As RED each first packet here would be a primary block of payload type 96."""
    packets = [b"`\0\0"] * 4 + [bytes(3)] * 3 + [b"`\0\0"] * 2
    data = make.pcap([make.ethernet(make.udp(one)) for one in make.call(packets, step=480)])
    assert [one.packet for one in make.records(data, payload_type=111)] == packets
