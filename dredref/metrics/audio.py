"""The audio metric of upstream's ``dred_compare -audio``, and what it does not tell.

Both signals (16 kHz) are high-passed and cut into windows of 40 ms every 10 ms. Their power
spectra are spread over neighbouring bins as the ear masks, decay in time both ways, and are
compared after a power law of 0.2 (loudness) in 17 bands. ``err4`` and ``err16`` are the means of
the frames' errors to the 4th and 16th power: the second hears single bad frames. ``pitch`` is
the mean change of the normalised correlation at the reference's own pitch lag, over frames
where that correlation is above 0.7.

Both errors are divided by the root of the reference's *summed* loudness, so they shrink with the
root of the length: a threshold holds for clips of the length it was set for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dredref.metrics.divergence import Divergence
from dredref.spec.errors import InputError

RATE = 16000
"""Samples a second that the metric is made for."""
WINDOW = 640
"""Samples in an analysis window, 40 ms."""
STEP = 160
"""Samples between windows, 10 ms."""
BINS = WINDOW // 2
"""Spectral bins used, 25 Hz each; the one at half the rate is left out."""
BAND_EDGES: tuple[int, ...] = (
    *(0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 272, 320),
)
"""First bin of each of the 17 bands, and the end."""
LOUDNESS = 0.2
"""Exponent from power to loudness."""
LAG_MIN, LAG_MAX, LAG_WINDOW = 32, 256, 320
"""Pitch lags searched, and the samples correlated, at 16 kHz."""
LAG_VOICED = 0.7
"""Frames count for the pitch error when their best correlation is above this."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AudioComparison:
    """How far a candidate is from a reference by ear; one row for each 10 ms."""

    reference: Array
    candidate: Array
    err4: float
    err16: float
    pitch: float
    """NaN where no frame of the reference is voiced: then pitch is not judged.

    Infinite where the candidate holds a NaN or an infinity."""
    frame_error: Array
    """[frames] a frame's own error on the scale of ``err4``."""
    band_error: Array
    """[frames, 17] the part of each band in it, on the same scale."""
    frame_pitch: Array
    """[frames] change of correlation, NaN where the frame does not count."""

    @property
    def measures(self) -> dict[str, float]:
        """The three figures by name."""
        return {"err4": self.err4, "err16": self.err16, "pitch": self.pitch}

    @property
    def judges_pitch(self) -> bool:
        """Whether any frame of the reference is voiced."""
        return not np.isnan(self.pitch)

    @property
    def worst_frame(self) -> int:
        """The frame with the largest error."""
        return int(np.argmax(np.where(np.isnan(self.frame_error), np.inf, self.frame_error)))

    def within(self, limits: Mapping[str, float]) -> bool:
        """Whether every figure is at or below its limit; NaN from the candidate never is."""
        return all(
            value <= limits[name] or (name == "pitch" and not self.judges_pitch)
            for name, value in self.measures.items()
            if name in limits
        )

    def first_over(self, limit: float) -> Divergence | None:
        """The first frame whose own error is above ``limit``, at its worst band."""
        over = np.flatnonzero(~(self.frame_error <= limit))
        return self.at(int(over[0]), limit) if over.size else None

    def worst(self, limit: float | None = None) -> Divergence:
        """The worst frame, at its worst band."""
        return self.at(self.worst_frame, limit)

    def first_difference(self) -> Divergence | None:
        """The first sample that is not equal."""
        differs = np.flatnonzero(self.reference != self.candidate)
        if not differs.size:
            return None
        sample = int(differs[0])
        return Divergence(
            stage="samples",
            frame=sample // STEP,
            index=sample,
            expected=float(self.reference[sample]),
            got=float(self.candidate[sample]),
        )

    def at(self, frame: int, limit: float | None) -> Divergence:
        """The worst band of one frame."""
        return Divergence(
            stage="loudness",
            frame=frame,
            index=int(np.argmax(self.band_error[frame])),
            expected=0.0,
            got=float(self.frame_error[frame]),
            limit=limit,
        )


def compare_audio(
    reference: NDArray[np.number], candidate: NDArray[np.number], *, skip: int = 0
) -> AudioComparison:
    """Compare two signals [samples] at 16 kHz on the scale of 16-bit samples.

    A longer candidate is cut to the reference's length, as upstream does. ``skip`` samples of
    the candidate's start are left out after the high-pass has run over them.

    Raises:
        InputError: ``metrics.length`` if the candidate is shorter than the reference, or the
            reference shorter than one window.
    """
    x = np.asarray(reference, dtype=np.float64).reshape(-1)
    y = np.asarray(candidate, dtype=np.float64).reshape(-1)[: x.size + skip]
    if x.size != y.size - skip:
        raise InputError(
            "metrics.length",
            f"the reference has {x.size} samples, the candidate {max(0, y.size - skip)}",
        )
    if x.size < WINDOW:
        raise InputError("metrics.length", f"{x.size} samples are fewer than one window, {WINDOW}")
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        high_x, high_y = _high_pass(x), _high_pass(y)[skip:]
        frame_pitch = _pitch_errors(high_x, high_y)
        masked_x, masked_y = _masked_spectra(high_x, high_y)
        band4, band16, loudness = _band_errors(masked_x, masked_y)
        frame4 = band4.mean(axis=1)
        frame16 = np.mean(band16**2, axis=1) ** 2
        scale = 100.0 / np.sqrt(loudness.mean(axis=1).sum())
        counted = frame_pitch[~np.isnan(frame_pitch)]
        return AudioComparison(
            reference=x,
            candidate=y[skip:],
            err4=float(scale * np.mean(frame4**2) ** (1 / 4)),
            err16=float(scale * np.mean(frame16**2) ** (1 / 16)),
            pitch=_mean_pitch(high_y, counted),
            frame_error=scale * np.sqrt(frame4),
            band_error=scale * np.sqrt(band4),
            frame_pitch=frame_pitch,
        )


def _mean_pitch(candidate: Array, counted: Array) -> float:
    """Mean of the counted frames' errors; NaN without any, infinite for a broken candidate."""
    if not np.isfinite(candidate).all():
        return float("inf")
    return float(counted.mean()) if counted.size else float("nan")


@lru_cache(maxsize=1)
def _high_pass_response() -> Array:
    """Impulse response of the high-pass, long enough to have died away (poles at 0.987)."""
    response = np.zeros(4096)
    before, last = 0.0, 0.0
    for n in range(response.size):
        drive = (1.0, -2.0, 1.0)[n] if n < 3 else 0.0
        before, last = last, drive + 1.97354 * last - 0.97417 * before
        response[n] = last
    return response


def _high_pass(signal: Array) -> Array:
    """Take away what lies below about 50 Hz: a second-order section, run by overlap in FFTs."""
    response = _high_pass_response()
    size = 1 << (signal.size + response.size - 1).bit_length()
    product = np.fft.rfft(signal, size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(product, size)[: signal.size])


def _frames(signal: Array, width: int, count: int, start: int = 0) -> Array:
    """[count, width] views of a signal, one each step."""
    return np.lib.stride_tricks.sliding_window_view(signal[start:], width)[::STEP][:count]


def _frame_count(samples: int) -> int:
    """Windows that fit."""
    return (samples - WINDOW + STEP) // STEP


def _correlations(signal: Array, count: int) -> Array:
    """[count, lags 0..256] normalised correlation of the frames from the third on."""
    flattened = np.empty_like(signal)
    flattened[0] = signal[0]
    flattened[1:] = signal[1:] - 0.8 * signal[:-1]
    segments = _frames(flattened, LAG_WINDOW + LAG_MAX, count, 2 * STEP - LAG_MAX)
    size = LAG_WINDOW + LAG_MAX
    window = np.fft.rfft(segments[:, LAG_MAX:], size)
    cross = np.fft.irfft(np.fft.rfft(segments, size) * window.conj(), size)[:, : LAG_MAX + 1]
    squares = np.cumsum(np.pad(segments**2, ((0, 0), (1, 0))), axis=1)
    energy = squares[:, LAG_WINDOW:] - squares[:, : LAG_MAX + 1]
    norm = np.sqrt(energy[:, -1:] * energy + LAG_WINDOW)
    return np.asarray((cross / norm)[:, ::-1])


def _pitch_errors(x: Array, y: Array) -> Array:
    """[frames] change of correlation at the reference's pitch; NaN where it does not count."""
    frames = _frame_count(x.size)
    errors = np.full(frames, np.nan)
    count = frames - 4
    if count <= 0:
        return errors
    of_x, of_y = _correlations(x, count), _correlations(y, count)
    lags = LAG_MIN + np.argmax(of_x[:, LAG_MIN:], axis=1)
    rows = np.arange(count)
    best = of_x[rows, lags]
    voiced = best > LAG_VOICED
    errors[2:-2][voiced] = np.abs(best - of_y[rows, lags])[voiced]
    return errors


@lru_cache(maxsize=1)
def _window() -> Array:
    """Blackman-Harris window."""
    phase = 2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW
    return np.asarray(
        0.35875
        - 0.48829 * np.cos(phase)
        + 0.14128 * np.cos(2 * phase)
        - 0.01168 * np.cos(3 * phase)
    )


@lru_cache(maxsize=1)
def _spreading() -> Array:
    """[bin out, bin in]: masking over frequency, 10 dB a Bark upwards and 25 downwards.

    A recursion up the bins, one down, and a norm that leaves a flat spectrum as it is, all
    folded into one matrix.
    """
    frequency = RATE * np.arange(BINS) / (2.0 * BINS)
    bark_a_hertz = (
        8.288e-8 * frequency / (3.4225e-16 * frequency**4 + 1)
        + 0.009694 / (5.476e-7 * frequency**2 + 1)
        + 1e-4
    )
    bark = bark_a_hertz * RATE / (2.0 * BINS)
    upward, downward = 0.1**bark, 0.0031623**bark
    matrix = np.eye(BINS)
    for j in range(1, BINS):
        matrix[j] += upward[j] * matrix[j - 1]
    for j in range(BINS - 2, -1, -1):
        matrix[j] += downward[j] * matrix[j + 1]
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def _masked_spectra(x: Array, y: Array) -> tuple[Array, Array]:
    """[frames, bins] power of both after masking over frequency and time."""
    frames = _frame_count(x.size)
    spread = [
        (np.abs(np.fft.rfft(_frames(signal, WINDOW, frames) * _window())[:, :BINS]) ** 2 + 0.1)
        @ _spreading().T
        for signal in (x, y)
    ]
    # 80 dB of dynamic range in any frame, seen from the reference.
    floor = 1e-8 * spread[0].max(axis=1, keepdims=True)
    both = np.stack([np.maximum(floor, part) for part in spread], axis=1)
    for i in range(1, frames):
        both[i] += 0.5 * both[i - 1]
    # The last frame takes no part in masking backwards, as upstream has it.
    for i in range(frames - 3, -1, -1):
        both[i] += 0.1 * both[i + 1]
    return both[:, 0], both[:, 1]


def _band_errors(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """[frames, bands] squared loudness errors for err4, for err16, and the loudness."""
    # The lower threshold follows the de-emphasis of Opus at 48 kHz.
    threshold = 0.1 / (0.15**2 + (np.arange(BINS) * np.pi / 960) ** 2)
    edges = np.array(BAND_EDGES)
    weight = 1.0 / np.diff(edges) ** 2

    def banded(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, edges[:-1], axis=1) * weight)

    loud_x = (x + threshold) ** LOUDNESS
    error4 = (y + threshold) ** LOUDNESS - loud_x
    error16 = (y + 10 * threshold) ** LOUDNESS - (x + 10 * threshold) ** LOUDNESS
    return banded(error4**2), banded(error16**2), banded(loud_x**2)
