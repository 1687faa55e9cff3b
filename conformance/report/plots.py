"""What there is to see of a vector: heat maps, waves, spectrograms, bits per chunk.

Plots are plain data; the templates draw them as SVG, so that text takes the page's colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.metrics.audio import RATE, STEP, AudioComparison, compare_audio
from dredref.metrics.features import FeatureComparison, compare_features
from dredref.pictures.images import (
    DIVERGING,
    SEQUENTIAL,
    Array,
    envelope,
    flac,
    png,
    spectrogram,
)
from dredref.spec.dred import DredPayload

DEPTH_DB = 70
"""How far below the loudest bin a spectrogram reaches."""
LONGEST_SECONDS = 12
"""Sound that is put into a page, at most, per clip."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture with axes: ticks are (place from 0 to 1, text)."""

    title: str
    uri: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    scale: str = ""
    """What the colours mean."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Error over time, with its limit; points are (x, y) from 0 to 1, y upwards."""

    title: str
    points: tuple[tuple[float, float], ...]
    limit: float | None
    top: str
    """Value at the upper edge."""
    x_ticks: tuple[tuple[float, str], ...]
    limit_text: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """Envelope of a recording: (lowest, highest) of each column."""

    title: str
    columns: tuple[tuple[float, float], ...]
    x_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bits of each chunk, newest first, with its quantizer level."""

    title: str
    bars: tuple[tuple[float, int], ...]
    top: float


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording to listen to."""

    title: str
    uri: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Plots:
    """Everything to see and hear of one vector or comparison."""

    images: tuple[Image, ...] = ()
    curves: tuple[Curve, ...] = ()
    waves: tuple[Wave, ...] = ()
    bars: tuple[Bars, ...] = ()
    clips: tuple[Clip, ...] = ()


def feature_plots(
    reference: NDArray[Any], candidate: NDArray[Any], limits: Mapping[str, float], *, newest: bool
) -> Plots:
    """Heat maps of reference, candidate and difference, and the error over time.

    ``newest``: rows are newest first; time runs to the right all the same.
    """
    turned = slice(None, None, -1) if newest else slice(None)
    return plot_features(compare_features(reference[turned], candidate[turned]), limits)


def plot_features(result: FeatureComparison, limits: Mapping[str, float]) -> Plots:
    """The plots of a comparison, rows in the order of time."""
    low = result.reference.min(axis=0)
    span = np.maximum(result.reference.max(axis=0) - low, 1e-3)
    shown = [((rows - low) / span).T for rows in (result.reference, result.candidate)]
    error = (result.candidate - result.reference).T
    reach = max(float(np.nanmax(np.abs(error))) if error.size else 0.0, 1e-9)
    if not np.isfinite(reach):
        reach = 1.0
    ticks = time_ticks(len(result.reference) * STEP / RATE)
    names = ((0.025, "c0"), (0.475, "c9"), (0.86, "c17"), (0.965, "pitch, v."))
    own = "each dimension on its own scale, the reference's range"
    images = (
        Image("Reference", png(shown[0], 0, 1), ticks, names, own),
        Image("Candidate", png(shown[1], 0, 1), ticks, names, own),
        Image(
            "Difference",
            png(error, -reach, reach, DIVERGING),
            ticks,
            names,
            f"candidate less reference, from {-reach:.3g} (blue) to {reach:.3g} (red)",
        ),
    )
    totals = curve("Error of each 10 ms", result.frame_total, limits.get("total"), ticks)
    return Plots(images=images, curves=(totals,))


def audio_plots(
    reference: NDArray[np.int16], candidate: NDArray[np.int16], limits: Mapping[str, float]
) -> Plots:
    """Waves, spectrograms, error over time, and players."""
    common = min(reference.size, candidate.size)
    result = compare_audio(reference[:common], candidate[:common]) if common >= 640 else None
    return plot_audio(reference, candidate, result, limits)


def plot_audio(
    reference: NDArray[np.int16],
    candidate: NDArray[np.int16],
    result: AudioComparison | None,
    limits: Mapping[str, float],
) -> Plots:
    """The plots of two recordings and their comparison."""
    both = (("Reference", reference), ("Candidate", candidate))
    spectra = [spectrogram(samples) for _, samples in both]
    top = max(float(one.max()) for one in spectra)
    ticks = time_ticks(reference.size / RATE)
    hertz = ((0.0, "8 kHz"), (0.5, "4"), (1.0, "0"))
    images = tuple(
        Image(
            f"{name}, spectrogram",
            png(spectrum, top - DEPTH_DB, top, SEQUENTIAL),
            ticks,
            hertz,
            f"{DEPTH_DB} dB from dark to light",
        )
        for (name, _), spectrum in zip(both, spectra, strict=True)
    )
    waves = tuple(Wave(f"{name}, wave", tuple(envelope(one)), ticks) for name, one in both)
    curves: tuple[Curve, ...] = ()
    if result is not None:
        curves = (curve("Error of each 10 ms", result.frame_error, limits.get("err4"), ticks),)
    clips = tuple(
        Clip(name, flac(one[: LONGEST_SECONDS * RATE]), round(one.size / RATE, 2))
        for name, one in both
        if one.size
    )
    return Plots(images=images, curves=curves, waves=waves, clips=clips)


def payload_plots(dred: DredPayload) -> Plots:
    """Bits of each chunk of one payload."""
    bars = tuple((one.cost / 8, one.level) for one in dred.chunks)
    if not bars:
        return Plots()
    title = "Bits of each chunk of 40 ms, newest first"
    return Plots(bars=(Bars(title, bars, max(1.0, *(bits for bits, _ in bars))),))


def stream_plots(payloads: Sequence[tuple[int, DredPayload]]) -> Plots:
    """Bits of each chunk over the packets of a stream."""
    if not payloads:
        return Plots()
    last = payloads[-1][0]
    deepest = max(len(dred.chunks) for _, dred in payloads)
    if not deepest:
        return Plots()
    bits = np.zeros((deepest, last + 1))
    for packet, dred in payloads:
        bits[: len(dred.chunks), packet] = [one.cost / 8 for one in dred.chunks]
    top = float(bits.max())
    image = Image(
        "Bits of each chunk, packet by packet",
        png(bits, 0, top),
        ((0.0, "packet 0"), (1.0, str(last))),
        ((0.0, "newest"), (1.0, f"{deepest * 40} ms ago")),
        f"from 0 (dark) to {top:.0f} bits (light)",
    )
    return Plots(images=(image,))


def time_ticks(seconds: float) -> tuple[tuple[float, str], ...]:
    """A few round times along an axis."""
    if seconds <= 0:
        return ()
    step = next(one for one in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 1e9) if seconds / one <= 6)
    count = int(seconds / step)
    last = count * step
    return tuple(
        (round(i * step / seconds, 4), f"{i * step:g}" + (" s" if i * step == last else ""))
        for i in range(count + 1)
    )


def curve(
    title: str, values: Array, limit: float | None, ticks: tuple[tuple[float, str], ...]
) -> Curve:
    """Values over time, thinned to the peaks where there are many."""
    finite = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0)
    if finite.size > 300:
        finite = np.array([part.max() for part in np.array_split(finite, 300)])
    top = max(float(finite.max()) if finite.size else 0.0, 1.2 * (limit or 0.0), 1e-9)
    steps = max(1, finite.size - 1)
    points = tuple(
        (round(i / steps, 4), round(float(value) / top, 4)) for i, value in enumerate(finite)
    )
    text = "" if limit is None else f"limit {limit:g}"
    return Curve(title, points, None if limit is None else limit / top, f"{top:.3g}", ticks, text)
