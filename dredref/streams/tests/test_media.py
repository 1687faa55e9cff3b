"""WebM, Matroska and MP4 through PyAV."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import av
import pytest

from dredref.spec.errors import InputError, MissingExtraError
from dredref.streams import Record, open_stream
from dredref.streams.tests import inputs, make
from dredref.streams.tests.test_source import Trickle

KINDS = ["webm", "matroska", "mp4"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pipe", [False, True])
def test_packets_times_and_headers(kind: str, pipe: bool) -> None:
    data = make.encoded(kind)
    source = Trickle(data, 1000) if pipe else io.BytesIO(data)
    with open_stream(source) as stream:  # type: ignore[arg-type]
        found = list(stream)
    assert stream.container == ("mp4" if kind == "mp4" else "matroska")
    assert [r.packet for r in found] == make.demuxed(data)
    assert [r.timestamp_48k for r in found] == [960 * i for i in range(len(found))]
    assert sum(960 - r.discard_48k for r in found) - 312 == round(1.3 * 48000)
    assert (stream.info.channels, stream.info.pre_skip) == (1, 312)
    assert stream.info.head == make.demuxed_head(data)
    assert stream.notices == []


@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_multistream(kind: str) -> None:
    data = make.encoded(kind, 6)
    with open_stream(io.BytesIO(data)) as stream:
        found = list(stream)
    assert stream.info.parts == 4
    assert len(found) == 4 * len(make.demuxed(data))
    assert all(r.packet for r in found)


def remuxed(*sources: bytes, kind: str, opus: bool = True) -> bytes:
    """A file with the tracks of several, and one of another codec before them."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as output:
        other = output.add_stream("aac", rate=48000)
        inputs = [av.open(io.BytesIO(data), "r") for data in sources]
        tracks = [output.add_stream_from_template(given.streams[0]) for given in inputs]
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        frame.sample_rate = 48000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts = 0
        output.mux([*other.encode(frame), *other.encode(None)])
        for given, track in zip(inputs, tracks, strict=True):
            for packet in given.demux(0):
                if packet.size:
                    packet.stream = track
                    output.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["matroska", "mp4"])
def test_opus_tracks_among_others(kind: str) -> None:
    one, two = make.encoded("ogg"), make.encoded("ogg", 2)
    data = remuxed(one, two, kind=kind)
    with open_stream(io.BytesIO(data)) as stream:
        found = list(stream)
    assert [info.channels for info in stream.infos.values()] == [1, 2]
    assert [r.packet for r in found if r.stream == 0] == make.demuxed(one)
    assert [r.packet for r in found if r.stream == 1] == make.demuxed(two)
    assert [r.index for r in found] == list(range(len(found)))


@pytest.mark.parametrize("kind", ["matroska", "mp4"])
def test_no_opus_track(kind: str) -> None:
    with pytest.raises(InputError, match="only aac") as caught:
        open_stream(io.BytesIO(remuxed(kind=kind)))
    assert caught.value.code == "input.no_opus_track"


def test_a_track_that_ffmpeg_meets_on_the_way() -> None:
    """A transport stream in which one more track begins behind the first packets."""
    cells = bytearray(inputs.remuxed("mpegts"))
    starts = [at for at in range(0, len(cells), 188) if cells[at + 1 : at + 3] == b"\x41\x00"]
    cells[starts[-1] + 1 : starts[-1] + 3] = b"\x41\x06"
    with open_stream(io.BytesIO(bytes(cells))) as stream:
        assert len(list(stream)) == len(starts) - 1


def test_webm_that_breaks_off_is_told() -> None:
    data = make.encoded("webm")
    whole = make.demuxed(data)
    found = make.events(data[: len(data) // 2])
    got = [e.packet for e in found if isinstance(e, Record)]
    assert got[:-1] == whole[: len(got) - 1]
    assert 10 < len(got) < len(whole)
    assert [n.code for n in make.notices(data[: len(data) // 2])] == ["stream.truncated"]


def test_mp4_that_breaks_off() -> None:
    """With its index in front the packets that are there are read; without there is nothing."""
    data = make.encoded("mp4")
    with pytest.raises(InputError) as caught:
        open_stream(io.BytesIO(data[: len(data) // 2]))
    assert caught.value.code == "input.corrupt"
    file = io.BytesIO()
    with (
        av.open(io.BytesIO(data), "r") as given,
        av.open(file, "w", format="mp4", options={"movflags": "empty_moov+frag_every_frame"}) as to,
    ):
        track = to.add_stream_from_template(given.streams[0])
        for packet in given.demux():
            if packet.size:
                packet.stream = track
                to.mux(packet)
    fragmented = file.getvalue()
    assert [r.packet for r in make.records(fragmented)] == make.demuxed(data)
    half = make.records(fragmented[: len(fragmented) // 2])
    assert [r.packet for r in half][:20] == make.demuxed(data)[:20]


def test_nothing_of_ffmpeg_shows(tmp_path: Path) -> None:
    """A broken file gives one error, and not a word on standard output or error."""
    for kind in KINDS:
        data = bytearray(make.encoded(kind))
        for place in range(100, len(data), 211):
            data[place] ^= 0x5A
        (tmp_path / kind).write_bytes(data)
    script = (
        "import sys\n"
        "from dredref.streams import open_stream\n"
        "from dredref.spec.errors import InputError\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        for record in open_stream(path): pass\n"
        "    except InputError: pass\n"
    )
    paths = [str(tmp_path / kind) for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("module", "data", "extra"),
    [
        ("av", lambda: make.encoded("webm"), "containers"),
        ("av", lambda: make.encoded("mp4"), "containers"),
    ],
)
def test_missing_extras_are_named(
    monkeypatch: pytest.MonkeyPatch, module: str, data: object, extra: str
) -> None:
    content = data()  # type: ignore[operator]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"dredref\[{extra}\]"):
        open_stream(io.BytesIO(content))


def test_ogg_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    data = make.encoded("ogg")
    monkeypatch.setitem(sys.modules, "av", None)
    assert make.records(data)
