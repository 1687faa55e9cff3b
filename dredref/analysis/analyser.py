"""The feature analysis as one object: samples in, 20 features every 10 ms out.

Several streams are analysed side by side; what does not depend on the frame before is computed for
all frames of a block at once. Results do not depend on how a signal is cut into calls.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref import pitch
from dredref.analysis import cepstrum as cep
from dredref.analysis import prediction
from dredref.analysis.logarithm import log_table
from dredref.analysis.lowpass import emphasise, lowpass
from dredref.analysis.pitch_features import (
    LAGS,
    PHASE_BINS,
    PHASE_FEATURES,
    correlation_features,
    phase_features,
)
from dredref.analysis.pitch_network import PitchNetwork
from dredref.analysis.spectrum import PCM_LIMIT, PCM_Q, preemphasise, rows, spectrum
from dredref.analysis.tables import (
    FEATURES,
    FRAME,
    LOOKBACK,
    LPC_ORDER,
    MAX_PERIOD,
    MIN_PERIOD,
    WINDOW,
    Int,
)
from dredref.analysis.voicing import voicing
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.carrier import Arithmetic, carrier_of, without_negative_zeros
from dredref.arithmetic.fixed import saturate
from dredref.arithmetic.number import Numbers
from dredref.arithmetic.values import Features, Samples, check_samples
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.spec.errors import InputError, UsageError
from dredref.spec.tables import CURRENT_VERSION

BLOCK = 256
"""Frames that are worked on at once, of all streams; a matter of speed alone."""

RESIDUAL_LIMIT = 1 << 24
"""No residual may reach this magnitude. The low-pass raises it by 11.3 at most, and the product of
two energies of 160 samples then is below 2**127, the largest number there is on the way. Signals of
any kind at twice full scale stay below 2**18."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the analysis computes on its way, float32 [streams, frames, ...]."""

    features: Features
    """The 20 features."""
    lpc: NDArray[np.float32]
    """Prediction coefficients [16]."""
    phases: NDArray[np.float32]
    """Phase features [88]."""
    correlations: NDArray[np.float32]
    """Correlation features [224]."""
    period: Int
    """Pitch period in samples."""


class FeatureAnalyser:
    """Analyses ``streams`` streams that start in silence."""

    def __init__(
        self,
        streams: int = 1,
        model: Model | None = None,
        arithmetic: Arithmetic | None = None,
        version: int = CURRENT_VERSION,
    ) -> None:
        """Start from silence with ``model``, the packaged pitch network unless given.

        Args:
            streams: how many there are.
            model: the pitch network.
            arithmetic: the carrier; that of the process if None. It changes no feature.
            version: the DRED version whose encoders analyse alike; their logarithms differ.

        Raises:
            InputError: ``model.layer`` if ``model`` is no pitch network.
            UsageError: ``dred.version.unknown``.
        """
        self._logarithm = log_table(version)
        carrier = carrier_of(arithmetic)
        self._streams, self._carrier = streams, carrier
        self._network = PitchNetwork(model or packaged("pitch"), streams, carrier)
        self._sample = np.zeros(streams, carrier)
        self._signal = np.zeros((streams, WINDOW - FRAME), carrier)
        self._bins = np.zeros((2, PHASE_BINS, streams, 1), carrier)
        self._residual = np.zeros(streams, carrier)
        self._excitation = np.zeros((streams, MAX_PERIOD), carrier)
        self._low = np.zeros((streams, MAX_PERIOD), carrier)
        self._lowpass = np.zeros((2, streams), carrier)

    def analyse(self, samples: Samples) -> Features:
        """Return the features, float32 [streams, n, 20], of samples [streams, 160 * n] at 16 kHz.

        Args:
            samples: int16, or float32 within -1..1.

        Raises:
            UsageError: ``samples.type``, ``samples.shape``, ``samples.range``.
            InputError: ``features.residual`` if a residual reaches ``RESIDUAL_LIMIT``.
        """
        pcm = check_samples(samples, self._streams)
        return self.stages(pcm.astype(np.int64) << PCM_Q).features

    def analyse_q14(self, pcm: Int) -> Features:
        """As :meth:`analyse`, of integers in units of 16-bit PCM, Q14: what a resampler gives.

        They saturate at twice the range of 16 bits and are rounded to 24 significant bits.
        """
        return self.stages(pcm).features

    def stages(self, pcm: Int) -> Stages:
        """As :meth:`analyse_q14`, with what is computed on the way."""
        streams, count = pcm.shape
        if count % FRAME:
            raise UsageError(
                "samples.shape", f"{count} samples are no whole number of frames of {FRAME}"
            )
        size = FRAME * max(1, BLOCK // streams)
        starts = range(0, count, size)
        return _joined(streams, [self._block(pcm[:, start : start + size]) for start in starts])

    def _block(self, pcm: Int) -> Stages:
        """Stages of a block of samples [streams, 160 * frames]."""
        signal = self._extend_signal(pcm)
        re, im = spectrum(signal)
        logs = cep.band_energies(re, im)
        cep.log_energies(logs, self._logarithm)
        cep.floor_logs(logs)
        cepstra = cep.cepstrum(logs)
        ac = prediction.autocorrelation(prediction.band_levels(cepstra))
        lpc = prediction.linear_prediction(ac)
        delayed = rows(signal[:, WINDOW - FRAME - LOOKBACK - LPC_ORDER : -LOOKBACK], 16 + FRAME)
        residual = self._bounded(prediction.residual(delayed, lpc).reshape(self._streams, -1))
        phases = self._by_stream(self._phases(re, im))
        excitation = np.empty_like(residual)
        emphasise(residual, self._residual, excitation)
        self._excitation, excitation = self._behind(self._excitation, excitation)
        correlations = self._by_stream(correlation_features(rows(excitation, MAX_PERIOD + FRAME)))
        pitches = self._network.pitch(phases, correlations)
        period = pitch.period_of(pitches, MIN_PERIOD, MAX_PERIOD)
        low = np.empty_like(residual)
        lowpass(residual, self._lowpass, low)
        self._low, low = self._behind(self._low, low)
        voiced = voicing(rows(low, MAX_PERIOD + FRAME), period.reshape(-1))
        features = np.empty((*pitches.shape, FEATURES), self._carrier)
        features[..., :-2] = self._by_stream(np.ascontiguousarray(cepstra.T))
        features[..., -2], features[..., -1] = pitches, voiced.reshape(pitches.shape)
        return Stages(
            without_negative_zeros(features),
            without_negative_zeros(self._by_stream(lpc)),
            without_negative_zeros(phases),
            without_negative_zeros(correlations),
            period,
        )

    def _by_stream(self, of_frames: Numbers) -> Numbers:
        """Rows of all streams' frames as [streams, frames, ...]."""
        return of_frames.reshape(self._streams, -1, of_frames.shape[-1])

    def _extend_signal(self, pcm: Int) -> Numbers:
        """The pre-emphasised signal of this block behind the frame before it."""
        new = np.empty(pcm.shape, self._carrier)
        preemphasise(saturate(pcm, PCM_LIMIT << PCM_Q), self._sample, new)
        self._signal, signal = self._behind(self._signal, new)
        return signal

    def _behind(self, past: Numbers, new: Numbers) -> tuple[Numbers, Numbers]:
        """What is to be remembered of a signal [streams, n], and the signal behind its past."""
        signal = np.concatenate((past, new), axis=1)
        return signal[:, -past.shape[1] :].copy(), signal

    def _phases(self, re: Numbers, im: Numbers) -> Numbers:
        """Phase features [streams * frames, 88]; remembers the last frame's bins."""
        now = np.stack((re[:PHASE_BINS], im[:PHASE_BINS]))
        by_stream = now.reshape(2, PHASE_BINS, self._streams, -1)
        both = np.concatenate((self._bins, by_stream), axis=-1)
        self._bins = both[..., -1:].copy()
        before = both[..., :-1].reshape(now.shape)
        out = np.empty((now.shape[2], PHASE_FEATURES), self._carrier)
        phase_features(now[0], now[1], before[0], before[1], self._logarithm, out)
        return out

    def _bounded(self, residual: Numbers) -> Numbers:
        """The residual, whose numbers are within what the stages after it take."""
        magnitudes = residual.view(np.int32) & 0x7FFFFFFF
        if int(magnitudes.max(initial=0)) >= nearest(str(RESIDUAL_LIMIT)):
            raise InputError("features.residual", f"a prediction residual reaches {RESIDUAL_LIMIT}")
        return residual


def _joined(streams: int, blocks: list[Stages]) -> Stages:
    """Stages of blocks that follow each other."""

    def nothing(size: int) -> NDArray[np.float32]:
        return np.zeros((streams, 0, size), np.float32)

    empty = Stages(
        *(nothing(FEATURES), nothing(LPC_ORDER), nothing(PHASE_FEATURES), nothing(LAGS)),
        np.zeros((streams, 0), np.int64),
    )
    names = Stages.__slots__
    return Stages(
        *(
            np.concatenate([getattr(block, name) for block in (empty, *blocks)], axis=1)
            for name in names
        )
    )
