"""Conversion to 16 kHz: the recursions in float64, cuts, loudness, stereo, and libopus."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.payload.tests.digests import noise
from dredref.resample import RATES, Resampler, response, to_input
from dredref.resample_tables import FILTERS
from dredref.spec.errors import UsageError

FILTERED = sorted(FILTERS)


def recursion(rate: int, x: np.ndarray) -> np.ndarray:
    """The filter and its changes of rate, run as libopus states them, in float64."""
    table = FILTERS[rate]
    b = [float(np.float32(v)) for v in table.b]
    a = [float(np.float32(v)) for v in table.a]
    spread = np.zeros(len(x) * table.up)
    spread[:: table.up] = x * table.up
    y = np.zeros(len(spread))
    memory = [0.0] * 8
    for n, value in enumerate(spread):
        y[n] = b[0] * value + memory[0]
        for k in range(7):
            memory[k] = memory[k + 1] + b[k + 1] * value - a[k + 1] * y[n]
    return y[:: table.down]


@pytest.mark.parametrize("rate", FILTERED)
def test_filter_is_the_recursion(rate: int) -> None:
    x = noise(rate)
    got = Resampler(rate).convert(to_input(x)[None])[0] / 2**14
    np.testing.assert_allclose(got, recursion(rate, x[:, 0].astype(float)), atol=2e-3)


@pytest.mark.parametrize("rate", FILTERED)
def test_response_has_faded_and_passes_speech(rate: int) -> None:
    table, taps = FILTERS[rate], np.array(response(rate)) / 2**26
    step = np.abs(recursion(rate, np.ones(3 * table.taps))[-20:])
    np.testing.assert_allclose(step, 1, atol=1e-3)
    assert np.abs(taps[-16:]).max() < 2**-24
    # Single-precision coefficients move the gain of the sharpest filter by 0.00025.
    assert abs(taps.sum() - table.up) < 3e-4 * table.up


def test_16_khz_is_left_alone() -> None:
    x = noise(16000)
    np.testing.assert_array_equal(
        Resampler(16000).convert(to_input(x)[None])[0], x[:, 0].astype(np.int64) << 14
    )


@pytest.mark.parametrize("rate", RATES)
def test_cutting_and_batches_change_nothing(rate: int) -> None:
    x = to_input(np.stack([noise(rate, channels=2), noise(rate, channels=2)[::-1]]))
    whole = Resampler(rate, 2, 2)
    expected = np.concatenate([whole.convert(x), whole.flush()], axis=1)
    pieces = Resampler(rate, 2, 2)
    parts = [pieces.convert(part) for part in np.array_split(x, 37, axis=1)]
    np.testing.assert_array_equal(np.concatenate([*parts, pieces.flush()], axis=1), expected)
    alone = Resampler(rate, 2).convert(x[1:])
    np.testing.assert_array_equal(alone[0], expected[1, : alone.shape[1]])


@pytest.mark.parametrize("rate", RATES)
def test_flush_fills_the_last_block(rate: int) -> None:
    converter = Resampler(rate)
    x = to_input(noise(rate, 0.0261))[None]
    parts = [converter.convert(x), converter.flush(), converter.flush()]
    assert [part.shape[1] % 40 for part in parts] == [0, 0, 0]
    assert parts[2].shape[1] == 0
    total = sum(part.shape[1] for part in parts)
    assert total == -(-x.shape[1] * 400 // rate) * 40


def test_stereo_is_the_mean() -> None:
    left, right = noise(16000), noise(16000)[::-1]
    both = np.concatenate([left, right], axis=1)
    mean = (left.astype(np.int64) + right)[:, 0] << 13
    np.testing.assert_array_equal(Resampler(16000, 2).convert(to_input(both)[None])[0], mean)


@pytest.mark.parametrize("rate", FILTERED)
def test_loud_input_is_not_clipped(rate: int) -> None:
    """A full-scale tone of 1 kHz keeps its shape: no harmonic above -60 dB."""
    n = np.arange(rate // 5)
    tone = np.round(32700 * np.sin(2 * np.pi * 1000 / rate * n)).astype(np.int16)
    out = Resampler(rate).convert(to_input(tone)[None, :, None])[0] / 2**14
    spectrum = np.abs(np.fft.rfft(out[-1600:] * np.hanning(1600)))
    spectrum[90:111] = 0
    assert spectrum.max() < 1e-3 * 32700 * 400


def test_kinds_of_samples() -> None:
    assert to_input(np.array([-32768, 1], np.int16)).tolist() == [-(1 << 23), 256]
    assert to_input(np.array([-(1 << 31), 256], np.int32)).tolist() == [-(1 << 23), 1]
    floats = np.array([-2.0, 0.5, np.nan, np.inf], np.float32)
    assert to_input(floats).tolist() == [-(1 << 23), 1 << 22, 0, (1 << 23) - 1]


@pytest.mark.parametrize(("rate", "channels", "code"), [(44100, 1, "rate"), (48000, 3, "channels")])
def test_other_input_is_refused(rate: int, channels: int, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        Resampler(rate, channels)
    assert caught.value.code == f"audio.{code}"


@pytest.mark.peer
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 12000, 16000, 24000, 48000])
def test_conversion_is_libopus_s(rate: int, channels: int, peer_161_c: Peer) -> None:
    """Moderate input, 20 ms frames: as near as libopus' single precision is to the recursion."""
    x = noise(rate, 0.2, channels) // 4 * 2
    theirs = peer_161_c.stages(x / 32768, rate, channels, rate // 50).pcm16.ravel()
    ours = Resampler(rate, channels).convert(to_input(x)[None])[0] / 2**14
    delay = 11  # libopus starts its buffer with eleven zeros
    n = min(len(theirs) - delay, len(ours))
    assert n > 2400
    np.testing.assert_allclose(ours[:n], theirs[delay : delay + n], atol=1.0)
