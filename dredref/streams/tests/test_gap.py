"""A gap costs a number: however many packets are missing, it is one record."""

from __future__ import annotations

import io

import pytest

from dredref.spec.errors import InputError
from dredref.streams import Record, expand_gaps, open_stream
from dredref.streams.gap import LOST_AT_FIRST, LOST_EACH
from dredref.streams.oggpage import Page, build_page
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.tests import make

JUMP = 2900
"""Packets missing in each gap."""


def rtp_gaps(count: int) -> bytes:
    """A capture of one source that loses `JUMP` packets after each one it sends."""
    sent = [
        make.rtp(packet, place * (JUMP + 1), place * (JUMP + 1) * 960)
        for place, packet in enumerate(make.packets(count))
    ]
    regular = make.call(make.packets(10), first=0xFFF0, start=-16 * 960)
    return make.pcap([make.ethernet(make.udp(one)) for one in regular + sent])


def ogg_gaps(count: int, streams: int = 1) -> bytes:
    """Ogg whose page numbers and granule positions leap, for a number of streams."""
    head = build_head(OpusHead(channels=1))
    data = b""
    for serial in range(streams):
        data += build_page(Page(0, serial, 0, bytes([len(head)]), head, first=True))
    for serial in range(streams):
        tags = build_tags()
        data += build_page(Page(0, serial, 1, bytes([len(tags)]), tags))
        for place in range(count):
            end = 960 * (JUMP + 1) * (place + 1)
            data += build_page(Page(end, serial, 2 + 2 * place, b"\2", b"\x48\1"))
    return data


@pytest.mark.parametrize(
    ("data", "received"),
    [(rtp_gaps(50), 60), (ogg_gaps(50), 50), (ogg_gaps(5, 40), 200)],
    ids=["rtp", "ogg", "ogg of many streams"],
)
def test_gaps_are_one_record_each(data: bytes, received: int) -> None:
    with open_stream(io.BytesIO(data)) as stream:
        records = list(stream)
    packets = [record for record in records if record.packet is not None]
    gaps = [record for record in records if record.packet is None]
    assert len(packets) == received
    assert len(gaps) <= received
    assert sum(gap.count for gap in gaps) > JUMP * (len(gaps) // 2)
    index = 0
    for record in records:
        assert record.index == index
        index += record.count


def test_gaps_are_taken_apart_on_demand() -> None:
    gap = Record(1, None, timestamp_48k=960, count=3)
    records = [Record(0, b"\x48\1", timestamp_48k=0), gap, Record(4, b"\x48\1")]
    singles = list(expand_gaps(records))
    assert [one.index for one in singles] == [0, 1, 2, 3, 4]
    assert [one.timestamp_48k for one in singles] == [0, 960, 1920, 2880, None]
    assert all(one.count == 1 for one in singles)


def test_taking_gaps_apart_stays_linear() -> None:
    whole = Record(0, b"\x48\1")
    most = Record(1, None, count=LOST_AT_FIRST + LOST_EACH + 1)
    assert sum(1 for _ in expand_gaps([whole, most])) == 1 + most.count
    with pytest.raises(InputError) as caught:
        list(expand_gaps([whole, most, Record(0, None, count=2)]))
    assert caught.value.code == "input.gaps"
