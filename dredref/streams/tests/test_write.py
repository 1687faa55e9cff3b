"""Writing streams, and reading them back."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dredref.spec.errors import BuildError, InputError, UsageError
from dredref.streams import (
    Record,
    StreamInfo,
    create_stream,
    expand_gaps,
    kind_of_output,
    open_stream,
)
from dredref.streams.clock import FRAME_48K, packet_duration_48k
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.record import Container
from dredref.streams.tests import make

KINDS: list[Container] = ["bit", "jsonl", "ogg", "pcap", "matroska"]
SUFFIX = {"bit": ".bit", "jsonl": ".jsonl", "ogg": ".opus", "pcap": ".pcap", "matroska": ".webm"}


def timed(packets: list[bytes | None], start: int = 0) -> list[Record]:
    """Records one after the other; a lost packet lasts as long as the one before."""
    made, at, duration = [], start, 960
    for index, packet in enumerate(packets):
        made.append(Record(index, packet, timestamp_48k=at))
        duration = packet_duration_48k(packet) if packet else duration
        at += duration
    return made


def write(path: Path, records: list[Record], info: StreamInfo | None = None) -> None:
    """Write a stream."""
    with create_stream(path, info=info) as writer:
        for record in records:
            writer.write(record)


def read(path: Path) -> list[Record]:
    """Read it."""
    options = {"payload_type": 111} if path.suffix == ".pcap" else {}
    with open_stream(path, **options) as stream:  # type: ignore[arg-type]
        return list(expand_gaps(stream))


frames = st.builds(
    lambda config, body: bytes([config << 3]) + body,
    st.integers(0, len(FRAME_48K) - 1),
    st.binary(min_size=2, max_size=300),
)
runs = st.lists(frames, min_size=4, max_size=60)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", ["bit", "jsonl", "ogg", "pcap"])
@given(packets=runs, lost=st.sets(st.integers(3, 56), max_size=8))
def test_records_read_back(tmp_path: Path, kind: str, packets: list[bytes], lost: set[int]) -> None:
    """What every kind can hold: packets of all lengths, losses inside, and times."""
    packets = [packets[0]] * 3 + packets + [packets[0]] * 2
    thinned: list[bytes | None] = [None if i in lost else p for i, p in enumerate(packets[:-2])]
    expected = timed([*thinned, *packets[-2:]])
    path = tmp_path / f"a{SUFFIX[kind]}"
    write(path, expected)
    found = read(path)
    if kind == "ogg":  # losses are told by time, in packets like the one before
        assert [(r.packet, r.timestamp_48k) for r in found if r.packet] == [
            (r.packet, r.timestamp_48k) for r in expected if r.packet
        ]
        assert any(r.packet is None for r in found) == bool(lost & set(range(len(packets) - 2)))
        return
    assert [r.packet for r in found] == [r.packet for r in expected]
    assert [r.index for r in found] == [r.index for r in expected]
    times = [(r.timestamp_48k, e.timestamp_48k) for r, e in zip(found, expected, strict=True)]
    assert all(r == e or (r is None and kind == "pcap") for r, e in times)


@pytest.mark.parametrize("kind", KINDS)
def test_loss_of_equal_packets_reads_back_everywhere(tmp_path: Path, kind: str) -> None:
    packets: list[bytes | None] = [*make.packets(150)]
    for place in (0, 1, 70, 100, 101, 102) if kind in ("bit", "jsonl", "ogg") else (70, 100, 101):
        packets[place] = None
    expected = timed(packets)
    path = tmp_path / f"a{SUFFIX[kind]}"
    write(path, expected)
    found = read(path)
    if kind == "matroska":  # knows no loss: only times tell of it
        expected = [r for r in expected if r.packet]
        assert [(r.packet, r.timestamp_48k) for r in found] == [
            (r.packet, r.timestamp_48k) for r in expected
        ]
    else:
        assert [r.packet for r in found] == packets
        if kind != "bit":  # which states no time, and cannot know it before the first packet
            known = 2 if kind == "ogg" else 0  # times in a gap follow from the packet before it
            assert [r.timestamp_48k for r in found][known:] == [r.timestamp_48k for r in expected][
                known:
            ]


@pytest.mark.parametrize("source", ["ogg", "webm", "mp4"])
@pytest.mark.parametrize("kind", KINDS)
def test_conversion_keeps_packets_times_and_headers(tmp_path: Path, source: str, kind: str) -> None:
    path = tmp_path / f"a{SUFFIX[kind]}"
    with open_stream(io.BytesIO(make.encoded(source, 2))) as stream:
        info, records = stream.info, list(stream)
    write(path, records, info)
    with open_stream(path) as stream:
        found = list(stream)
    assert stream.notices == []
    if kind in ("bit", "pcap"):
        records = [replace(record, discard_48k=0) for record in records]
    assert [replace(r, final_range=None, rtp=None) for r in found] == records
    if kind in ("ogg", "matroska"):
        assert stream.info.head == info.head
        assert (stream.info.pre_skip, stream.info.channels) == (312, 2)
    if kind == "ogg" and source == "ogg":
        assert path.read_bytes() == make.encoded("ogg", 2)


def test_final_ranges_go_into_bit_files(tmp_path: Path) -> None:
    records = [Record(0, b"\x48ab", timestamp_48k=0, final_range=0xDEADBEEF)]
    records += [Record(1, None, timestamp_48k=960, final_range=5)]
    write(tmp_path / "a.bit", records)
    assert read(tmp_path / "a.bit") == records


def test_ogg_headers_are_those_given(tmp_path: Path) -> None:
    head = build_head(OpusHead(1, pre_skip=120, input_rate=16000, gain=-3))
    tags = build_tags("me", ("TITLE=a", "ARTIST=b"))
    info = StreamInfo(0, "ogg", head=head, tags=tags, track=99)
    write(tmp_path / "a.opus", timed([*make.packets(5)]), info)
    with open_stream(tmp_path / "a.opus") as stream:
        assert (stream.info.head, stream.info.tags, stream.info.track) == (head, tags, 99)
        assert (stream.info.pre_skip, stream.info.input_rate) == (120, 16000)


def test_ogg_pages_last_a_second_at_most(tmp_path: Path) -> None:
    write(tmp_path / "a.opus", timed([*make.packets(220)]))
    data = (tmp_path / "a.opus").read_bytes()
    assert data.count(b"OggS") == 2 + 5


def test_ogg_of_many_tiny_packets_and_of_long_ones(tmp_path: Path) -> None:
    packets: list[bytes | None] = [b"\xe0a"] * 600  # 2.5 ms each: 255 fill a page
    packets += [b"\x48" + bytes(70000)] * 2
    expected = timed(packets)
    write(tmp_path / "a.opus", expected)
    assert read(tmp_path / "a.opus") == expected


def test_multistream_goes_through_ogg(tmp_path: Path) -> None:
    data = make.encoded("ogg", 6)
    with open_stream(io.BytesIO(data)) as stream:
        info, records = stream.info, list(stream)
    write(tmp_path / "a.opus", records, info)
    assert (tmp_path / "a.opus").read_bytes() == data
    with pytest.raises(BuildError, match="one stream"):
        write(tmp_path / "a.bit", records, info)
    with pytest.raises(BuildError, match="multistream"):
        write(tmp_path / "a.webm", records, info)
    write(tmp_path / "a.jsonl", records, info)
    assert [(r.stream, r.packet) for r in read(tmp_path / "a.jsonl")] == [
        (r.stream, r.packet) for r in records
    ]


def test_several_streams_in_one_capture(tmp_path: Path) -> None:
    one, two = make.packets(20, seed=1), make.packets(20, seed=2)
    records = []
    for a, b in zip(one, two, strict=True):
        records += [Record(0, a, stream=4), Record(0, b, stream=5)]
    write(tmp_path / "a.pcap", records)
    with open_stream(tmp_path / "a.pcap") as stream:
        found = list(stream)
    assert [r.packet for r in found if r.stream == 0] == one
    assert [r.packet for r in found if r.stream == 1] == two
    assert len({info.ssrc for info in stream.infos.values()}) == 2


@pytest.mark.parametrize("kind", ["bit", "ogg", "pcap", "matroska"])
def test_only_packets_fit(tmp_path: Path, kind: str) -> None:
    with pytest.raises(BuildError) as caught:
        write(tmp_path / f"a{SUFFIX[kind]}", [Record(0, b"x", "dred_payload", version=12)])
    assert caught.value.code == "output.kind"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="lost one"):
        write(tmp_path / "a.bit", [Record(0, b"")])
    with pytest.raises(BuildError, match="datagram"):
        write(tmp_path / "a.pcap", [Record(0, b"\x48" + bytes(70000))])
    with pytest.raises(UsageError, match="kind of stream"):
        kind_of_output("a.xyz")
    with pytest.raises(UsageError, match="can be read, not made"):
        create(tmp_path / "a.mp4")
    with pytest.raises(InputError) as caught:
        write(tmp_path / "none" / "a.bit", [])
    assert caught.value.code == "output.unwritable"
    assert list(tmp_path.iterdir()) == []


def create(path: Path) -> None:
    """Ask for a kind that can only be read."""
    with create_stream(path, "mp4"):
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_leaves_what_was_there(tmp_path: Path, kind: Container) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def fail() -> None:
        with create_stream(path, kind) as writer:
            for record in timed([*make.packets(80)]):
                writer.write(record)
            raise KeyError("midway")

    with pytest.raises(KeyError):
        fail()
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", ["bit", "jsonl", "ogg", "pcap"])
def test_standard_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: Container) -> None:
    records = timed([*make.packets(30)])
    write(tmp_path / f"a{SUFFIX[kind]}", records)
    caught = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(caught))
    with create_stream("-", kind) as writer:
        for record in records:
            writer.write(record)
    assert caught.getvalue() == (tmp_path / f"a{SUFFIX[kind]}").read_bytes()


def test_times_that_webm_cannot_hold(tmp_path: Path) -> None:
    records = timed([*make.packets(30)])
    records[20] = replace(records[20], timestamp_48k=0)
    with pytest.raises(BuildError) as caught:
        write(tmp_path / "a.webm", records)
    assert caught.value.code == "output.mux"
    assert list(tmp_path.iterdir()) == []
