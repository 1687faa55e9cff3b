"""What a receiver makes of losses: the codec's state after them, LBRR, and memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref.conceal import Log, play
from dredref.losses import drop_lost, parse_loss_model
from dredref.opusdecoder import LAG
from dredref.opusframes import OpusEncoder, OpusSettings
from dredref.opuslibrary import library
from dredref.receiver import vectors
from dredref.receiver.codec import DELAY, Codec
from dredref.receiver.line import FADE, Line
from dredref.receiver.receiver import Receiver, Settings
from dredref.receiver.resampling import REACH
from dredref.streams import Record, open_stream

ROOT = Path(__file__).parents[3]
STREAMS = ROOT / "spec" / "streams"
FRAME = 320
"""20 ms at 16 kHz."""

HELD = 40_000
"""Bytes that may be held more after 250 packets, whose samples alone take 160 kB."""

needs_library = pytest.mark.skipif(library() is None, reason="no libopus library")


def snr(due: np.ndarray, found: np.ndarray) -> float:
    """In dB."""
    noise = np.sum((due.astype(float) - found) ** 2)
    return float(10 * np.log10(np.sum(due.astype(float) ** 2) / max(noise, 1e-9)))


def packets(name: str, first: int = 0) -> list[bytes]:
    """The packets of a committed stream."""
    with open_stream(STREAMS / name) as stream:
        return [record.packet or b"" for record in stream][first:]


@needs_library
@pytest.mark.parametrize("name", ["v12-dred-500ms.bit", "v12-hybrid.bit"])
def test_a_taught_codec_goes_on_as_the_one_that_heard_it(name: str) -> None:
    """A decoder that is only taught what another played decodes the next packet almost alike."""
    given, line = packets(name), Line()
    whole = Codec(line, None)
    taught: list[float] = []
    blank: list[float] = []
    for place, packet in enumerate(given):
        end, before = line.known, line.before(line.known, 12 * FRAME)
        whole.decode(packet, 3 * FRAME)
        due = line.before(line.known, FRAME)
        if place < 16 or due.std() < 300:
            continue
        for found, teach in ((taught, True), (blank, False)):
            other = Line()
            codec = Codec(other, None)
            codec.decode(given[0], 3 * FRAME)
            other.receive(np.concatenate([np.zeros(end - FRAME - len(before), np.int16), before]))
            if teach:
                other.speak(end - FRAME, before[-FRAME:])
                other.fade(end, due[: FRAME // 2])
                codec.teach(end)
            codec.decode(packet, 3 * FRAME)
            found.append(snr(due[FADE:], other.before(other.known, FRAME)[FADE:]))
    assert len(taught) > 20
    assert np.median(taught) > 20
    assert np.median(blank) < 8


def test_the_codec_is_taught_past_the_fade() -> None:
    """What teaching looks ahead at is there, however short the fade is."""
    line = Line()
    line.receive(np.arange(FRAME, dtype=np.int16))
    line.speak(FRAME, np.full(FRAME, 1000, np.int16))
    line.receive(np.zeros(FRAME, np.int16))
    line.fade(2 * FRAME, np.arange(2000, 2160, dtype=np.int16))
    ahead = DELAY + REACH
    assert ahead > FADE
    found = line.before(2 * FRAME + ahead, FRAME + ahead)
    np.testing.assert_array_equal(found[:FRAME], 1000)
    np.testing.assert_array_equal(found[FRAME:], 2000 + np.arange(ahead))
    line.receive(np.full(FRAME, -7, np.int16))
    after = line.before(3 * FRAME, FRAME)
    assert (np.diff(after[:FADE].astype(int)) < 0).all()
    np.testing.assert_array_equal(after[FADE:], -7)


@needs_library
def test_lbrr_makes_isolated_losses_good() -> None:
    """Every fifth packet of speech with in-band FEC is lost: SNR in the lost frames, in dB."""
    pcm, _ = soundfile.read(ROOT / "vectors" / "audio" / "librivox-1.flac", dtype="int16")
    encoder = OpusEncoder(16_000, 1, OpusSettings(bitrate=40_000, loss=20, fec=True))
    given = list(encoder.encode(pcm[: len(pcm) // FRAME * FRAME, None]))
    lost = [place % 5 == 4 for place in range(len(given))]
    lost[-1] = False

    def heard(drop: bool, use: tuple[str, ...]) -> np.ndarray:
        receiver = Receiver(Settings(use=use, delay_ms=20))
        records = [
            Record(place, None if drop and lost[place] else packet, timestamp_48k=3 * FRAME * place)
            for place, packet in enumerate(given)
        ]
        return np.concatenate([receiver.pcm()[:, 0] for _ in receiver.play(records)])

    due = heard(False, ())
    inside = np.roll(np.repeat(lost, FRAME), LAG)[: len(due)]
    ratios = {
        use: snr(due[inside], heard(True, use)[inside]) for use in ((), ("plc",), ("lbrr", "plc"))
    }
    assert ratios["lbrr", "plc"] >= 12
    assert max(ratios[()], ratios[("plc",)]) < 5


def endless(count: int) -> Iterator[Record]:
    """A stream of many packets, some of them lost, that is nowhere held whole."""
    given = packets("v12-dred-200ms.bit", 20)[:40]
    records = (
        Record(place, given[place % 40], timestamp_48k=3 * FRAME * place) for place in range(count)
    )
    return drop_lost(records, parse_loss_model("random:2").draw(1))


@needs_library
@pytest.mark.parametrize("settings", [Settings(), Settings(48_000, 2, 60.0)])
def test_memory_does_not_grow(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Playing on holds no more, the log of losses aside."""
    monkeypatch.setattr(vectors, "KEPT", 2)
    log = Log()
    blocks = play(endless(800), settings, log)
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(3):
            for _ in islice(blocks, 250):
                pass
            log.losses.clear()
            log.runs.clear()
            gc.collect()  # what waits for it is not held
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < HELD, sizes
