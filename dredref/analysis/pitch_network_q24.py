"""The network that tells the pitch from phase motion and correlation.

Source: libopus 1.6.1 dnn/pitchdnn.c. The network gives a score to each of 180 pitches, 60 to the
octave, from 256 samples upwards; the pitch is the mean around the best, weighted by ``exp(score)``.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dredref.analysis.pitch_features import LAGS, PHASE_FEATURES
from dredref.analysis.tables import Int
from dredref.arithmetic.activations import tanh
from dredref.arithmetic.fixed import EXACT, ONE, Fixed, Q, carry, round_shift, settle
from dredref.arithmetic.powers import exp, exp2
from dredref.arithmetic.products import ExactMatrix
from dredref.model.weights import Layer, Model
from dredref.nn.layers import dense
from dredref.nn.sequence import gru_sequence
from spec.errors import InputError

CANDIDATES = 180
"""Pitches that are scored; the network's last layer is padded beyond."""

PER_OCTAVE = 60
"""Candidates to an octave."""

REACH = 2
"""Candidates either side of the best that take part in the mean."""

KERNEL = 3
"""Size of the convolutions, over frames and over lags."""

LOWEST = 3 * ONE // 2
"""1.5: pitch 0 lies one and a half octaves above the lowest candidate."""


class Kernel:
    """A 3 by 3 convolution as a map from a window [inputs * 3 * 3] to its outputs.

    Weights are rounded to Q24, halves up, and the bias to Q48. Inputs are within -1..1, so that one
    product is exact (:class:`~dredref.arithmetic.products.ExactMatrix` checks the bound); the sum
    is rounded once.
    """

    def __init__(self, layer: Layer) -> None:
        """Take the weights of ``layer``.

        Raises:
            InputError: ``model.layer`` if they are too large.
        """
        weights = round_shift(layer.matrix.reshape(len(layer.matrix), -1), layer.q - Q)
        self.outputs = len(weights)
        bias = layer.bias(2 * Q)
        self._bias = np.zeros(self.outputs, np.int64) if bias is None else bias
        try:
            self._matrix = ExactMatrix(weights, ONE)
        except ValueError as error:
            raise InputError("model.layer", f"layer {layer.name}: {error}") from error
        if self._matrix.bound + int(np.abs(self._bias).max()) >= EXACT >> 1:
            raise InputError("model.layer", f"layer {layer.name}: its bias is too large")

    def __call__(self, windows: Fixed) -> Fixed:
        """Q24 windows [..., inputs * 3 * 3] to Q24 outputs."""
        return round_shift(self._matrix(windows) + self._bias, Q)


def convolve(kernel: Kernel, x: Fixed) -> Fixed:
    """Convolution over frames and lags, zero outside the lags, with the network's tangent.

    Args:
        kernel: the convolution.
        x: [..., 2 + frames, channels, lags], two frames of the past first.

    Returns:
        [..., frames, outputs, lags].
    """
    edge = np.zeros((*x.shape[:-1], 1), x.dtype)
    padded = np.concatenate([edge, x, edge], axis=-1)
    windows = sliding_window_view(padded, (KERNEL, KERNEL), axis=(-3, -1))
    # [..., frames, channels, lags, time, lag] -> [..., frames, lags, channels * time * lag]
    ordered = np.moveaxis(windows, -4, -3)
    flat = ordered.reshape(*ordered.shape[:-3], -1)
    return np.swapaxes(tanh(kernel(flat)), -1, -2)


class PitchNetwork:
    """The pitch network with the memory of several streams."""

    def __init__(self, model: Model, streams: int = 1) -> None:
        """Start ``streams`` streams from silence."""
        self._model = model
        self._first = Kernel(model.layers["conv2d_1"])
        self._second = Kernel(model.layers["conv2d_2"])
        self._correlation: Fixed = np.zeros((streams, KERNEL - 1, 1, LAGS))
        self._maps: Fixed = np.zeros((streams, KERNEL - 1, self._first.outputs, LAGS))
        self._state: Fixed = np.zeros((streams, model["gru_1_recurrent"].inputs))

    def scores(self, phases: Int, correlations: Int) -> Int:
        """Scores [streams, frames, 180], Q24.

        Args:
            phases: phase features [streams, frames, 88], Q24.
            correlations: correlation features [streams, frames, 224], Q24.
        """
        assert phases.shape[-1] == PHASE_FEATURES
        model = self._model
        motion = dense(model["dense_if_upsampler_1"], carry(phases))
        motion = dense(model["dense_if_upsampler_2"], motion)
        seen = np.concatenate([self._correlation, carry(correlations)[..., None, :]], axis=1)
        maps = np.concatenate([self._maps, convolve(self._first, seen)], axis=1)
        shape = convolve(self._second, maps)[..., 0, :]
        self._correlation, self._maps = seen[:, -(KERNEL - 1) :], maps[:, -(KERNEL - 1) :]
        mixed = dense(model["dense_downsampler"], np.concatenate([shape, motion], axis=-1))
        states, self._state = gru_sequence(
            model["gru_1_input"], model["gru_1_recurrent"], self._state, mixed
        )
        return settle(model["dense_final_upsampler"](states)[..., :CANDIDATES])


def pitch_of(scores: Int) -> Int:
    """Pitch in octaves [...], Q24, of scores [..., 180].

    Where no score exceeds -1, the best is taken to be the lowest pitch. Quotients are rounded
    halves up.
    """
    best = scores.argmax(axis=-1)[..., None]
    peak = np.take_along_axis(scores, best, axis=-1)
    best = np.where(peak > -ONE, best, 0)
    places = best + np.arange(-REACH, REACH + 1)
    inside = (places >= 0) & (places < CANDIDATES)
    near = np.take_along_axis(scores, np.clip(places, 0, CANDIDATES - 1), axis=-1)
    near = np.where(inside, near, -16 * ONE)
    weights = exp(np.maximum(near - near.max(axis=-1, keepdims=True), -16 * ONE))
    weights = np.where(inside, weights, 0)
    total = PER_OCTAVE * weights.sum(axis=-1)
    moment = (weights * places).sum(axis=-1)
    whole, rest = np.divmod(moment, total)
    fraction = (2 * (rest << 24) + total) // (2 * total)
    pitch: Int = (whole << 24) + fraction - LOWEST
    return pitch


def period_of(pitch: Int) -> Int:
    """Period in samples at 16 kHz: ``floor(1/2 + 256 / 2**(pitch + 1.5))``; pitch in Q24."""
    period: Int = (exp2(8 * ONE - (pitch + LOWEST), 24) + (ONE >> 1)) >> 24
    return period
