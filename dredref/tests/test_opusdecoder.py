"""The codec's decoder by PyAV, and its 48 kHz brought to 16."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.conformance.adapters.libopus.codec import Decoder
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.metrics.audio import compare_audio
from dredref.opusdecoder import LATE, STEP, TAP_Q, Decimator, OpusDecoder, taps
from dredref.spec.errors import InputError, MissingExtraError
from dredref.streams import open_stream

STREAMS = Path(__file__).parents[2] / "spec" / "streams"


def packets(name: str, count: int) -> list[bytes]:
    """The first packets of a stream."""
    with open_stream(STREAMS / name) as stream:
        return [record.packet for record in stream if record.packet is not None][:count]


def decimated(*parts: np.ndarray) -> np.ndarray:
    """Samples at 16 kHz of parts that follow each other."""
    decimator = Decimator()
    return np.concatenate([*(decimator.convert(part) for part in parts), decimator.flush()])


def test_a_tone_keeps_its_size_and_is_late_by_a_known_part_of_a_sample() -> None:
    place = np.arange(48_000)
    tone = np.round(10_000 * np.sin(2 * np.pi * 1000 / 48_000 * place)).astype(np.int16)
    due = 10_000 * np.sin(2 * np.pi * 1000 / 16_000 * (np.arange(16_000) - LATE))
    found = decimated(tone)
    assert len(found) == 16_000
    assert np.abs(found - due)[50:-50].max() < 2


def test_what_16_khz_cannot_hold_is_gone() -> None:
    tone = np.round(10_000 * np.sin(2 * np.pi * 11_000 / 48_000 * np.arange(48_000)))
    assert np.abs(decimated(tone.astype(np.int16)))[50:-50].max() < 5


@given(st.lists(st.integers(0, 700), max_size=8), st.integers(0, 2**32 - 1))
def test_parts_do_not_matter(cuts: list[int], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-32768, 32768, 699).astype(np.int16)
    parts = np.split(noise, sorted(min(cut, len(noise)) for cut in cuts))
    np.testing.assert_array_equal(decimated(*parts), decimated(noise))


def test_floats_carry_the_integers() -> None:
    """The loudest input there can be, against whole numbers."""
    loudest = np.where(taps() > 0, 32767, -32768).astype(np.int16)
    padded = np.concatenate([np.zeros(48, np.int16), loudest, np.zeros(48, np.int16)])
    whole = [int(tap) for tap in taps()]
    products = sum(tap * int(one) for tap, one in zip(whole, loudest, strict=True))
    due = min(32767, (products + (1 << (TAP_Q - 1))) >> TAP_Q)
    place = (48 + len(whole) // 2) // STEP
    assert decimated(padded)[place] in (due, 32767)
    assert sum(abs(tap) for tap in whole) < 1 << 23


def test_concealment_before_a_packet_is_silence() -> None:
    assert not OpusDecoder().conceal(960).any()


def test_concealment_is_as_long_as_asked_for() -> None:
    decoder = OpusDecoder()
    for packet in packets("v12-frame-60ms.bit", 5):
        assert len(decoder.decode(packet)) == 2880
    for count in (0, 100, 2880, 2881):
        assert len(decoder.conceal(count)) == count


def test_concealment_goes_on_and_fades() -> None:
    decoder = OpusDecoder()
    heard = [decoder.decode(packet) for packet in packets("v12-dred-500ms.bit", 32)]
    loud = np.sqrt(np.mean(heard[-1].astype(float) ** 2))
    made = decoder.conceal(48_000).astype(float)
    assert np.sqrt(np.mean(made[:480] ** 2)) > loud / 10
    assert np.abs(made[-4800:]).max() < loud / 10


def test_what_libopus_refuses() -> None:
    with pytest.raises(InputError) as caught:
        OpusDecoder().decode(b"\xff\xff\xff")
    assert caught.value.code == "decode.opus"


def test_without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError):
        OpusDecoder()


@pytest.mark.peer
@pytest.mark.parametrize("name", ["v12-dred-500ms.bit", "v12-hybrid.bit", "v12-music.bit"])
def test_libopus_gives_the_same(peer_161_c: Peer, name: str) -> None:
    """At 48 kHz: packets, and but for roundings of CELT's floats the loss of 40 ms after them."""
    ours = OpusDecoder()
    with Decoder(peer_161_c, 48_000) as theirs:
        for packet in packets(name, 60):
            np.testing.assert_array_equal(ours.decode(packet), theirs.decode(packet))
        both = [theirs.decode(None, 960) for _ in range(2)]
        difference = np.abs(ours.conceal(1920) - np.concatenate(both).astype(int))
    assert difference.max() <= 4


@pytest.mark.peer
def test_speech_lies_where_libopus_has_it_at_16_khz(peer_161_c: Peer) -> None:
    given_ = packets("v12-dred-500ms.bit", 100)
    ours = OpusDecoder()
    found = decimated(*(ours.decode(packet) for packet in given_))
    with Decoder(peer_161_c, 16_000) as theirs:
        due = np.concatenate([theirs.decode(packet) for packet in given_]).astype(float)
    noise = np.sum((found - due) ** 2)
    assert 10 * np.log10(np.sum(due**2) / noise) > 25
    measures = compare_audio(due, found).measures
    assert measures["err4"] < 0.02
    assert measures["err16"] < 0.05
