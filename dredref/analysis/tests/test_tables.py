"""The tables against their definitions in float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dredref.analysis import tables
from dredref.analysis.lowpass import POLES, TAPS, ZEROS, response


def test_window_keeps_the_power_of_overlapping_frames() -> None:
    window = tables.window_q24() / 2**24
    np.testing.assert_allclose(window[:160] ** 2 + window[160:] ** 2, 1, atol=2e-7)
    n = np.arange(160)
    rise = np.sin(np.pi / 2 * np.sin(np.pi / 2 * (n + 0.5) / 160) ** 2)
    np.testing.assert_allclose(window[:160], rise, atol=2**-25 * 1.01)
    np.testing.assert_array_equal(window, window[::-1])


def test_transform_is_the_scaled_fourier_transform() -> None:
    x = np.eye(320, dtype=np.int64)[[0, 1, 77, 160, 319]] << 20
    both = tables.transform().multiply(x, 12) / 2**40
    expected = np.fft.rfft(x / 2**20)[:, :160] / 320
    np.testing.assert_allclose(both[:, :160], expected.real, atol=2**-32)
    np.testing.assert_allclose(both[:, 160:], expected.imag, atol=2**-32)


def test_every_bin_is_shared_out_completely() -> None:
    assert all(sum(row) == 1 for row in tables.band_weights())
    matrix = tables.band_matrix()
    assert matrix[0, 0] == 2 * tables.BAND_DENOMINATOR
    assert matrix[28, 7] == tables.BAND_DENOMINATOR
    assert (np.count_nonzero(matrix, axis=1) <= 2).all()


def test_cepstral_transform_is_orthonormal() -> None:
    matrix = tables.cepstral_matrix().multiply(np.eye(18, dtype=np.int64)) / 2**28
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(18), atol=1e-7)
    np.testing.assert_allclose(matrix[:, 0], np.sqrt(1 / 18), atol=4e-9)


def test_autocorrelation_matrix_is_the_interpolated_inverse_transform() -> None:
    weights = np.array([[float(w) for w in row] for row in tables.band_weights()])
    energies = np.zeros(18)
    energies[5] = 1
    bins = weights @ (energies * np.array([float(c) for c in tables.COMPENSATION]))
    spectrum = np.concatenate([bins, [0], bins[:0:-1]])
    expected = np.fft.fft(spectrum).real[:17]
    expected *= 1 - 6e-5 * np.arange(17) ** 2
    expected[0] *= 1.0001
    got = tables.autocorrelation_matrix().multiply(energies.astype(np.int64)[None] << 20, 10)[0]
    np.testing.assert_allclose(got / 2**36, expected, atol=1e-8)


def test_lowpass_response_is_the_recursion_s_and_ends_within_a_frame() -> None:
    b = [1, *(z / 2**24 for z in ZEROS)]
    a = [p / 2**24 for p in POLES]
    expected = np.zeros(TAPS + 200)
    for n in range(len(expected)):
        past = [expected[n - k - 1] if n > k else 0 for k in range(2)]
        expected[n] = (b[n] if n < 3 else 0) - a[0] * past[0] - a[1] * past[1]
    np.testing.assert_allclose(np.array(response()) / 2**24, expected[:TAPS], atol=2**-25 * 1.01)
    assert np.abs(expected[TAPS:]).max() < 2**-38


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Fraction(1, 2), 1), (Fraction(-1, 2), 0), (Fraction(-3, 4), -1), (Fraction(5, 3), 2)],
)
def test_halves_go_up(value: Fraction, expected: int) -> None:
    assert tables.round_half_up(value) == expected
