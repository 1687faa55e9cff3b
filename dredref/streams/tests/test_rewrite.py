"""Rewriting streams: other packets, all else as it was."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import dpkt
import pytest

from dredref.spec.errors import BuildError, DredError, InputError, UsageError
from dredref.spec.packet import build_packet, parse_packet, with_padding
from dredref.streams import Notice, Record, StreamInfo, open_stream, rewrite_stream
from dredref.streams.capture.files import Frame, read_frames
from dredref.streams.capture.layers import dissect
from dredref.streams.capture.segment import Segment
from dredref.streams.multistream import delimit_packet
from dredref.streams.oggpage import Page, build_page, build_pages
from dredref.streams.opushead import OpusHead
from dredref.streams.record import Event
from dredref.streams.source import Source
from dredref.streams.tests import make
from dredref.streams.tests.test_media import remuxed
from dredref.streams.tests.test_ogg import join, ogg, pages_of


def same(record: Record) -> bytes:
    """The packet as it is."""
    assert record.packet is not None
    return record.packet


def padded(record: Record) -> bytes:
    """The packet with padding that tells its index."""
    area = b"\x02" + record.index.to_bytes(4, "big") * 50
    return build_packet(with_padding(parse_packet(same(record)), area))


def rewrite(data: bytes, tmp_path: Path, transform: Any = same) -> tuple[bytes, list[Event]]:
    """Rewrite bytes; the result and what was observed."""
    seen: list[Event] = []
    target = tmp_path / "out"
    rewrite_stream(io.BytesIO(data), target, transform, seen.append)
    return target.read_bytes(), seen


def compare(before: bytes, after: bytes, transform: Any = padded) -> None:
    """All that is read is equal, but for the packets, which are transformed."""
    found, expected = make.events(after), make.events(before)
    assert len(found) == len(expected)
    for one, two in zip(expected, found, strict=True):
        if isinstance(one, Record) and isinstance(two, Record) and one.packet is not None:
            assert two.packet == transform(one)
            one = two
        assert one == two


def test_bit(tmp_path: Path) -> None:
    data = b"".join(
        len(p).to_bytes(4, "big") + i.to_bytes(4, "big") + p
        for i, p in enumerate([*make.packets(20), b"", *make.packets(3)])
    )
    assert rewrite(data, tmp_path)[0] == data
    after, seen = rewrite(data, tmp_path, padded)
    compare(data, after)
    assert [e.index for e in seen if isinstance(e, Record)] == [20]
    assert len([e for e in seen if isinstance(e, StreamInfo)]) == 1


def test_json_lines_keep_their_other_keys(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"id": "ä", "packet": "4801", "nested": {"a": [1, None]}},
        {"packet": None, "final_range": 3},
        {"version": 12, "dred_payload": "00ff", "note": "x"},
    ]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    after, seen = rewrite(data, tmp_path, lambda record: same(record) + b"\xaa")
    lines[0]["packet"], lines[2]["dred_payload"] = "4801aa", "00ffaa"
    assert [json.loads(line) for line in after.splitlines()] == lines
    assert [e.index for e in seen if isinstance(e, Record)] == [1]


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_ogg_of_the_real_encoder_is_copied_exactly(tmp_path: Path, channels: int) -> None:
    data = make.encoded("ogg", channels)
    assert rewrite(data, tmp_path)[0] == data
    after, _ = rewrite(data, tmp_path, padded)
    compare(data, after)
    assert {page.granule for page in pages_of(data)} <= {page.granule for page in pages_of(after)}


def test_ogg_there_and_back(tmp_path: Path) -> None:
    """Larger packets and then those from before give the very same file."""
    data = make.encoded("ogg", 2)
    after, _ = rewrite(data, tmp_path, padded)
    assert len(after) > len(data) + 50 * 200
    originals = make.demuxed(data)
    assert rewrite(after, tmp_path, lambda record: originals[record.index])[0] == data


def test_ogg_pages_that_overflow_are_divided(tmp_path: Path) -> None:
    data = join(ogg([b"\xe0ab"] * 500, per_page=250, trim=50))

    def grown(record: Record) -> bytes:
        return same(record) + bytes(700)

    after, _ = rewrite(data, tmp_path, grown)
    compare(data, after, grown)
    pages = pages_of(after)
    assert len(pages) > len(pages_of(data))
    assert [page.sequence for page in pages] == list(range(len(pages)))
    granules = [page.granule for page in pages]
    assert granules == sorted(granules)
    assert {page.granule for page in pages_of(data)} <= set(granules)


def test_ogg_packets_across_pages(tmp_path: Path) -> None:
    data = join(ogg([b"\x48" + bytes([i]) * 70_000 for i in range(3)], per_page=3))
    after, _ = rewrite(data, tmp_path, lambda record: same(record)[:100])
    assert [r.packet for r in make.records(after)] == [b"\x48" + bytes([i]) * 99 for i in range(3)]
    assert [r.timestamp_48k for r in make.records(after)] == [0, 960, 1920]
    assert not make.notices(after)


def test_ogg_keeps_other_streams_and_chains(tmp_path: Path) -> None:
    other = [Page(0, 5, 0, b"\x07", b"fishead", first=True), Page(0, 5, 1, b"\x02", b"ab")]
    pages = ogg([b"\xe0ab"] * 250, per_page=250)
    data = join([other[0], *pages[:2], other[1], *pages[2:]]) + join(ogg(make.packets(15)))
    assert rewrite(data, tmp_path)[0] == data
    after, _ = rewrite(data, tmp_path, lambda record: same(record) + bytes(300))
    assert all(build_page(page) in after for page in other)
    assert not make.notices(after)
    assert [r.timestamp_48k for r in make.records(after)] == [
        r.timestamp_48k for r in make.records(data)
    ]


def test_ogg_keeps_its_gaps(tmp_path: Path) -> None:
    pages = [build_page(page) for page in ogg(make.packets(50))]
    pages[3] = b""
    data = b"".join(pages)
    after, seen = rewrite(data, tmp_path, padded)
    compare(data, after)
    assert [e.code for e in seen if isinstance(e, Notice)] == ["ogg.gap"]
    assert [e.count for e in seen if isinstance(e, Record)] == [10]


def test_ogg_with_an_empty_last_page(tmp_path: Path) -> None:
    pages = ogg(make.packets(20))
    pages[-1] = build_pages([(make.packets(20)[i], 960 * (i + 1)) for i in range(10, 20)], 77, 3)[0]
    for granule in (960 * 20, -1):
        data = join([*pages, Page(granule, 77, 4, b"", b"", last=True)])
        assert rewrite(data, tmp_path)[0] == data


def test_ogg_multistream_that_does_not_split_is_left_alone(tmp_path: Path) -> None:
    good = delimit_packet(make.packets(1)[0]) + make.packets(1)[0]
    head = OpusHead(channels=2, family=1, streams=2, mapping=b"\0\1")
    data = join(ogg([good, b"\x48\xff\xff\x00", good], head=head))
    after, _ = rewrite(data, tmp_path, padded)
    found = pages_of(after)[2].body
    assert b"\x48\xff\xff\x00" in found
    with pytest.raises(BuildError) as caught:
        rewrite(data, tmp_path, lambda record: b"\x48" + bytes(2000))
    assert caught.value.code == "output.multistream"


def test_ogg_with_headers_and_audio_on_a_page_is_refused(tmp_path: Path) -> None:
    pages = ogg(make.packets(20))
    tags = pages[1]
    both = Page(960, 77, 1, tags.lacing + b"\x05", tags.body + b"\x48abcd")
    with pytest.raises(InputError) as caught:
        rewrite(join([pages[0], both, *pages[2:]]), tmp_path)
    assert caught.value.code == "input.ogg_layout"


def described(data: bytes) -> tuple[Any, ...]:
    """All that PyAV tells of a file."""
    with av.open(io.BytesIO(data), "r") as container:
        tracks = [
            (
                track.type,
                track.time_base,
                track.metadata,
                bytes(track.codec_context.extradata or b""),
                track.disposition,
            )
            for track in container.streams
        ]
        packets = [
            (
                packet.stream.index,
                packet.pts,
                packet.dts,
                packet.duration,
                packet.is_keyframe,
                [(item.data_type, bytes(item)) for item in packet.iter_sidedata()],
            )
            for packet in container.demux()
        ]
        return dict(container.metadata), tracks, packets


@pytest.mark.parametrize("kind", ["webm", "matroska", "mp4"])
def test_media(tmp_path: Path, kind: str) -> None:
    data = make.encoded(kind, 2)
    after, _ = rewrite(data, tmp_path, padded)
    compare(data, after)
    assert described(after) == described(data)
    if kind != "mp4":
        name = kind.encode()
        assert name in after[:64]


@pytest.mark.parametrize("kind", ["matroska", "mp4"])
def test_media_keeps_other_tracks(tmp_path: Path, kind: str) -> None:
    data = remuxed(make.encoded("ogg"), make.encoded("ogg", 6), kind=kind)
    after, _ = rewrite(data, tmp_path, padded)
    compare(data, after)
    assert described(after) == described(data)


def with_timecode() -> bytes:
    """An MP4 with Opus, video and the track of timecodes that goes with it."""
    file = io.BytesIO()
    with (
        av.open(io.BytesIO(make.encoded("mp4")), "r") as given,
        av.open(file, "w", format="mp4") as made,
    ):
        sound = made.add_stream_from_template(given.streams[0])
        video = made.add_stream("mpeg4", rate=25)
        video.width = video.height = 32
        video.metadata["timecode"] = "01:00:00:00"
        for _ in range(5):
            made.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
        made.mux(video.encode())
        for packet in given.demux():
            if packet.size:
                packet.stream = sound
                made.mux(packet)
    return file.getvalue()


def test_media_names_a_track_that_it_cannot_copy(tmp_path: Path) -> None:
    """A timecode track (public case: strip ended in FFmpeg's own error)."""
    data = with_timecode()
    after, seen = rewrite(data, tmp_path, padded)
    told = [one for one in seen if isinstance(one, Notice) and one.code == "media.track"]
    assert ["track 2 (data)" in one.detail for one in told] == [True]
    opus = [one for one in make.events(data) if isinstance(one, Record)]
    assert len(opus) == sum(isinstance(one, Record) for one in make.events(after)) > 10


def test_media_with_half_milliseconds(tmp_path: Path) -> None:
    """Packets of 2.5 ms have times that milliseconds cannot tell: rounding must not wander."""
    file = io.BytesIO()
    with (
        av.open(io.BytesIO(make.encoded("ogg")), "r") as given,
        av.open(file, "w", format="webm") as made,
    ):
        track = made.add_stream_from_template(given.streams[0])
        for place in range(800):
            packet = av.Packet(b"\xe0" + place.to_bytes(2, "big"))
            packet.stream, packet.time_base = track, Fraction(1, 48000)
            packet.pts = packet.dts = 120 * place - 312
            made.mux(packet)
    data = file.getvalue()
    assert [r.timestamp_48k for r in make.records(data)] == [120 * i for i in range(800)]
    after, _ = rewrite(data, tmp_path, padded)
    compare(data, after)


def call_frames(**more: Any) -> list[bytes]:
    """Frames of a call in which much happens, among other traffic."""
    packets = make.packets(120)
    sent = [
        make.rtp(data, 100 + i, 7000 + 960 * i, csrc=2, extension=bytes(8), padding=5)
        for i, data in enumerate(packets)
    ]
    for place in (40, 41):
        sent[place] = make.rtp(b"\x01\x0a\x00\xa0", 100 + place, 7000, payload_type=101)
    sent[20:22] = sent[21], sent[20]
    sent.insert(31, sent[30])
    sent.insert(100, sent[99])
    sent.append(sent.pop(15))  # far too late
    del sent[50:53]
    other = make.ethernet(make.udp(b"something else entirely", port=53))
    frames = [make.ethernet(make.udp(data, **more), tags=[7], pad=3) for data in sent]
    return [frame for pair in zip(frames, [other] * len(frames), strict=True) for frame in pair]


@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("kind", ["<", ">", "pcapng"])
def test_captures(tmp_path: Path, kind: str, v6: bool) -> None:
    frames = call_frames(v6=v6)
    if kind == "pcapng":
        comment = b"\x01\0\x03\0abc\0" + bytes(4)
        blocks = []
        for frame in frames:
            block = make.enhanced(frame)
            blocks.append(make.block(6, block[8:-4] + comment))
        data = make.section() + make.interface(1, snap=1500) + make.block(5, b"statistics")
        data += b"".join(blocks)
    else:
        data = make.pcap(frames, order=kind)
    same_after, _ = rewrite(data, tmp_path)
    assert same_after[:24] == data[:24]
    assert len(same_after) == len(data)
    if kind != "pcapng":  # which allowed too short frames
        assert same_after == data
    after, seen = rewrite(data, tmp_path, padded)
    compare(data, after)
    codes = {e.code for e in seen if isinstance(e, Notice)}
    assert codes == {"rtp.reordered", "rtp.duplicate", "rtp.late", "rtp.gap"}
    check_frames(data, after, len(frames))


def check_frames(before: bytes, after: bytes, count: int) -> None:
    """Frames stay in order; all but Opus stay as they were; checksums and lengths are right."""
    old, new = (list(read_frames(Source(io.BytesIO(d), "x"))) for d in (before, after))
    assert len(old) == len(new) == count
    changed = 0
    for one, two in zip(old, new, strict=True):
        assert isinstance(one, Frame)
        assert isinstance(two, Frame)
        if one == two:
            continue
        changed += 1
        assert (one.link, one.cut, one.data[:18]) == (two.link, two.cut, two.data[:18])
        assert one.data[-3:] == two.data[-3:]
        a, b = dissect(one.link, one.data), dissect(two.link, two.data)
        assert isinstance(a, Segment)
        assert isinstance(b, Segment)
        assert a.flow == b.flow
        assert a.payload[:32] == b.payload[:32]  # RTP header, sources, extension
        assert a.payload[-5:] == b.payload[-5:]  # RTP padding
        ip = (dpkt.ip6.IP6 if two.data[18] >> 4 == 6 else dpkt.ip.IP)(two.data[18:])
        checksum, ip.data.sum, ip.sum = ip.data.sum, 0, 0
        assert bytes(ip) == two.data[18:-3]
        assert checksum != 0
    assert changed == 120 - 2 - 3 - 1 + 2  # events, losses and a late one less, two twins more


def test_captures_wait_for_no_more_than_they_must(tmp_path: Path) -> None:
    """A source that is never settled does not hold up all that follows it."""
    opening = make.ethernet(make.udp(make.rtp(b"\x48ab", 1, 1, ssrc=3)))
    other = make.ethernet(make.udp(bytes(40), port=53))
    call = [make.ethernet(make.udp(d)) for d in make.call(make.packets(30))]
    data = make.pcap([opening, *[other] * 9000, *call])
    after, _ = rewrite(data, tmp_path, padded)
    compare(data, after)


def test_captures_without_opus(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        rewrite(make.pcap([make.ethernet(make.udp(bytes(40)))]), tmp_path)
    assert caught.value.code == "input.no_rtp"
    with pytest.raises(BuildError) as refused:
        rewrite(make.pcap(call_frames()), tmp_path, lambda record: b"\x48" + bytes(65500))
    assert refused.value.code == "output.datagram"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["ogg", "webm", "mp4", "bit"])
def test_a_failing_transform_leaves_nothing(tmp_path: Path, kind: str) -> None:
    data = make.encoded(kind) if kind != "bit" else b"\0\0\0\3\0\0\0\0\x48ab" * 20

    def fail(record: Record) -> bytes:
        if record.index == 9:
            raise DredError("test.fails", "on purpose")
        return same(record)

    with pytest.raises(DredError) as caught:
        rewrite(data, tmp_path, fail)
    assert caught.value.code == "test.fails"
    assert list(tmp_path.iterdir()) == []


def test_what_holds_no_opus(tmp_path: Path) -> None:
    for data in (join([Page(0, 5, 0, b"\x07", b"fishead", first=True)]), remuxed(kind="mp4")):
        with pytest.raises(InputError) as caught:
            rewrite(data, tmp_path)
        assert caught.value.code == "input.no_opus_track"
    assert list(tmp_path.iterdir()) == []


def test_records_are_those_of_reading(tmp_path: Path) -> None:
    """A transform sees just what `open_stream` delivers."""
    for data in (make.encoded("ogg", 6), make.encoded("webm")):
        seen: list[Record] = []

        def note(record: Record, seen: list[Record] = seen) -> bytes:
            seen.append(record)
            return same(record)

        rewrite(data, tmp_path, note)
        with open_stream(io.BytesIO(data)) as stream:
            assert seen == list(stream)


def test_what_is_no_stream_is_told_as_that(tmp_path: Path) -> None:
    """Not as media, which bytes are tried as when they are nothing else."""
    with pytest.raises(InputError, match="begins with the bytes") as caught:
        rewrite_stream(io.BytesIO(b"\xfc\x9a\x8a\x1b" * 300), tmp_path / "a.bit", padded)
    assert caught.value.code == "input.unknown"


def test_a_name_of_another_kind_is_refused(tmp_path: Path) -> None:
    source, target = tmp_path / "in.bit", tmp_path / "out.ogg"
    source.write_bytes(bytes([0, 0, 0, 1, 0, 0, 0, 0, 0x48]))
    with pytest.raises(UsageError) as caught:
        rewrite_stream(source, target, lambda record: record.packet or b"")
    assert caught.value.code == "output.kind"
    assert not target.exists()


def test_ogg_without_a_first_page(tmp_path: Path) -> None:
    """An OpusHead whose page is not flagged as the first is read, so it is rewritten as well."""
    pages = ogg(make.packets(12), per_page=5)
    data = join([replace(pages[0], first=False), *pages[1:]])
    compare(data, rewrite(data, tmp_path, padded)[0])
