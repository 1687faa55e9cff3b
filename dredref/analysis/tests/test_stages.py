"""Each stage of the analysis: near the same in float64, and the same in every form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.analysis import cepstrum, logarithm, pitch_features, prediction, spectrum, voicing
from dredref.analysis.lowpass import POLES, ZEROS, Lowpass, emphasise
from dredref.analysis.tables import COMPENSATION, band_slopes
from dredref.analysis.transform import Complex, transform
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import (
    BINARY32,
    Carried,
    Significands,
    carry,
    from_words,
    settle,
    words_of,
)
from dredref.arithmetic.significand_arrays import from_fixed

Real = NDArray[np.float64]


def pairs(x: Carried) -> Significands:
    return from_words(settle(np.asarray(x)))


def packed(x: Carried) -> Packed:
    return pack_words(settle(np.asarray(x)))


FORMS: tuple[Callable[[Carried], Any], ...] = (pairs, packed)


def agrees(stage: Callable[..., Any], *arguments: Carried, **others: Any) -> Carried:
    """The result of a stage, which is the same in every form."""
    carried: Carried = stage(*arguments, **others)
    for form in FORMS:
        found = stage(*map(form, arguments), **others)
        np.testing.assert_array_equal(words_of(found), words_of(carried))
    return carried


def single(x: Real) -> Carried:
    return x.astype(np.float32)


@pytest.fixture(scope="module")
def signal() -> Carried:
    """Two streams of 5 frames and one before: voiced-like pulses in noise, and quiet noise."""
    rng = np.random.default_rng(7)
    n = np.arange(160 * 6)
    loud = 9000 * np.sin(2 * np.pi * 130 / 16000 * n) ** 9 + rng.normal(0, 200, n.size)
    return single(np.stack([loud, rng.normal(0, 2, n.size)]))


def test_samples_are_rounded_to_the_even_neighbour() -> None:
    pcm = np.array([(1 << 29) + 1, (1 << 30) + 32, (1 << 30) + 96, -7, 0], np.int64)
    expected = [(1 << 29), 1 << 30, (1 << 30) + 128, -7, 0]
    carried = from_fixed(pcm, 14, BINARY32)
    np.testing.assert_array_equal(carried * np.float64(1 << 14), expected)
    for form in FORMS:
        found = from_fixed(pcm, 14, form(carried))
        np.testing.assert_array_equal(words_of(found), words_of(carried))


def test_preemphasis() -> None:
    samples, before = np.array([[100, -200, 32767]], np.float32), np.array([[-50]], np.float32)
    out = agrees(spectrum.preemphasise, samples, before)
    np.testing.assert_allclose(out, [[142.5, -285, 32937]], rtol=1e-7)


def test_columns_are_frames_stream_after_stream(signal: Carried) -> None:
    framed = spectrum.columns(signal, 320)
    assert framed.shape == (320, 10)
    np.testing.assert_array_equal(framed[:, 6], signal[1, 160:480])
    again = spectrum.signal_of(framed[160:], 2)
    np.testing.assert_array_equal(again, signal[:, 160:])


def test_transform(signal: Carried) -> None:
    rows = single(np.random.default_rng(2).normal(0, 1000, (320, 3)))
    bins = transform(rows)
    for form in FORMS:
        found = transform(form(rows))
        np.testing.assert_array_equal(words_of(found.re), words_of(bins.re))
        np.testing.assert_array_equal(words_of(found.im), words_of(bins.im))
    expected = np.fft.fft(rows.astype(np.float64), axis=0) / 320
    np.testing.assert_allclose(bins.re + 1j * bins.im, expected, atol=2e-5)


def test_spectrum_and_bands(signal: Carried) -> None:
    bins = spectrum.spectrum(signal)
    n = np.arange(160)
    rise = np.sin(np.pi / 2 * np.sin(np.pi / 2 * (n + 0.5) / 160) ** 2)
    shape = np.concatenate([rise, rise[::-1]])
    starts = [(stream, start) for stream in (0, 1) for start in range(0, 800, 160)]
    windowed = np.stack([signal[s, start : start + 320] * shape for s, start in starts])
    expected = np.fft.rfft(windowed)[:, :160].T / 320
    np.testing.assert_allclose(bins.re + 1j * bins.im, expected, atol=2e-4)
    energies = agrees(lambda re, im: cepstrum.band_energies(Complex(re, im)), bins.re, bins.im)
    np.testing.assert_allclose(energies, band_matrix().T @ np.abs(expected) ** 2, rtol=2e-5)


def band_matrix() -> Real:
    """Weights [160, 18] of bins in bands, the outermost doubled."""
    bands, lower, upper = band_slopes()
    matrix = np.zeros((160, 18))
    matrix[np.arange(160), bands] = carry(lower)
    matrix[np.arange(160), bands + 1] = carry(upper)
    matrix[:, [0, -1]] *= 2
    return matrix


def test_logarithm() -> None:
    rng = np.random.default_rng(4)
    x = single(2 ** rng.uniform(-60, 60, 4000))
    x[:3] = 1, 2, 1.9999999
    np.testing.assert_allclose(agrees(logarithm.log2, x), np.log2(x), atol=5e-6)
    np.testing.assert_allclose(agrees(logarithm.log10, x), np.log10(x), atol=2e-6)


def reference_logs(energies: Real) -> Real:
    logs = np.log10(0.01 + energies)
    loudest = np.full(logs.shape[1:], -2.0)
    follow = loudest.copy()
    for i in range(18):
        logs[i] = np.maximum(logs[i], np.maximum(loudest - 8, follow - 2.5))
        loudest = np.maximum(loudest, logs[i])
        follow = np.maximum(follow - 2.5, logs[i])
    return logs


def test_cepstrum_with_its_floors() -> None:
    rng = np.random.default_rng(3)
    energies = 10 ** rng.uniform(-4, 9, (18, 40))
    logs = agrees(cepstrum.log_energies, single(energies))
    expected = reference_logs(energies)
    np.testing.assert_allclose(logs, expected, atol=3e-6)
    k = np.arange(18)
    matrix = np.cos(np.pi * (k[:, None] + 0.5) * k / 18) / 3
    matrix[:, 0] *= np.sqrt(0.5)
    cepstra = matrix.T @ expected
    cepstra[0] -= 4
    np.testing.assert_allclose(agrees(cepstrum.cepstrum, logs), cepstra, atol=2e-5)
    again = agrees(cepstrum.cosine_transform, cepstrum.cosine_transform(logs), inverse=True)
    np.testing.assert_allclose(again, logs, atol=1e-5)


def reference_autocorrelation(levels: Real) -> Real:
    bands, lower, upper = band_slopes()
    bins = carry(lower).astype(float) * levels[bands] + carry(upper) * levels[bands + 1]
    full = np.concatenate([bins, [0], bins[:0:-1]])
    ac = np.fft.fft(full).real[:17]
    ac[0] += ac[0] * 1e-4 + 26 / 38
    ac[1:] *= 1 - 6e-5 * np.arange(1, 17) ** 2
    return ac


def reference_lpc(ac: Real) -> Real:
    """Levinson's recursion of one frame in float64."""
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
    logs = reference_logs(10 ** (np.linspace(6, 1, 18)[:, None] + rng.normal(0, 0.7, (18, 30))))
    cepstra = cepstrum.cepstrum(single(logs))
    levels = agrees(prediction.band_levels, cepstra)
    widths = np.array([float(width) for width in COMPENSATION])[:, None]
    np.testing.assert_allclose(levels, 10**logs * widths, rtol=1e-4)
    ac = agrees(prediction.autocorrelation, levels)
    wanted = np.stack([reference_autocorrelation(row) for row in levels.T.astype(float)]).T
    np.testing.assert_allclose(ac, wanted, atol=2e-6 * wanted[0].max())
    lpc = agrees(prediction.levinson, ac)
    expected = np.stack([reference_lpc(row) for row in ac.T.astype(float)]).T
    np.testing.assert_allclose(lpc, expected, atol=2e-3)


def test_prediction_ends_at_once_where_nothing_is_left() -> None:
    """A pure tone is predicted within 30 dB by two coefficients; those after stay zero."""
    lags = np.arange(17)[:, None]
    ac = single(1000 * np.cos(0.3 * lags) + (lags == 0) * 0.01)
    lpc = agrees(prediction.levinson, ac)
    assert np.count_nonzero(lpc) == 2
    assert lpc[1, 0] == pytest.approx(1, abs=1e-3)


def test_residual() -> None:
    rng = np.random.default_rng(6)
    x, a = rng.normal(0, 3000, (176, 3)), rng.normal(0, 1, (16, 3))
    got = agrees(prediction.residual, single(x), single(a))
    expected = np.stack([x[16 + n] + (a * x[n : n + 16][::-1]).sum(axis=0) for n in range(160)])
    np.testing.assert_allclose(got, expected, atol=2e-2)


def test_emphasis_and_lowpass() -> None:
    rng = np.random.default_rng(12)
    x = single(rng.normal(0, 3000, (2, 400)))
    excitation = agrees(emphasise, x)
    np.testing.assert_allclose(excitation, x[:, 1:] + 0.7 * x[:, :-1], rtol=1e-5, atol=1e-3)

    def run(samples: Any) -> Any:
        lowpass = Lowpass(samples[:, 0] - samples[:, 0], samples[:, 0] - samples[:, 0])
        first, second = lowpass(samples[:, :200]), lowpass(samples[:, 200:])
        return np.stack((words_of(first), words_of(second)))

    parts = run(x)
    for form in FORMS:
        np.testing.assert_array_equal(run(form(x)), parts)
        for stream in range(2):
            alone = run(form(x[stream : stream + 1]))
            np.testing.assert_array_equal(alone[:, 0], parts[:, stream])
    b, a = [1, *map(float, ZEROS)], [*map(float, POLES)]
    y = np.zeros((2, 402))
    for n in range(400):
        taps = [x[:, n - k] if n >= k else 0 for k in range(3)]
        y[:, n + 2] = sum(c * tap for c, tap in zip(b, taps, strict=True))
        y[:, n + 2] -= a[0] * y[:, n + 1] + a[1] * y[:, n]
    np.testing.assert_allclose(carry(np.concatenate(parts, axis=1)), y[:, 2:], atol=2e-2)


def test_phase_features() -> None:
    rng = np.random.default_rng(13)
    size = 10 ** rng.uniform(-3, 4, (30, 20))
    x, y = (size * np.exp(2j * np.pi * rng.uniform(size=(30, 20))) for _ in range(2))
    parts = [single(part) for part in (x.real, x.imag, y.real, y.imag)]

    def stage(re: Any, im: Any, re_before: Any, im_before: Any) -> Any:
        return pitch_features.phase_features(Complex(re, im), Complex(re_before, im_before))

    got = agrees(stage, *parts)
    step = x * y.conj()
    step /= np.sqrt(1e-15 + np.abs(step) ** 2)
    level = np.clip((10 * np.log10(1e-15 + np.abs(x) ** 2) - 6) / 64, -1, 1)
    np.testing.assert_allclose(got[1::3], step.real[1:], atol=1e-6)
    np.testing.assert_allclose(got[2::3], step.imag[1:], atol=1e-6)
    np.testing.assert_allclose(got[3::3], level[1:], atol=1e-6)
    assert got.shape == (88, 20)


def test_phase_features_of_silence() -> None:
    zero = np.zeros((30, 2), np.float32)
    silence = Complex(zero, zero)
    got = pitch_features.phase_features(silence, silence)
    assert (got[0::3] == -1).all()
    assert (got[1::3] == 0).all()
    assert (got[2::3] == 0).all()


@pytest.mark.parametrize("scale", [0.0, 0.3, 50.0, 2.0**17])
def test_correlation_and_voicing(scale: float) -> None:
    rng = np.random.default_rng(8)
    n = np.arange(416 * 6)
    x = (np.sin(2 * np.pi * n / 83) + 0.5 * rng.normal(size=n.size)) * scale
    y = single(x.reshape(6, 416).T)
    got = agrees(pitch_features.correlation_features, y)
    z = y.astype(np.float64)
    for lag in (0, 1, 100, 223):
        past, now = z[lag : lag + 160], z[256:]
        expected = 2 * (past * now).sum(0) / (1 + (past**2).sum(0) + (now**2).sum(0))
        np.testing.assert_allclose(got[lag], expected, atol=3e-6)
    period = np.array([32, 83, 84, 200, 255, 256])
    found = agrees(voicing.correlation, y, period=period)
    now, then = z[256:], np.stack([z[256 - p : 416 - p, i] for i, p in enumerate(period)], axis=1)
    expected = (now * then).sum(0) / np.sqrt(1 + (now**2).sum(0) * (then**2).sum(0))
    np.testing.assert_allclose(found, expected, atol=3e-6)
    soft = np.log(1 + np.exp(5 * expected)) / np.log(1 + np.exp(5)) - 0.5
    np.testing.assert_allclose(agrees(voicing.voicing, y, period=period), soft, atol=5e-6)


def test_period_is_that_of_double_precision() -> None:
    """At the pitches either side of each step, as libopus computes it in doubles; so everywhere."""
    ends = voicing._highest_pitches()
    assert (np.diff(ends) > 0).all()
    places = np.concatenate([ends, ends + 1])
    words = np.where(places < 0, -places - (1 << 31), places).astype(np.int32)
    pitch = carry(words)
    expected = [
        math.floor(0.5 + 256 / 2 ** (1 / 60 * ((float(value) + 1.5) * 60))) for value in pitch
    ]
    got = voicing.period_of(pitch)
    np.testing.assert_array_equal(got, expected)
    for form in FORMS:
        np.testing.assert_array_equal(voicing.period_of(form(pitch)), expected)
    np.testing.assert_array_equal(got[:224], np.arange(256, 32, -1))
    np.testing.assert_array_equal(got[224:], np.arange(255, 31, -1))
    edges = np.array([-1.5, 0.5, 179 / 60 - 1.5], np.float32)
    np.testing.assert_array_equal(voicing.period_of(edges), [256, 64, 32])
