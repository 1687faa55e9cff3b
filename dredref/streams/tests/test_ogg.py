"""Ogg Opus: packets, times, trimming, chains, loss."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from dredref.spec.errors import InputError, ParseError
from dredref.streams import Record, StreamInfo, open_stream
from dredref.streams.clock import packet_duration_48k
from dredref.streams.multistream import join_packets
from dredref.streams.oggpage import Page, Pages, build_page, build_pages
from dredref.streams.opushead import OpusHead, build_head, build_tags, parse_head
from dredref.streams.source import Source
from dredref.streams.tests import make

HEAD = OpusHead(channels=2, pre_skip=3840, input_rate=16000)


def pages_of(data: bytes) -> list[Page]:
    """The pages of a sound file."""
    pages = list(Pages(Source(io.BytesIO(data), "x")))
    assert all(isinstance(page, Page) for page in pages)
    return pages  # type: ignore[return-value]


def ogg(
    packets: list[bytes],
    *,
    per_page: int = 10,
    serial: int = 77,
    start: int = 0,
    trim: int = 0,
    head: OpusHead = HEAD,
    tags: bytes | None = None,
) -> list[Page]:
    """Pages of an Ogg Opus file made without the writer under test."""
    pages = build_pages([(build_head(head), 0)], serial, 0, first=True)
    pages += build_pages([(tags or build_tags(), 0)], serial, 1)
    at = start
    for place in range(0, len(packets), per_page):
        part = []
        for packet in packets[place : place + per_page]:
            at += packet_duration_48k(packet)
            part.append((packet, at))
        last = place + per_page >= len(packets)
        if last:
            part[-1] = (part[-1][0], at - trim)
        pages += build_pages(part, serial, len(pages), last=last)
    return pages


def join(pages: list[Page]) -> bytes:
    """The bytes of pages."""
    return b"".join(map(build_page, pages))


def test_packets_equal_those_of_pyav() -> None:
    data = make.encoded("ogg", 2)
    with open_stream(io.BytesIO(data)) as stream:
        records = list(stream)
    assert [record.packet for record in records] == make.demuxed(data)
    assert [record.timestamp_48k for record in records] == [960 * i for i in range(len(records))]
    assert stream.info.channels == 2
    assert stream.info.pre_skip == 312
    assert stream.info.tags is not None
    assert stream.info.tags.startswith(b"OpusTags")
    assert stream.info.head == make.demuxed_head(data)
    assert stream.notices == []
    heard = sum(960 - record.discard_48k for record in records) - 312
    assert heard == round(1.3 * 48000)


@pytest.mark.parametrize("per_page", [1, 4, 50])
@pytest.mark.parametrize("trim", [0, 100, 3000])
def test_times_follow_granule_positions(per_page: int, trim: int) -> None:
    packets = make.mixed_packets(40, seed=per_page)
    packets[-per_page:] = make.packets(min(per_page, 40))
    trim = min(trim, 960 * per_page)  # it must not reach into the page before
    records = make.records(join(ogg(packets, per_page=per_page, trim=trim)))
    assert [record.packet for record in records] == packets
    at = 0
    for record in records:
        assert record.timestamp_48k == at
        at += packet_duration_48k(record.packet or b"")
    kept = at - trim
    for record in records:
        end = (record.timestamp_48k or 0) + packet_duration_48k(record.packet or b"")
        duration = packet_duration_48k(record.packet or b"")
        assert record.discard_48k == min(max(0, end - kept), duration)


def test_a_stream_may_begin_at_any_time() -> None:
    records = make.records(join(ogg(make.packets(20), start=480000)))
    assert records[0].timestamp_48k == 480000
    assert records[-1].timestamp_48k == 480000 + 19 * 960


def test_headers_and_audio_may_share_nothing_but_must_not_confuse() -> None:
    """Tags over several pages, and a second stream of another codec in between."""
    tags = build_tags("v", tuple(f"NAME{i}={'x' * 3000}" for i in range(60)))
    pages = ogg(make.packets(20), tags=tags)
    assert len(tags) > 2 * 65025
    other = [Page(0, 5, 0, b"\x07", b"fishead", first=True), Page(0, 5, 1, b"\x02", b"ab")]
    mixed = [other[0], pages[0], other[1], *pages[1:]]
    found = make.events(join(mixed))
    infos = [event for event in found if isinstance(event, StreamInfo)]
    assert [info.tags for info in infos] == [tags]
    assert [r.packet for r in found if isinstance(r, Record)] == make.packets(20)
    assert not make.notices(join(mixed))


def test_packets_across_pages_are_put_together() -> None:
    packets = [b"\x48" + bytes([i]) * 70_000 for i in range(3)]
    data = join(ogg(packets, per_page=3))
    assert len(pages_of(data)) > 6
    assert [record.packet for record in make.records(data)] == packets


def test_chained_and_multiplexed_streams_are_told_apart() -> None:
    one, two = make.packets(20, seed=1), make.packets(15, seed=2)
    chained = join(ogg(one)) + join(ogg(two))  # same serial number
    found = make.records(chained)
    assert [r.packet for r in found if r.stream == 0] == one
    assert [r.packet for r in found if r.stream == 1] == two
    assert [r.index for r in found] == list(range(35))
    assert [r.timestamp_48k for r in found if r.stream == 1][:2] == [0, 960]
    assert not make.notices(chained)
    left, right = ogg(one, serial=1), ogg(two, serial=2)
    grouped = join([left[0], right[0], left[1], right[1], left[2], *right[2:], *left[3:]])
    found = make.records(grouped)
    assert [r.packet for r in found if r.stream == 0] == one
    assert [r.packet for r in found if r.stream == 1] == two


@pytest.mark.parametrize("gone", [2, 3, 4])
@pytest.mark.parametrize("how", ["cut out", "damaged"])
def test_missing_pages_give_lost_packets(gone: int, how: str) -> None:
    packets = make.packets(50)
    pages = [build_page(page) for page in ogg(packets)]
    if how == "damaged":
        pages[gone] = pages[gone][:60] + bytes([pages[gone][60] ^ 1]) + pages[gone][61:]
    else:
        pages[gone] = b""
    data = b"".join(pages)
    first = 10 * (gone - 2)
    expected: list[bytes | None] = [*packets]
    expected[first : first + 10] = [None] * 10
    found = make.records(data)
    assert [record.packet for record in found] == expected
    times: list[int | None] = [960 * i for i in range(50)]
    if gone == 2:  # nothing before the gap says how long its packets are
        times[1:10] = [None] * 9
    assert [record.timestamp_48k for record in found] == times
    codes = [notice.code for notice in make.notices(data)]
    assert codes == (["ogg.checksum", "ogg.junk", "ogg.gap"] if how == "damaged" else ["ogg.gap"])
    gap = make.notices(data)[-1]
    assert (gap.count, gap.index) == (1, first)


def test_a_jump_in_time_without_a_missing_page_is_told_but_loses_nothing() -> None:
    packets = make.packets(20)
    pages = ogg(packets)
    later = Page(pages[3].granule + 96000, 77, 3, pages[3].lacing, pages[3].body, last=True)
    found = make.records(join([*pages[:3], later]))
    assert [record.packet for record in found] == packets
    assert found[10].timestamp_48k == 9600 + 96000
    assert [n.code for n in make.notices(join([*pages[:3], later]))] == ["ogg.jump"]


def test_a_file_without_its_end() -> None:
    pages = ogg(make.packets(50))
    assert [n.code for n in make.notices(join(pages[:-1]))] == ["ogg.no_end"]
    cut = join(pages)[:-7]
    codes = [n.code for n in make.notices(cut)]
    assert codes[0] == "stream.truncated"
    assert codes[-1] == "ogg.no_end"
    assert len(make.records(cut)) == 40


def test_missing_tags_are_told() -> None:
    pages = ogg(make.packets(20))
    found = make.notices(join([pages[0], *pages[2:]]))
    assert [n.code for n in found] == ["ogg.no_tags", "ogg.gap"]
    assert len(make.records(join([pages[0], *pages[2:]]))) == 20


def test_multistream_is_split() -> None:
    three = [make.packets(12, seed=i) for i in range(3)]
    whole = [join_packets(parts) for parts in zip(*three, strict=True)]
    head = OpusHead(channels=4, family=1, streams=3, coupled=1, mapping=bytes(range(4)))
    with open_stream(io.BytesIO(join(ogg(whole, head=head)))) as stream:
        found = list(stream)
    for number in range(3):
        assert [r.packet for r in found if r.stream == number] == three[number]
    assert [r.stream for r in found[:6]] == [0, 1, 2, 0, 1, 2]
    assert [r.index for r in found] == list(range(36))
    assert [(i.part, i.parts, i.channels, i.mapping_family) for i in stream.infos.values()] == [
        (0, 3, 4, 1),
        (1, 3, 4, 1),
        (2, 3, 4, 1),
    ]


def test_multistream_that_cannot_be_split_is_told_and_lost() -> None:
    good = join_packets([make.packets(1)[0]] * 2)
    head = OpusHead(channels=2, family=1, streams=2, mapping=b"\0\1")
    data = join(ogg([good, b"\x48\xff\xff\x00", good], head=head))
    found = make.records(data)
    assert [r.packet is None for r in found] == [False, False, True, True, False, False]
    assert [n.code for n in make.notices(data)] == ["multistream.malformed"]


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_multistream_of_the_real_encoder(channels: int) -> None:
    data = make.encoded("ogg", channels)
    with open_stream(io.BytesIO(data)) as stream:
        found = list(stream)
    parts = stream.info.parts
    assert parts == {1: 1, 2: 1, 6: 4}[channels]
    whole = [
        join_packets([r.packet or b"" for r in found[place : place + parts]])
        for place in range(0, len(found), parts)
    ]
    assert whole == make.demuxed(data)


def test_what_is_no_opus() -> None:
    for data in (
        join([Page(0, 5, 0, b"\x07", b"fishead", first=True)]),
        join([Page(0, 5, 0, b"\x09", b"OpusHead\x01", first=True)]),
        join(ogg(make.packets(3))[2:]),
    ):
        with pytest.raises(InputError) as caught:
            make.events(data)
        assert caught.value.code == "input.no_opus_track"


def test_too_many_streams_are_refused() -> None:
    pages = [Page(0, i, 0, b"\x01", b"x", first=True) for i in range(300)]
    with pytest.raises(InputError) as caught:
        make.events(join(pages))
    assert caught.value.code == "input.corrupt"


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        OpusHead(1, gain=-256, version=2),
        OpusHead(3, family=1, streams=2, coupled=1, mapping=b"\0\1\2"),
        OpusHead(255, family=255, streams=200, mapping=bytes(255)),
    ],
)
def test_heads_read_back(head: OpusHead) -> None:
    data = build_head(head)
    expected = head if head.family else replace(head, coupled=head.channels - 1)
    assert parse_head(data) == expected
    for cut in range(19):
        with pytest.raises(ParseError):
            parse_head(data[:cut])


def test_bad_heads_are_refused() -> None:
    good = build_head(HEAD)
    for bad in (
        good[:8] + b"\x10" + good[9:],  # another major version
        good[:9] + b"\0" + good[10:],  # no channels
        build_head(OpusHead(1, family=1, streams=0)),
        build_head(OpusHead(1, family=1, streams=1, coupled=2)),
        b"opushead" + good[8:],
    ):
        with pytest.raises(ParseError):
            parse_head(bad)


def test_granule_positions_before_the_start_are_told() -> None:
    pages = ogg(make.packets(20))
    pages[2] = Page(100, 77, 2, pages[2].lacing, pages[2].body)
    codes = [n.code for n in make.notices(join(pages))]
    assert codes == ["ogg.granule"]
    assert [r.timestamp_48k for r in make.records(join(pages))] == [960 * i for i in range(20)]
