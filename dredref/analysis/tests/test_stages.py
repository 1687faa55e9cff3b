"""Each stage of the analysis against the same in float64."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.analysis import cepstrum, pitch_features, prediction, spectrum, voicing
from dredref.analysis.pitch_network_q24 import period_of, pitch_of
from dredref.analysis.tables import COMPENSATION, Int, band_weights, window_q24

ONE = 1 << 24


@pytest.fixture(scope="module")
def signal() -> Int:
    """Two streams of 20 frames: voiced-like pulses in noise, and quiet noise; Q20."""
    rng = np.random.default_rng(7)
    n = np.arange(160 * 21)
    loud = 9000 * np.sin(2 * np.pi * 130 / 16000 * n) ** 9 + rng.normal(0, 200, n.size)
    quiet = rng.normal(0, 2, n.size)
    return np.round(np.stack([loud, quiet]) * 2**20).astype(np.int64)


def test_preemphasis() -> None:
    pcm = np.array([[100, -200, 32767]], np.int64) << 14
    out = spectrum.preemphasise(pcm, np.array([-(50 << 14)])) / 2**20
    c = float(np.float32(0.85))
    np.testing.assert_allclose(out, [[100 + c * 50, -200 - c * 100, 32767 + c * 200]], atol=1e-6)


def test_spectrum_and_power(signal: Int) -> None:
    bins = spectrum.spectrum(signal)
    windowed = spectrum.frames(signal, 320) / 2**20 * (window_q24() / 2**24)
    expected = np.fft.rfft(windowed)[..., :160] / 320
    got = (bins.re + 1j * bins.im) * 2.0**bins.shift * 2.0**-30
    # The table's entries are rounded to 2**-33: 9000 * sqrt(320) * 2**-33 is 2e-5.
    np.testing.assert_allclose(got, expected, atol=2e-5)
    np.testing.assert_allclose(
        spectrum.power(bins, 22) / 2**22, np.abs(expected) ** 2, rtol=5e-5, atol=1e-6
    )


def test_empty_bins_stay_empty() -> None:
    bins = spectrum.spectrum(np.zeros((1, 480), np.int64))
    assert not bins.re.any()
    assert not spectrum.power(bins, 22).any()


def reference_logs(energies: np.ndarray) -> np.ndarray:
    logs = np.log10(0.01 + energies)
    loudest = np.full(logs.shape[:-1], -2.0)
    follow = loudest.copy()
    for i in range(18):
        logs[..., i] = np.maximum(logs[..., i], np.maximum(loudest - 8, follow - 2.5))
        loudest = np.maximum(loudest, logs[..., i])
        follow = np.maximum(follow - 2.5, logs[..., i])
    return logs


def test_cepstrum_with_its_floors() -> None:
    rng = np.random.default_rng(3)
    energies = 10 ** rng.uniform(-4, 9, (300, 18))
    logs = cepstrum.log_energies(np.round(energies * 2**22).astype(np.int64))
    expected = reference_logs(energies)
    np.testing.assert_allclose(logs / ONE, expected, atol=6e-6)
    k = np.arange(18)
    matrix = np.cos(np.pi * (k[:, None] + 0.5) * k / 18) / 3
    matrix[:, 0] *= np.sqrt(0.5)
    cepstra = expected @ matrix
    cepstra[:, 0] -= 4
    np.testing.assert_allclose(cepstrum.cepstrum(logs) / ONE, cepstra, atol=2e-5)


def reference_lpc(logs: np.ndarray) -> np.ndarray:
    """Levinson's recursion of one frame in float64."""
    weights = np.array([[float(w) for w in row] for row in band_weights()])
    bins = weights @ (10**logs * np.array([float(c) for c in COMPENSATION]))
    full = np.concatenate([bins, [0], bins[:0:-1]])
    ac = np.fft.fft(full).real[:17]
    ac[0] += ac[0] * 1e-4 + 26 / 38
    ac[1:] *= 1 - 6e-5 * np.arange(1, 17) ** 2
    lpc, error = np.zeros(16), ac[0]
    for i in range(16):
        r = -(lpc[:i] @ ac[i:0:-1] + ac[i + 1]) / error
        lpc[:i], lpc[i] = lpc[:i] + r * lpc[:i][::-1], r
        error -= r * r * error
        if error < 0.001 * ac[0]:
            break
    return lpc


def test_prediction_coefficients() -> None:
    rng = np.random.default_rng(5)
    tilt = np.linspace(6, 1, 18)
    logs = reference_logs(10 ** (tilt + rng.normal(0, 0.7, (200, 18))))
    got = prediction.levinson(prediction.autocorrelation(np.round(logs * ONE).astype(np.int64)))
    expected = np.array([reference_lpc(frame) for frame in logs])
    np.testing.assert_allclose(got / 2**26, expected, atol=2e-3)


def test_prediction_of_silence_and_of_the_loudest() -> None:
    logs = np.array([[-2] * 18, [10] * 18, [10, *[2] * 17], [2, *[-2] * 16, 10]]) * ONE
    ac = prediction.autocorrelation(logs)
    assert (ac[:, 0] >> 36 == 1).all()
    lpc = prediction.levinson(ac)
    assert np.abs(lpc).max() < prediction.LPC_LIMIT


def test_residual() -> None:
    rng = np.random.default_rng(6)
    signal = rng.integers(-(1 << 36), 1 << 36, (3, 176))
    lpc = rng.integers(-(1 << 26), 1 << 26, (3, 16))
    got = prediction.residual(signal, lpc) / 2**16
    x, a = signal / 2**20, lpc / 2**26
    expected = np.stack([x[:, 16 + n] + (a * x[:, n : n + 16][:, ::-1]).sum(1) for n in range(160)])
    np.testing.assert_allclose(got, np.clip(expected.T, -(2**18), 2**18), atol=2**-17 * 1.01)


def test_phase_features(signal: Int) -> None:
    bins = spectrum.spectrum(signal).head(30)
    now = spectrum.Spectrum(bins.re[:, 1:], bins.im[:, 1:], bins.shift[:, 1:])
    before = spectrum.Spectrum(bins.re[:, :-1], bins.im[:, :-1], bins.shift[:, :-1])
    got = pitch_features.phase_features(now, before) / ONE
    x = (bins.re + 1j * bins.im) * 2.0**bins.shift * 2.0**-30
    step = x[:, 1:] * x[:, :-1].conj()
    step /= np.abs(step)
    level = np.clip((10 * np.log10(np.abs(x[:, 1:]) ** 2) - 6) / 64, -1, 1)
    np.testing.assert_allclose(got[..., 0], level[..., 0], atol=2e-7)
    np.testing.assert_allclose(got[..., 1::3], step.real[..., 1:], atol=2e-7)
    np.testing.assert_allclose(got[..., 2::3], step.imag[..., 1:], atol=2e-7)
    np.testing.assert_allclose(got[..., 3::3], level[..., 1:], atol=2e-7)


def test_phase_features_of_silence() -> None:
    zero = np.zeros((1, 2, 30), np.int64)
    silence = spectrum.Spectrum(zero, zero, zero)
    got = pitch_features.phase_features(silence, silence)
    assert (got[..., 0::3] == -ONE).all()
    assert (got[..., 1::3] == 0).all()
    assert (got[..., 2::3] == 0).all()


@pytest.mark.parametrize("scale", [0.0, 0.3, 50.0, 2.0**17])
def test_correlation_and_voicing(scale: float) -> None:
    rng = np.random.default_rng(8)
    n = np.arange(416 * 6)
    x = (np.sin(2 * np.pi * n / 83) + 0.5 * rng.normal(size=n.size)) * scale
    framed = np.round(x.reshape(6, 416) * 2**16).astype(np.int64)
    y = framed / 2**16
    got = pitch_features.correlation_features(framed, 16) / ONE
    for lag in (0, 1, 100, 223):
        past, now = y[:, lag : lag + 160], y[:, 256:]
        expected = 2 * (past * now).sum(1) / (1 + (past**2).sum(1) + (now**2).sum(1))
        np.testing.assert_allclose(got[:, lag], expected, atol=3e-6)
    period = np.array([32, 83, 84, 200, 255, 256])
    got = voicing.correlation(framed, period, 16) / ONE
    now, then = y[:, 256:], np.stack([y[i, 256 - p : 416 - p] for i, p in enumerate(period)])
    expected = (now * then).sum(1) / np.sqrt(1 + (now**2).sum(1) * (then**2).sum(1))
    np.testing.assert_allclose(got, expected, atol=3e-6)
    soft = np.log(1 + np.exp(5 * expected)) / np.log(1 + np.exp(5)) - 0.5
    np.testing.assert_allclose(voicing.voicing(framed, period, 16) / ONE, soft, atol=5e-6)


def test_pitch_of_scores() -> None:
    rng = np.random.default_rng(9)
    scores = rng.normal(0, 2, (400, 180))
    scores[0], scores[1], scores[2] = -3.0, np.arange(180) * 0.1, -np.arange(180) * 0.1
    expected = []
    for row in scores:
        best = int(row.argmax()) if row.max() > -1 else 0
        near = np.arange(max(0, best - 2), min(179, best + 2) + 1)
        weights = np.exp(row[near])
        expected.append((weights * near).sum() / weights.sum() / 60 - 1.5)
    got = pitch_of(np.round(scores * ONE).astype(np.int64))
    np.testing.assert_allclose(got / ONE, expected, atol=2e-7)


def test_period_of_pitch() -> None:
    pitch = np.linspace(-1.5, 179 / 60 - 1.5, 2000)
    expected = np.floor(0.5 + 256 / 2 ** (pitch + 1.5))
    got = period_of(np.round(pitch * ONE).astype(np.int64))
    assert (got != expected).sum() == 0
    assert got[0] == 256
    assert period_of(np.array([ONE // 2])) == 64
