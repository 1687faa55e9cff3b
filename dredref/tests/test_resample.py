"""Conversion to 16 kHz: the recursions in float64, cuts, loudness, stereo, and libopus."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from dredref.resample import RATES, Resampler, response, to_input
from dredref.resample_tables import FILTERS
from spec.errors import UsageError
from tools.libopus.peer import Peer

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


def noise(rate: int, seconds: float = 0.05, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(rate)
    return rng.integers(-9000, 9000, (int(rate * seconds), channels)).astype(np.int16)


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


DIGESTS = {
    8000: "e5d973caabcc45d86a9ba6ff6a7bc23ff2781b6e293425d5fdf2918cae35e557",
    12000: "b13a27e145264edbb4969c111dd301f16042d7029eb977c03ce24be9de91eac8",
    16000: "b86a897ac45ae371bcfd4714e943c4898e80599c5c0f3bed9a65d39b7297a326",
    24000: "f58604a800332bca63863801f14655a72260e6d7400e50baae854c363d42e956",
    48000: "08eb573785c13532a78fcd97aa1d4b88ec2deab276fdcaad15c360ae5d3e8d04",
    96000: "0a99c944079cd2ebb3446416c2bc21491b8705c9bac79e23b97c14d3aba9437e",
}
"""SHA-256 of 50 ms of stereo noise at 16 kHz, little-endian int64, Q14."""


@pytest.mark.parametrize("rate", RATES)
def test_digest(rate: int) -> None:
    out = Resampler(rate, 2).convert(to_input(noise(rate, channels=2))[None])
    assert hashlib.sha256(out.astype("<i8").tobytes()).hexdigest() == DIGESTS[rate]


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
