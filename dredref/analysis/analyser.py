"""The feature analysis as one object: samples in, 20 features every 10 ms out.

Several streams are analysed side by side; what does not depend on the frame before is computed for
all frames of a call at once. Results do not depend on how a signal is cut into calls.
Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.analysis import cepstrum as cep
from dredref.analysis import prediction, spectrum
from dredref.analysis.lowpass import TAPS, emphasise, lowpass
from dredref.analysis.pitch_features import PHASE_BINS, correlation_features, phase_features
from dredref.analysis.pitch_network_q24 import PitchNetwork, period_of, pitch_of
from dredref.analysis.spectrum import PCM_LIMIT, PCM_Q, Spectrum, frames
from dredref.analysis.tables import (
    FEATURES,
    FRAME,
    LOOKBACK,
    LPC_ORDER,
    MAX_PERIOD,
    WINDOW,
    Int,
)
from dredref.analysis.voicing import voicing
from dredref.arithmetic.fixed import saturate
from dredref.model import packaged
from dredref.model.weights import Model

FEATURE_Q = 24
"""Fractional bits of features."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the analysis computes on its way, [streams, frames, ...]; formats in brackets."""

    features: Int
    """The 20 features [Q24]."""
    lpc: Int
    """Prediction coefficients [16, Q26]."""
    phases: Int
    """Phase features [88, Q24]."""
    correlations: Int
    """Correlation features [224, Q24]."""
    period: Int
    """Pitch period in samples."""


class FeatureAnalyser:
    """Analyses ``streams`` streams that start in silence."""

    def __init__(self, streams: int = 1, model: Model | None = None) -> None:
        """Start from silence with ``model``, the packaged pitch network unless given."""
        self._network = PitchNetwork(model or packaged("pitch"), streams)
        self._sample = np.zeros(streams, np.int64)
        self._signal = np.zeros((streams, WINDOW - FRAME), np.int64)
        empty = np.zeros((streams, 1, PHASE_BINS), np.int64)
        self._bins = Spectrum(empty, empty, empty)
        self._residual = np.zeros((streams, MAX_PERIOD + TAPS - 1), np.int64)
        self._low = np.zeros((streams, MAX_PERIOD), np.int64)

    def analyse(self, pcm: Int) -> Int:
        """Features [streams, frames, 20], Q24, of ``pcm`` [streams, 160 * frames], Q14.

        Samples are in units of 16-bit PCM and saturate at twice its range.

        Raises:
            ValueError: if the samples are no whole number of frames.
        """
        if not pcm.shape[-1]:
            return np.zeros((len(pcm), 0, FEATURES), np.int64)
        return self.stages(pcm).features

    def stages(self, pcm: Int) -> Stages:
        """As :meth:`analyse`, for one frame or more, with what is computed on the way."""
        if pcm.shape[-1] % FRAME:
            raise ValueError(f"{pcm.shape[-1]} samples are no whole number of frames of {FRAME}")
        pcm = saturate(pcm, PCM_LIMIT << PCM_Q)
        signal = self._extend_signal(pcm)
        bins = spectrum.spectrum(signal)
        logs = cep.log_energies(cep.band_energies(bins))
        phases = self._phases(bins)
        lpc = prediction.levinson(prediction.autocorrelation(logs))
        delayed = frames(signal[..., WINDOW - FRAME - LOOKBACK - LPC_ORDER : -LOOKBACK], FRAME + 16)
        residual = self._extend_residual(prediction.residual(delayed, lpc))
        history = MAX_PERIOD + FRAME
        excitation = emphasise(residual[..., TAPS - 2 :])
        correlations = correlation_features(frames(excitation, history), prediction.RESIDUAL_Q)
        pitch = pitch_of(self._network.scores(phases, correlations))
        period = period_of(pitch)
        low = self._extend_low(residual)
        voiced = voicing(frames(low, history), period, prediction.RESIDUAL_Q)
        features = np.concatenate(
            [cep.cepstrum(logs), pitch[..., None], voiced[..., None]], axis=-1
        )
        assert features.shape[-1] == FEATURES
        return Stages(features, lpc, phases, correlations, period)

    def _extend_signal(self, pcm: Int) -> Int:
        """The pre-emphasised signal of this call behind the frame before it."""
        new = spectrum.preemphasise(pcm, self._sample)
        if pcm.shape[-1]:
            self._sample = pcm[..., -1]
        signal = np.concatenate([self._signal, new], axis=-1)
        self._signal = signal[..., -(WINDOW - FRAME) :]
        return signal

    def _phases(self, bins: Spectrum) -> Int:
        """Phase features; remembers the last frame's bins."""
        now, last = bins.head(PHASE_BINS), self._bins

        def joined(before: Int, after: Int) -> Int:
            return np.concatenate([before, after], axis=1)

        both = Spectrum(
            joined(last.re, now.re), joined(last.im, now.im), joined(last.shift, now.shift)
        )
        self._bins = Spectrum(both.re[:, -1:], both.im[:, -1:], both.shift[:, -1:])
        before = Spectrum(both.re[:, :-1], both.im[:, :-1], both.shift[:, :-1])
        return phase_features(now, before)

    def _extend_residual(self, framed: Int) -> Int:
        """The residual of this call behind the 256 + 159 samples before it."""
        new = framed.reshape(*framed.shape[:-2], -1)
        residual = np.concatenate([self._residual, new], axis=-1)
        self._residual = residual[..., -(MAX_PERIOD + TAPS - 1) :]
        return residual

    def _extend_low(self, residual: Int) -> Int:
        """The low-passed residual of this call behind the 256 samples before it."""
        framed = lowpass(frames(residual[..., MAX_PERIOD:], TAPS - 1 + FRAME))
        low = np.concatenate([self._low, framed.reshape(*framed.shape[:-2], -1)], axis=-1)
        self._low = low[..., -MAX_PERIOD:]
        return low


def to_float32(features: Int) -> NDArray[np.float32]:
    """Q24 features as files and other programs take them (rounded to nearest even)."""
    return (features * 2.0**-FEATURE_Q).astype(np.float32)


def from_int16(pcm: NDArray[np.int16]) -> Int:
    """16-bit samples in the format that the analysis takes, Q14."""
    return pcm.astype(np.int64) << PCM_Q
