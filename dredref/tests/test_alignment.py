"""The alignment tool: a stream known to be off, one known to be right, and moved audio."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from dredref.alignment import Aligner, Alignment, Placed, summarise
from dredref.conformance.main import cli
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.placement import Slot
from dredref.payload.writer import Levels
from dredref.resample import to_input
from dredref.spec.dred import DredPayload, parse_payload

DATA = Path(__file__).parent / "data"
LATE = DATA / "late-after-silence"
AUDIO = Path(__file__).parents[2] / "vectors" / "audio"


def speech() -> np.ndarray:
    pcm, _ = soundfile.read(AUDIO / "librivox-2.flac", dtype="int16", frames=48_000)
    result: np.ndarray = pcm
    return result


@pytest.fixture(scope="module")
def placed() -> list[Placed]:
    """Payloads of every 20 ms of three seconds."""
    encoder = DredEncoder(16_000, settings=DredSettings(Levels(6, 3, 15), chunks=12))
    encoder.feed_q8(to_input(speech()))
    encoder.end()
    payloads = encoder.payloads([Slot(960 * index, 960) for index in range(150)])
    return [
        Placed(index, 960 * index, parse_payload(payload, 12))
        for index, payload in enumerate(payloads)
        if payload is not None
    ]


def judge(placed: list[Placed], pcm: np.ndarray) -> list[Alignment]:
    aligner = Aligner(16_000, 1, pre_skip=312)
    aligner.feed(to_input(pcm))
    aligner.end()
    return aligner.judge(placed)


def test_what_is_right_is_found_right(placed: list[Placed]) -> None:
    summary = summarise(judge(placed, speech()), 10)
    assert summary.off == ()
    assert summary.judged > 100
    assert summary.median_ms == pytest.approx(0, abs=2.5)


@pytest.mark.parametrize("by_ms", [-85, -30, 30, 125])
def test_moved_audio_is_found(by_ms: int, placed: list[Placed]) -> None:
    """Audio that starts later makes all packets seem too old by as much, and the other way."""
    gap = np.zeros(abs(by_ms) * 16, np.int16)
    pcm = np.concatenate([gap, speech()]) if by_ms > 0 else speech()[len(gap) :]
    summary = summarise(judge(placed, pcm), 10)
    assert summary.median_ms == pytest.approx(-by_ms, abs=2.5)
    assert len(summary.off) > 0.8 * summary.judged


def test_one_wrong_offset_is_found(placed: list[Placed]) -> None:
    """Only the packet whose offset was changed is off, by what it was changed."""
    victim = placed[60]
    old = victim.payload
    changed = DredPayload(
        *(old.version, old.q0, old.dQ, old.qmax, old.offset + 20, old.extra_offset),
        *(old.state, old.chunks),
    )
    packets = [*placed[:60], Placed(victim.index, victim.timestamp, changed), *placed[61:]]
    summary = summarise(judge(packets, speech()), 10)
    assert [one.index for one in summary.off] == [victim.index]
    assert summary.off[0].error_ms == pytest.approx(-50, abs=5)


def test_too_little_speech_is_not_judged(placed: list[Placed]) -> None:
    old = placed[80].payload
    short = DredPayload(
        *(old.version, old.q0, old.dQ, old.qmax, old.offset, old.extra_offset),
        *(old.state, old.chunks[:1]),
    )
    packets = [Placed(80, placed[80].timestamp, short)]
    [alignment] = judge(packets, speech())
    assert alignment.error_ms is None
    assert not alignment.is_off(0)


def test_command_finds_the_stream_that_libopus_stamped_late() -> None:
    arguments = ["align", f"{LATE}.bit", "--audio", f"{LATE}.flac"]
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1]["off"] == [11]
    [off] = [line for line in lines[:-1] if line["off"]]
    assert (off["packet"], off["dred_offset"], off["error_ms"]) == (11, 2, 41.0)
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert "1 off" in result.stdout
    assert CliRunner().invoke(cli, [*arguments, "--tolerance-ms", "45"]).exit_code == 0
