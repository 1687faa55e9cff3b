"""Bit rates and durations by the time that passed, and by that of the audio."""

from __future__ import annotations

import io

import pytest

from dredref.scan import scan_stream
from dredref.streams import open_stream
from dredref.streams.tests import make
from dredref.summary import StreamSummary, add_to_summaries

TALK = 50
"""Packets of 20 ms before a pause, and behind it."""
PAUSE_S = 3.0


def call(clock_pause_s: float, arrival_pause_s: float) -> bytes:
    """A second of talk, a pause, and another second: by RTP's clock, and as it was captured."""
    packets = make.packets(2 * TALK)
    frames, times = [], []
    for place, packet in enumerate(packets):
        late = place >= TALK
        stamp = 960 * place + round(48000 * clock_pause_s) * late
        frames.append(make.ethernet(make.udp(make.rtp(packet, place, stamp))))
        times.append(100 + 0.02 * place + arrival_pause_s * late)
    return make.pcap(frames, times=times)


def summary_of(data: bytes) -> StreamSummary:
    """What is counted of the only stream."""
    summaries: dict[int, StreamSummary] = {}
    with open_stream(io.BytesIO(data)) as stream:
        for scan in scan_stream(stream.batches()):
            add_to_summaries(summaries, scan)
    assert list(summaries) == [0]
    return summaries[0]


@pytest.mark.parametrize(
    ("clock_pause_s", "arrival_pause_s", "elapsed_s", "by"),
    [
        (PAUSE_S, PAUSE_S, 2 + PAUSE_S, "capture"),
        (0.0, PAUSE_S, 2 + PAUSE_S, "capture"),
        (0.0, 0.0, 2.0, "capture"),
    ],
    ids=["pause by both clocks", "RTP's clock stands still", "no pause"],
)
def test_captured_live(
    clock_pause_s: float, arrival_pause_s: float, elapsed_s: float, by: str
) -> None:
    summary = summary_of(call(clock_pause_s, arrival_pause_s))
    told = summary.to_json()
    assert told["duration_ms"] == pytest.approx(2000)
    assert (told["elapsed_ms"], told["elapsed_by"]) == (pytest.approx(1000 * elapsed_s), by)
    assert told["bits_per_second"] == pytest.approx(8 * summary.bytes / elapsed_s)
    assert told["bits_per_audio_second"] == pytest.approx(8 * summary.bytes / 2)


def test_packets_that_were_captured_at_once_go_by_their_timestamps() -> None:
    packets = make.packets(TALK)
    frames = [make.ethernet(make.udp(one)) for one in make.call(packets)]
    told = summary_of(make.pcap(frames)).to_json()
    assert (told["elapsed_ms"], told["elapsed_by"]) == (pytest.approx(1000), "stream")


def test_the_sentence_says_which_time() -> None:
    """Rates by both times where they differ, and one where they do not."""
    for pause, beside in ((PAUSE_S, True), (0.0, False)):
        summary = summary_of(call(0.0, pause))
        summary.with_dred, summary.dred_bytes = 1, 100
        said = summary.answer()
        assert ("by time of the capture" in said) == beside
        assert ("by time of the audio" in said) == beside
        rates = (8 * 100 / (2 + pause), 8 * summary.bytes / (2 + pause))
        assert f"at {rates[0] / 1000:.1f} of {rates[1] / 1000:.1f} kb/s" in said


def test_a_stream_of_bare_packets_has_the_time_of_its_audio() -> None:
    lines = b"".join(b'{"packet": "%s"}\n' % one.hex().encode() for one in make.packets(10))
    told = summary_of(lines).to_json()
    assert told["elapsed_ms"] == pytest.approx(200)
    assert told["elapsed_by"] == "stream"
