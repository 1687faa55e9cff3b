"""Every checker accepts the right answer and rejects corrupted ones, naming the place."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.conformance.checkers import Answer, Refusal, check, describe
from dredref.conformance.checkers.alignment import DredFeatures
from dredref.conformance.checkers.encoded import judge_stream
from dredref.conformance.outcome import Verdict
from dredref.dtx import dtx_packet
from dredref.payload.insert import ParsedPacket, strip_dred
from dredref.streams import open_stream
from dredref.vectors.blob import Blob
from dredref.vectors.model import (
    Audio,
    Encoded,
    Exact,
    Expected,
    Features,
    Input,
    PacketInput,
    PayloadInput,
    Reject,
    Survive,
    Vector,
)

CBR = Path(__file__).parents[3] / "spec" / "streams" / "v12-cbr.bit"


def ask(
    expected: Expected, reply: Answer | Refusal, *, operation: str = "payload", codes: bool = False
) -> Verdict:
    """Judge a reply to a vector whose input does not matter."""
    given: Input = PayloadInput(payload=Blob(inline=b""))
    if operation == "packet":
        given = PacketInput(Blob(inline=b""))
    vector = Vector(f"{operation}.test", operation, "t", (), (), "MUST", (), 12, given, expected)
    return check(vector, reply, codes=codes)


DRED: dict[str, Any] = {
    "dred": {
        "version": 12,
        "frame": 0,
        "q0": 6,
        "dQ": 2,
        "qmax": 15,
        "offset": 8,
        "extra_offset": 0,
        "dred_offset": 8,
        "nb_chunks": 2,
        "state": [0, -1, 2],
        "chunks": [
            {"level": 6, "bits": 10.5, "latents": [1, 0, -3]},
            {"level": 6, "bits": 7, "latents": [0, 0, 4]},
        ],
        "bits_used": 40.125,
        "bits_total": 48,
    }
}

CORRUPTIONS: list[tuple[list[str | int], Any, str, int | None, int | None]] = [
    (["dred"], None, "dred", None, None),
    (["dred", "version"], 10, "dred.version", None, None),
    (["dred", "q0"], 7, "dred.q0", None, None),
    (["dred", "dred_offset"], -8, "dred.dred_offset", None, None),
    (["dred", "dred_offset"], "8", "dred.dred_offset", None, None),
    (["dred", "dred_offset"], True, "dred.dred_offset", None, None),
    (["dred", "nb_chunks"], 1, "dred.nb_chunks", None, None),
    (["dred", "state", 1], 1, "dred.state", 1, None),
    (["dred", "state"], [0, -1], "dred.state count", None, None),
    (["dred", "state"], [0, -1, 2, 0], "dred.state count", None, None),
    (["dred", "chunks", 1, "latents", 2], 5, "dred.chunks.latents", 1, 2),
    (["dred", "chunks", 1, "latents", 2], None, "dred.chunks.latents", 1, 2),
    (["dred", "chunks", 0, "level"], 7, "dred.chunks.level", 0, None),
    (["dred", "chunks", 0, "bits"], 10.375, "dred.chunks.bits", 0, None),
    (["dred", "chunks", 0], [], "dred.chunks", 0, None),
    (["dred", "bits_used"], 41, "dred.bits_used", None, None),
]


@pytest.mark.parametrize(("path", "value", "stage", "frame", "index"), CORRUPTIONS)
def test_exact_rejects_each_corruption_at_its_place(
    path: list[str | int], value: Any, stage: str, frame: int | None, index: int | None
) -> None:
    answer = copy.deepcopy(DRED)
    place: Any = answer
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    verdict = ask(Exact(DRED), Answer(answer))
    assert not verdict.ok
    assert verdict.divergence is not None
    assert (verdict.divergence.stage, verdict.divergence.frame, verdict.divergence.index) == (
        stage,
        frame,
        index,
    )


def test_exact_accepts_equality_and_surplus_keys() -> None:
    assert ask(Exact(DRED), Answer(copy.deepcopy(DRED))).ok
    assert ask(Exact(DRED), Answer({**DRED, "remark": 1})).ok


def test_only_optional_keys_may_be_left_out() -> None:
    optional = {"frame", "q0", "dQ", "qmax", "offset", "extra_offset", "bits_used", "bits_total"}
    for key in DRED["dred"]:
        answer = copy.deepcopy(DRED)
        del answer["dred"][key]
        assert ask(Exact(DRED), Answer(answer)).ok is (key in optional), key
    assert not ask(Exact(DRED), Answer({})).ok
    assert not ask(Exact({"dred": None}), Answer(DRED)).ok


def test_refusals() -> None:
    expected = Reject("packet.r1.empty")
    assert ask(expected, Refusal("other"), operation="packet").ok
    assert ask(expected, Refusal(None), operation="packet").ok
    assert ask(expected, Refusal("packet.r1.empty"), operation="packet", codes=True).ok
    assert not ask(expected, Refusal("other"), operation="packet", codes=True).ok
    assert not ask(expected, Refusal(None), operation="packet", codes=True).ok
    assert not ask(expected, Answer({}), operation="packet").ok
    assert not ask(Exact(DRED), Refusal("packet.r1.empty")).ok
    assert ask(Survive(), Refusal(None)).ok
    assert ask(Survive(), Answer({})).ok


def test_error_codes_count_only_with_who_speaks_them() -> None:
    expected = Exact({"extensions": [], "error": {"code": "extension.frame"}})
    other = Answer({"extensions": [], "error": {"code": "other"}})
    bare = Answer({"extensions": [], "error": {}})
    none = Answer({"extensions": [], "error": None})
    for reply, plain, spoken in ((other, True, False), (bare, True, False), (none, False, False)):
        assert ask(expected, reply).ok is plain
        assert ask(expected, reply, codes=True).ok is spoken


FRAMES = np.random.default_rng(5).normal(0, 1, (12, 20)).astype("<f4")
LIMITS = {"total": 0.5, "max": 0.15, "pitch": 0.02}


def features_answer(rows: NDArray[Any]) -> Answer:
    """Features as an answer."""
    return Answer({"features": rows.astype("<f4").tobytes().hex()})


def test_features_accepts_what_is_near() -> None:
    expected = Features(Blob(inline=FRAMES.tobytes()), LIMITS)
    verdict = ask(expected, features_answer(FRAMES + np.float32(0.001)))
    assert verdict.ok
    assert [one.name for one in verdict.measures] == ["total", "max", "pitch"]
    assert ask(expected, features_answer(FRAMES)).note == "equal to the last bit"


@pytest.mark.parametrize("column", [0, 17, 18, 19])
def test_features_rejects_a_corrupted_column(column: int) -> None:
    rows = FRAMES.copy()
    rows[:, column] += 0.6
    verdict = ask(Features(Blob(inline=FRAMES.tobytes()), LIMITS), features_answer(rows))
    assert not verdict.ok
    assert verdict.divergence is not None
    assert verdict.divergence.frame is not None
    assert any(not one.kept for one in verdict.measures)


def test_features_rejects_order_count_and_form() -> None:
    expected = Features(Blob(inline=FRAMES.tobytes()), LIMITS)
    for answer in (
        features_answer(FRAMES[::-1]),
        features_answer(FRAMES[:-1]),
        features_answer(np.concatenate([FRAMES, FRAMES[:1]])),
        features_answer(FRAMES * np.nan),
        Answer({"features": FRAMES.tobytes().hex()[:-2]}),
        Answer({"features": "zz"}),
        Answer({"features": FRAMES.tolist()}),
        Answer({}),
        Answer({"features": ""}),
    ):
        verdict = ask(expected, answer)
        assert not verdict.ok
        assert verdict.divergence is not None
    assert ask(Features(Blob(inline=b""), LIMITS), Answer({"features": ""})).ok


def speech(seed: int = 0) -> NDArray[np.int16]:
    """A second of buzz."""
    time = np.arange(16000) / 16000
    draw = np.random.default_rng(seed)
    buzz = sum(np.sin(2 * np.pi * 120 * k * time + draw.uniform(0, 6)) / k for k in range(1, 15))
    return np.rint(4000 * buzz).astype("<i2")


def pcm_answer(samples: NDArray[np.int16]) -> Answer:
    """Speech as an answer."""
    return Answer({"pcm": samples.astype("<i2").tobytes().hex()})


def test_audio_accepts_near_and_rejects_far() -> None:
    limits = {"err4": 0.25, "err16": 1.0, "pitch": 0.15}
    expected = Audio(Blob(inline=speech().tobytes()), limits)
    assert ask(expected, pcm_answer(speech())).note == "equal to the last sample"
    quiet = speech().copy()
    quiet[8000:9600] = 0
    noise = speech() + np.random.default_rng(1).normal(0, 3000, 16000).astype("<i2")
    for answer in (
        pcm_answer(quiet),
        pcm_answer(noise),
        pcm_answer(speech()[:-160]),
        pcm_answer(np.concatenate([speech(), speech()[:1]])),
        pcm_answer(speech() // 4),
        Answer({"pcm": speech().tobytes().hex()[:-2]}),
        Answer({"pcm": 5}),
        Answer({}),
    ):
        verdict = ask(expected, answer)
        assert not verdict.ok
        assert verdict.divergence is not None


def test_audio_rejects_what_is_far_from_the_recording_only() -> None:
    loose = {"err4": 100.0, "err16": 100.0, "pitch": 2.0}
    strict = {"err4": 1e-6, "err16": 1e-6, "pitch": 1e-6}
    pcm, other = Blob(inline=speech().tobytes()), Blob(inline=speech(9).tobytes())
    assert ask(Audio(pcm, loose, pcm, strict), pcm_answer(speech())).ok
    verdict = ask(Audio(pcm, loose, other, strict), pcm_answer(speech()))
    assert not verdict.ok
    assert [one.name for one in verdict.measures if not one.kept] == [
        "original err4",
        "original err16",
        "original pitch",
    ]


RULER = np.cumsum(np.random.default_rng(3).normal(0, 0.3, (1600, 20)), axis=0)
"""Features every 2.5 ms of 4 s that wander, so that every place is its own."""
DELAY = 5
ENCODED = Encoded(
    Blob(inline=RULER.astype("<f4").tobytes()),
    {"total": 0.5, "max": 0.15, "pitch": 0.5},
    min_packets=40,
    min_ms=640,
)


def stream(shift: int = 0, packet: int = 60, noise: float = 0.02) -> list[DredFeatures]:
    """Packets of 20 ms with 640 ms of DRED each; one of them is stamped ``shift`` units off."""
    draw = np.random.default_rng(4)
    found = []
    for index in range(40, 150):
        start, offset = 8 * index, 10
        newest = start + offset - 10 - DELAY
        rows = RULER[newest - 4 * np.arange(64)]
        rows = rows + draw.normal(0, noise, rows.shape)
        stamped = offset + shift if index == packet else offset
        found.append(DredFeatures(index, start, stamped, rows))
    return found


def test_encoded_accepts_an_aligned_stream() -> None:
    verdict = judge_stream(stream(), ENCODED)
    assert verdict.ok, verdict.divergence
    measures = {one.name: one.value for one in verdict.measures}
    assert measures["delay ms"] == DELAY * 2.5
    assert measures["misalignment ms"] == 0


@pytest.mark.parametrize("shift", [-150, -32, -5, 5, 32, 150])
def test_encoded_rejects_one_packet_stamped_wrongly(shift: int) -> None:
    verdict = judge_stream(stream(shift), ENCODED)
    assert not verdict.ok
    assert verdict.divergence is not None
    assert (verdict.divergence.stage, verdict.divergence.frame) == ("alignment ms", 60)


def test_encoded_rejects_delay_noise_and_shortage() -> None:
    late = [DredFeatures(one.packet, one.start + 40, 10, one.features) for one in stream()]
    assert "delay ms" in str(judge_stream(late, ENCODED).divergence)
    assert "features" in str(judge_stream(stream(noise=0.4), ENCODED).divergence)
    assert "packets with DRED" in str(judge_stream(stream()[:39], ENCODED).divergence)
    short = [DredFeatures(one.packet, one.start, 10, one.features[:60]) for one in stream()]
    assert "ms covered" in str(judge_stream(short, ENCODED).divergence)
    assert "packets with DRED" in str(judge_stream([], ENCODED).divergence)


def test_encoded_rejects_a_packet_that_does_not_reach_the_start() -> None:
    placed = [one.positions(DELAY)[-1] * 2.5 for one in stream()]
    expected = replace(ENCODED, start_ms=max(placed))
    verdict = judge_stream(stream(), expected)
    assert verdict.ok
    assert "oldest vector from the start ms" in {one.name for one in verdict.measures}
    short = stream()
    last = short[-1]
    short[-1] = DredFeatures(last.packet, last.start, last.dred_offset, last.features[:-4])
    found = judge_stream(short, expected)
    assert not found.ok
    assert found.divergence is not None
    assert (found.divergence.stage, found.divergence.frame) == ("start ms", last.packet)
    assert found.divergence.got == max(placed) + 40


def packets_answer(packets: list[bytes]) -> Answer:
    """Packets as an answer."""
    return Answer({"packets": [packet.hex() for packet in packets]})


def test_encoded_rejects_packets_of_other_sizes() -> None:
    with open_stream(CBR) as found:
        packets = [record.packet for record in found if record.packet is not None]
    size = len(packets[0])
    expected = Encoded(Blob(inline=b""), LIMITS, packet_bytes=size, min_packets=len(packets) + 1)
    verdict = ask(expected, packets_answer(packets))
    assert "packets with DRED" in str(verdict.divergence)  # the next thing to be judged
    for packet in (ParsedPacket(packets[7]).pad(size + 1), strip_dred(packets[7])):
        verdict = ask(expected, packets_answer([*packets[:7], packet, *packets[8:]]))
        assert verdict.divergence is not None
        assert (verdict.divergence.stage, verdict.divergence.frame) == ("packet bytes", 7)


def test_encoded_rejects_silence_that_is_sent() -> None:
    with open_stream(CBR) as found:
        packets = [record.packet for record in found if record.packet is not None]
    silent = [dtx_packet(packet) for packet in packets[:5]]
    expected = Encoded(Blob(inline=b""), LIMITS, silent_packets=5, min_packets=len(packets))
    verdict = ask(expected, packets_answer(silent + packets[5:]))
    assert "packets with DRED" in str(verdict.divergence)
    verdict = ask(expected, packets_answer(silent[:4] + packets[4:]))
    assert verdict.divergence is not None
    assert (verdict.divergence.stage, verdict.divergence.got) == ("silent packets", 4)


def test_expectations_of_streams_are_put_into_words() -> None:
    given = replace(ENCODED, packet_bytes=120, start_ms=10, silent_packets=5)
    for words in ("of 120 bytes", "10 ms from the start", "5 packets or more that say nothing"):
        assert words in describe(given)
        assert words not in describe(ENCODED)


def test_encoded_finds_no_place_in_noise() -> None:
    draw = np.random.default_rng(8)
    lost = [
        DredFeatures(one.packet, one.start, 10, draw.normal(0, 9, one.features.shape))
        for one in stream()
    ]
    assert not judge_stream(lost, ENCODED).ok


def test_verdicts_without_a_place_are_not_made() -> None:
    with pytest.raises(AssertionError):
        Verdict(False)
