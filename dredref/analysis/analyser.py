"""The feature analysis as one object: samples in, 20 features every 10 ms out.

Several streams are analysed side by side; what does not depend on the frame before is computed for
all frames of a block at once. Results do not depend on how a signal is cut into calls, nor on which
kind of number carries it: they are libopus' own, bit for bit (its portable path; see
:mod:`dredref.arithmetic.significand`).

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from dredref.analysis import cepstrum as cep
from dredref.analysis import prediction
from dredref.analysis.lowpass import Lowpass, emphasise
from dredref.analysis.pitch_features import PHASE_BINS, correlation_features, phase_features
from dredref.analysis.pitch_network import PitchNetwork
from dredref.analysis.spectrum import (
    PCM_LIMIT,
    PCM_Q,
    columns,
    preemphasise,
    signal_of,
    spectrum,
)
from dredref.analysis.tables import (
    FEATURES,
    FRAME,
    LOOKBACK,
    LPC_ORDER,
    MAX_PERIOD,
    WINDOW,
    Int,
)
from dredref.analysis.transform import Complex
from dredref.analysis.voicing import period_of, voicing
from dredref.arithmetic.fixed import saturate
from dredref.arithmetic.significand import (
    KINDS,
    Form,
    N,
    Words,
    carry,
    concatenate,
    nearest,
    reshaped,
    words_of,
)
from dredref.arithmetic.significand_arrays import arranged, from_fixed, zeros
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.spec.errors import InputError

BLOCK = 256
"""Frames that are worked on at once, of all streams; a matter of speed alone."""

RESIDUAL_LIMIT = 1 << 24
"""No residual may reach this magnitude. The low-pass raises it by 11.3 at most, and the product of
two energies of 160 samples then is below 2**127, the largest number there is on the way. Signals of
any kind at twice full scale stay below 2**18."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the analysis computes on its way, [streams, frames, ...], as binary32 words."""

    features: Words
    """The 20 features."""
    lpc: Words
    """Prediction coefficients [16]."""
    phases: Words
    """Phase features [88]."""
    correlations: Words
    """Correlation features [224]."""
    period: Int
    """Pitch period in samples."""


class FeatureAnalyser:
    """Analyses ``streams`` streams that start in silence."""

    def __init__(
        self, streams: int = 1, model: Model | None = None, form: Form = "integers"
    ) -> None:
        """Start from silence with ``model``, the packaged pitch network unless given.

        Args:
            streams: how many.
            model: a pitch network.
            form: how numbers are held; results are the same.

        Raises:
            InputError: ``model.layer`` if ``model`` is no pitch network.
        """
        self._analysis: _Analysis[Any] = _Analysis(model or packaged("pitch"), streams, KINDS[form])

    def analyse(self, pcm: Int) -> Words:
        """Features [streams, frames, 20] of ``pcm`` [streams, 160 * frames], Q14.

        Samples are in units of 16-bit PCM, saturate at twice its range, and are rounded to 24
        significant bits, which no 16-bit sample needs. Features are binary32 words.

        Raises:
            InputError: ``features.residual`` if a residual reaches ``RESIDUAL_LIMIT``.
            ValueError: if the samples are no whole number of frames.
        """
        return self.stages(pcm).features

    def stages(self, pcm: Int) -> Stages:
        """As :meth:`analyse`, with what is computed on the way."""
        streams, count = pcm.shape
        if count % FRAME:
            raise ValueError(f"{count} samples are no whole number of frames of {FRAME}")
        if not count:
            return _nothing(streams)
        size = FRAME * max(1, BLOCK // streams)
        starts = range(0, count, size)
        return _joined([self._analysis.stages(pcm[:, start : start + size]) for start in starts])


class _Analysis(Generic[N]):
    """The analysis on one kind of number, with the memory of several streams."""

    def __init__(self, model: Model, streams: int, like: N) -> None:
        """Start from silence."""
        self._streams = streams
        self._like: N = like
        self._network: PitchNetwork[N] = PitchNetwork(model, streams, like)
        self._sample: N = zeros((streams, 1), like)
        self._signal: N = zeros((streams, WINDOW - FRAME), like)
        empty = zeros((PHASE_BINS, streams), like)
        self._bins: Complex[N] = Complex(empty, empty)
        self._residual: N = zeros((streams, 1), like)
        self._excitation: N = zeros((streams, MAX_PERIOD), like)
        self._low: N = zeros((streams, MAX_PERIOD), like)
        at_rest = zeros((streams,), like)
        self._lowpass: Lowpass[N] = Lowpass(at_rest, at_rest)

    def stages(self, pcm: Int) -> Stages:
        """Stages of a block of samples [streams, 160 * frames]."""
        signal = self._extend_signal(pcm)
        bins = spectrum(signal)
        logs = cep.log_energies(cep.band_energies(bins))
        cepstra = cep.cepstrum(logs)
        levels = prediction.band_levels(cepstra)
        lpc = prediction.levinson(prediction.autocorrelation(levels))
        delayed = columns(signal[:, WINDOW - FRAME - LOOKBACK - LPC_ORDER : -LOOKBACK], 16 + FRAME)
        residual = _bounded(signal_of(prediction.residual(delayed, lpc), self._streams))
        phases = self._by_frame(self._phases(bins))
        excitation = self._extend_excitation(residual)
        correlations = self._by_frame(correlation_features(columns(excitation, MAX_PERIOD + FRAME)))
        pitch: N = self._network.pitch(phases, correlations)
        shape: tuple[int, ...] = (*pitch.shape, 1)
        period = period_of(pitch)
        low = columns(self._extend_low(residual), MAX_PERIOD + FRAME)
        voiced = voicing(low, period.reshape(-1))
        parts = (self._by_frame(cepstra), reshaped(pitch, shape), reshaped(voiced, shape))
        features = words_of(concatenate(parts))
        assert features.shape[-1] == FEATURES
        lpc_words, phase_words = words_of(self._by_frame(lpc)), words_of(phases)
        return Stages(features, lpc_words, phase_words, words_of(correlations), period)

    def _by_frame(self, rows: N) -> N:
        """Rows of columns as [streams, frames, rows]."""
        return arranged(rows, lambda part: part.T.reshape(self._streams, -1, len(part)))

    def _extend_signal(self, pcm: Int) -> N:
        """The pre-emphasised signal of this block behind the frame before it."""
        samples = from_fixed(saturate(pcm, PCM_LIMIT << PCM_Q), PCM_Q, self._like)
        new = preemphasise(samples, self._sample)
        self._sample = samples[:, -1:]
        signal = concatenate((self._signal, new))
        self._signal = signal[:, -(WINDOW - FRAME) :]
        return signal

    def _phases(self, bins: Complex[N]) -> N:
        """Phase features; remembers the last frame's bins."""
        now, last = bins.only(slice(PHASE_BINS)), self._bins
        shape = (PHASE_BINS, self._streams, -1)

        def delayed(part: N, memory: N) -> tuple[N, N]:
            by_stream = reshaped(part, shape)
            both = concatenate((reshaped(memory, (*memory.shape, 1)), by_stream))
            return reshaped(both[..., :-1], part.shape), both[..., -1]

        (re, last_re), (im, last_im) = delayed(now.re, last.re), delayed(now.im, last.im)
        self._bins = Complex(last_re, last_im)
        return phase_features(now, Complex(re, im))

    def _extend_excitation(self, residual: N) -> N:
        """The excitation of this block behind the 256 samples before it."""
        new = emphasise(concatenate((self._residual, residual)))
        self._residual = residual[:, -1:]
        excitation = concatenate((self._excitation, new))
        self._excitation = excitation[:, -MAX_PERIOD:]
        return excitation

    def _extend_low(self, residual: N) -> N:
        """The low-passed residual of this block behind the 256 samples before it."""
        low = concatenate((self._low, self._lowpass(residual)))
        self._low = low[:, -MAX_PERIOD:]
        return low


def _bounded(residual: N) -> N:
    """The residual, whose numbers are within what the stages after it take."""
    if int((words_of(residual) & 0x7FFFFFFF).max()) >= nearest(str(RESIDUAL_LIMIT)):
        raise InputError("features.residual", f"a prediction residual reaches {RESIDUAL_LIMIT}")
    return residual


def _joined(blocks: list[Stages]) -> Stages:
    """Stages of blocks that follow each other."""
    if len(blocks) == 1:
        return blocks[0]
    names = Stages.__slots__
    return Stages(
        *(np.concatenate([getattr(block, name) for block in blocks], axis=1) for name in names)
    )


def _nothing(streams: int) -> Stages:
    """Stages of no frame."""

    def empty(size: int) -> Words:
        return np.zeros((streams, 0, size), np.int32)

    period = np.zeros((streams, 0), np.int64)
    return Stages(empty(FEATURES), empty(LPC_ORDER), empty(88), empty(224), period)


def to_float32(features: Words) -> NDArray[np.float32]:
    """Features as files and other programs take them: the numbers that the words are."""
    return carry(features)


def from_int16(pcm: NDArray[np.int16]) -> Int:
    """16-bit samples in the format that the analysis takes, Q14."""
    return pcm.astype(np.int64) << PCM_Q
