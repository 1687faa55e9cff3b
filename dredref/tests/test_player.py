"""The line that is heard: codec, vocoder over it, and the codec taught what was spoken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dredref.analysis.analyser import FeatureAnalyser, from_int16, to_float32
from dredref.opusdecoder import LAG
from dredref.player import Features, Player
from dredref.streams import open_stream

STREAMS = Path(__file__).parents[2] / "spec" / "streams"
FRAME = 320
"""20 ms at 16 kHz."""
LOST = 36
"""The packet that is lost, in loud speech."""


def packets(name: str = "v12-dred-500ms.bit", count: int = 50) -> list[bytes]:
    """The first packets of a stream of 20 ms."""
    with open_stream(STREAMS / name) as stream:
        return [record.packet for record in stream if record.packet is not None][:count]


def features() -> Features:
    """Vectors of what is heard without losses: vector n is spoken best in the 10 ms from n on."""
    pcm = played(lost=[])
    padded = np.concatenate([pcm[LAG:], np.zeros(160 + LAG, np.int16)])
    rows = to_float32(FeatureAnalyser(1).analyse(from_int16(padded)[None]))[0]
    return np.asarray(rows[1:])


def played(lost: list[int], vectors: Features | None = None, teach: bool = True) -> np.ndarray:
    """The line with packets lost, which ``vectors`` are spoken for."""
    given = packets()
    player = Player(len(given) * FRAME)
    for index, packet in enumerate(given):
        if index not in lost:
            player.packet(packet, 960)
            continue
        player.nothing(960)
        if vectors is not None:
            player.speak(index * FRAME, index * FRAME + FRAME, vectors[2 * index - 2 :][:5])
            if teach:
                player.teach(index * FRAME + FRAME)
    player.end()
    return player.pcm


def test_silk_still_holds_the_last_samples_when_packets_stop() -> None:
    """The speech of a packet ends ``LAG`` samples after its time, whatever follows."""
    difference = np.abs(played([]).astype(int) - played([LOST]))
    end = LOST * FRAME + LAG
    assert difference[: end - 6].max() < 60
    assert difference[end + 40 : end + 600].max() > 600


def test_speech_takes_its_place_and_no_more() -> None:
    bare, spoken = played([LOST]), played([LOST], features(), teach=False)
    start, end = LOST * FRAME + LAG, (LOST + 1) * FRAME + LAG + 160
    np.testing.assert_array_equal(spoken[:start], bare[:start])
    np.testing.assert_array_equal(spoken[end:], bare[end:])
    assert (spoken != bare)[start:end].mean() > 0.9


def test_the_end_of_a_fade_may_be_the_start_of_a_loss() -> None:
    """One packet of 20 ms between two losses: both are spoken, the second over the first's end."""
    vectors = features()
    both, first = played([LOST, LOST + 2], vectors), played([LOST], vectors)
    again = (LOST + 2) * FRAME + LAG
    np.testing.assert_array_equal(both[: again - 20], first[: again - 20])
    assert both[again : again + FRAME].any()


def test_a_codec_that_was_taught_is_nearer_to_what_would_have_been() -> None:
    """In the 60 ms after a loss, over several places."""
    whole = played([]).astype(float)
    vectors = features()
    apart = {True: 0.0, False: 0.0}
    for lost in range(32, 42):
        start = (lost + 1) * FRAME + 160
        for teach in apart:
            error = played([lost], vectors, teach)[start : start + 3 * FRAME] - whole[start:][:960]
            apart[teach] += float(np.sum(error**2))
    assert apart[True] < 0.8 * apart[False]


@pytest.mark.parametrize("name", ["v12-rate-8k.bit", "v12-hybrid.bit", "v12-stereo.bit"])
def test_other_packets_are_not_taught(name: str) -> None:
    given = packets(name)
    player = Player(len(given) * FRAME)
    decoded: list[bytes] = []
    for packet in given[:LOST]:
        player.packet(packet, 960)
    player.nothing(960)
    player.speak(LOST * FRAME, LOST * FRAME + FRAME, features()[2 * LOST - 2 :][:5])
    player._decoder.decode = decoded.append  # type: ignore[assignment, method-assign]
    player.teach(LOST * FRAME + FRAME)
    assert decoded == []
