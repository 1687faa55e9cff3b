"""Streams with losses, made good from DRED."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import dredref.receiver.vectors
from dredref.arithmetic.carrier import using
from dredref.conceal import Concealment, conceal_stream
from dredref.conformance.adapters.libopus.codec import Decoder
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.metrics.audio import compare_audio
from dredref.opusdecoder import LAG
from dredref.payload.insert import strip_dred
from dredref.payload.reader import Carried, read_carried
from dredref.receiver.codec import Codec
from dredref.receiver.line import FADE
from dredref.spec.dred import DredPayload
from dredref.streams import Record, open_stream
from dredref.tests.commands import code, run
from dredref.vocoder.files import read_samples

STREAMS = Path(__file__).parents[2] / "spec" / "streams"
STREAM = STREAMS / "v12-dred-500ms.bit"
FRAME = 320
"""20 ms at 16 kHz."""
LOST = (*range(31, 37), 56, *range(74, 76), 80, 81, *range(88, 91))


@cache
def records(name: str = STREAM.name) -> tuple[Record, ...]:
    """The records of a stream."""
    with open_stream(STREAMS / name) as stream:
        return tuple(stream)


def lose(given: Sequence[Record], lost: Sequence[int] = LOST) -> list[Record]:
    """The same with some of them lost."""
    return [replace(one, packet=None) if one.index in lost else one for one in given]


@cache
def concealed() -> Concealment:
    """The stream of these tests with its losses."""
    return conceal_stream(lose(records()))


def distance(found: np.ndarray) -> float:
    """How far speech is from what would be heard without losses, by ear."""
    return compare_audio(conceal_stream(records()).pcm, found).err4


def test_dred_is_worth_much() -> None:
    left = conceal_stream(lose(records()), use=())
    assert distance(concealed().pcm) < 0.4 * distance(left.pcm)
    assert (concealed().recovered, concealed().left) == (2 * len(LOST), 0)
    assert (left.recovered, left.left) == (0, 2 * len(LOST))
    assert [loss.sources for loss in concealed().losses] == [(37,), (57,), (76,), (82,), (91,)]


def test_only_losses_are_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Received packets are heard as ever, but for what the codec is taught."""
    whole = concealed()  # before the patch: the tests share it
    monkeypatch.setattr(Codec, "teach", lambda self, end: None)
    found = conceal_stream(lose(records())).pcm
    left = conceal_stream(lose(records()), use=()).pcm
    touched = np.zeros(len(left), bool)
    for loss in whole.losses:
        start = int(16 * loss.start_ms) + LAG
        touched[start : start + int(16 * loss.ms) + FADE] = True
    np.testing.assert_array_equal(found[~touched], left[~touched])
    assert (found != left)[touched].mean() > 0.9
    assert distance(whole.pcm) < 0.9 * distance(found)


def test_the_same_every_time() -> None:
    np.testing.assert_array_equal(concealed().pcm, conceal_stream(lose(records())).pcm)


@pytest.mark.parametrize("units", [-12, 12])
def test_speech_stands_at_its_time(monkeypatch: pytest.MonkeyPatch, units: int) -> None:
    """Were the offset understood 30 ms wrong, it would be heard."""

    def misread(carried: Sequence[Carried]) -> list[DredPayload]:
        moved = [replace(one, frame_offset=one.frame_offset + units) for one in carried]
        return read_carried(moved)

    right = distance(concealed().pcm)
    monkeypatch.setattr(dredref.receiver.vectors, "read_carried", misread)
    assert distance(conceal_stream(lose(records())).pcm) > 1.3 * right


def test_speech_goes_on_without_a_seam() -> None:
    """No step at the start of a loss is larger than those of the speech around it."""
    pcm = concealed().pcm.astype(int)
    for loss in concealed().losses:
        at = int(16 * loss.start_ms) + LAG
        steps = np.abs(np.diff(pcm[at - 640 : at + 640]))
        assert steps[639] < 6 * np.sqrt(np.mean(steps**2))


def test_later_packets_serve_where_the_first_has_no_dred() -> None:
    given = lose(records(), [31, 32])
    packet = given[33].packet
    assert packet is not None
    given[33] = replace(given[33], packet=strip_dred(packet))
    later, never = conceal_stream(given, hold_ms=20), conceal_stream(given, hold_ms=19)
    assert (later.recovered, later.losses[0].sources) == (4, (34,))
    assert (never.recovered, never.left, never.losses[0].sources) == (0, 4, ())


def test_what_dred_does_not_reach_is_left() -> None:
    """Two chunks of DRED and a loss of 200 ms: the newest parts alone, the codec before them."""
    given = lose(records("v12-dred-40ms.bit"), range(31, 41))
    found = conceal_stream(given, use=("dred",))
    assert found.recovered + found.left == 20
    assert 2 <= found.recovered <= 8
    left = conceal_stream(given, use=()).pcm
    assert conceal_stream(given).losses[0].parts["plc"] == found.left
    start = (31 * FRAME + 160 * found.left) + LAG
    np.testing.assert_array_equal(found.pcm[:start], left[:start])
    assert (found.pcm != left)[start : 41 * FRAME].mean() > 0.9


def test_packets_of_10_ms_hold_the_newest_vector() -> None:
    given = lose(records("v12-frame-10ms.bit"), range(60, 64))
    found = conceal_stream(given, hold_ms=0)
    assert (found.recovered + found.held, found.left) == (4, 0)
    assert all(0 <= loss.held <= 3 for loss in found.losses)


@pytest.mark.parametrize(
    "name",
    [
        *("v10-dred-200ms.bit", "v12-frame-2.5ms.bit", "v12-frame-120ms.bit", "v12-rate-8k.bit"),
        *("v12-hybrid.bit", "v12-music.bit", "v12-stereo-60ms.bit", "v12-dtx.bit"),
    ],
)
def test_every_kind_of_packet(name: str) -> None:
    given = records(name)
    lost = range(len(given) // 2, len(given) // 2 + 3)
    found = conceal_stream(lose(given, lost))
    clean = conceal_stream(given)
    assert len(found.pcm) == len(clean.pcm)
    assert (found.lost, clean.lost) == (3, 0)
    assert np.abs(found.pcm.astype(int)).max() < 1.5 * np.abs(clean.pcm.astype(int)).max() + 300


def test_losses_before_the_first_packet_are_spoken() -> None:
    """Its DRED reaches back to before anything was heard."""
    found = conceal_stream(lose(records()[30:], range(30, 34)))
    assert found.losses[0].recovered == 8
    assert found.pcm[LAG : 4 * FRAME].any()


def test_what_a_container_says_to_drop_is_dropped() -> None:
    given = list(records("v12-ogg.ogg"))
    whole = conceal_stream(lose(given, [50]))
    cut = conceal_stream(
        [*lose(given, [50])[:-1], replace(given[-1], discard_48k=300)], pre_skip=312
    )
    ending = given[-1].discard_48k // 3
    assert len(whole.pcm) - ending - 104 - 100 + ending == len(cut.pcm) - ending + ending
    np.testing.assert_array_equal(cut.pcm[:1000], whole.pcm[104:1104])
    assert cut.losses[0].start_ms == whole.losses[0].start_ms - 6.5


@pytest.mark.peer
def test_libopus_conceals_alike(peer_161_c: Peer) -> None:
    """Nearer to what libopus makes of the same DRED than that is to speech without losses.

    What was spoken is nearer still: packets after a loss differ by what SILK predicts them from.
    """
    parts = []
    with Decoder(peer_161_c, 16_000) as decoder:
        gap = 0
        for record in lose(records()):
            if record.packet is None:
                gap += 1
                continue
            reach, _ = decoder.dred_parse(record.packet, 16_000) if gap else (0, 0)
            assert not gap or reach >= gap * FRAME
            parts += [decoder.dred_decode(back * FRAME, FRAME) for back in range(gap, 0, -1)]
            parts.append(decoder.decode(record.packet, FRAME))
            gap = 0
    theirs = np.concatenate(parts)
    spoken = np.repeat([one.index in LOST for one in records()], FRAME)
    spoken = np.concatenate([np.zeros(LAG, bool), spoken])[: len(theirs)]
    alone = np.where(spoken, concealed().pcm, theirs)
    assert compare_audio(theirs, concealed().pcm).err4 < 0.8 * distance(theirs)
    assert compare_audio(theirs, alone).err4 < 0.4 * distance(theirs)


def test_the_command(tmp_path: Path) -> None:
    mask = "".join("1" if one.index in LOST else "0" for one in records())
    target = tmp_path / "out.wav"
    result = run("conceal", STREAM, target, "--mask", mask)
    assert result.exit_code == 0
    lost = len(LOST)
    assert result.stdout == (
        f"{len(mask)} packets, {lost} lost in 5 places; parts of 10 ms by source: {2 * lost} dred\n"
    )
    np.testing.assert_array_equal(read_samples(target), concealed().pcm)


def test_the_command_for_programs(tmp_path: Path) -> None:
    target = tmp_path / "out.sw"
    options = ("--loss", 20, "--seed", 3, "--json")
    found = json.loads(run("conceal", STREAM, target, *options).stdout)
    assert found["packets"] == len(records())
    assert found["lost"] == sum(loss["packets"] for loss in found["losses"]) > 0
    assert found["recovered_10ms"] > 0
    assert found["seconds"] == len(read_samples(target)) / 16_000
    with using("hardware"):  # what the option chooses would outlast the test
        integers = ("--arithmetic", "integer")
        again = run("conceal", STREAM, tmp_path / "again.sw", *options, *integers)
    assert json.loads(again.stdout) == found
    assert (tmp_path / "again.sw").read_bytes() == target.read_bytes()
    plain = json.loads(run("conceal", STREAM, target, *options, "--no-dred").stdout)
    assert (plain["lost"], plain["recovered_10ms"]) == (found["lost"], 0)
    assert {part for loss in plain["losses"] for part in loss["parts"]} == {"plc"}
    assert sum(ms for _, ms in found["sources"]) == 1000 * found["seconds"]


def test_captures_lack_packets_of_their_own(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    found = run("conceal", STREAMS / "v12-rtp.pcap", target, "--json")
    [loss] = json.loads(found.stdout)["losses"]
    assert (loss["packets"], loss["recovered"], loss["sources"]) == (2, 4, [32])


def test_what_the_command_refuses(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"

    def refused(*arguments: object) -> str:
        return code(run("conceal", *arguments))

    assert refused(STREAM, tmp_path / "out.ogg") == "output.form"
    assert refused(STREAM, target, "--mask", "01", "--loss", "5") == "conceal.losses"
    assert refused(STREAM, target, "--mask", "0", "--loss-model", "random:3") == "conceal.losses"
    assert refused(STREAM, target, "--use", "dred,luck") == "conceal.use"
    assert refused(STREAM, target, "--mask", "0a") == "mask.syntax"
    assert refused(STREAM, target, "--mask", "0" * 1000) == "mask.length"
    assert refused(STREAM, target, "--loss", 100) == "conceal.nothing"
    assert refused(tmp_path / "none.bit", target) == "input.missing"
    (tmp_path / "noise.bit").write_bytes(b"what is this, then?")
    assert refused(tmp_path / "noise.bit", target).startswith("input.")
    payload = '{"dred_payload": "00", "version": 12}\n'
    (tmp_path / "payload.jsonl").write_text(payload)
    assert refused(tmp_path / "payload.jsonl", target) == "conceal.kind"
    assert refused(STREAM, tmp_path / "no" / "out.wav") == "output.unwritable"
    assert run("conceal", STREAM, target, "--loss", 101).exit_code == 2
    assert not target.exists()
