"""The network that tells the pitch from phase motion and correlation.

It gives a score to each of 180 pitches, 60 to the octave, from 256 samples upwards; the pitch is
the mean around the best, weighted by ``exp(score)``. Source: libopus 1.6.1 dnn/pitchdnn.c.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.logs import exp
from dredref.arithmetic.number import (
    Numbers,
    add,
    div,
    from_bits,
    from_int,
    load,
    mul,
    scratch,
    store,
    sub,
)
from dredref.model.weights import Model
from dredref.nn.bounds import LARGEST_ACTIVATION
from dredref.nn.build import Builder, padded
from dredref.nn.layers import Network, dense, gru, linear, round_all, tanh_all
from dredref.pitch import in_order
from dredref.spec.errors import InputError

CANDIDATES = 180
"""Pitches that are scored; the network's last layer is padded beyond."""

PER_OCTAVE = 60
"""Candidates to an octave."""

REACH = 2
"""Candidates either side of the best that take part in the mean."""
MEANT = 2 * REACH + 1

KERNEL = 3
"""Size of the convolutions, over frames and over lags."""

SCORE_LIMIT = 64
"""No score may be larger in magnitude: ``exp(score)`` then is an ordinary number."""

LOWEST = nearest("1.5")
"""Pitch 0 lies one and a half octaves above the lowest candidate."""
STEP = nearest(Fraction(1, PER_OCTAVE))

MOTION, MOTION_2, MIX, INPUTS, RECURRENT, SCORES = range(6)
"""Numbers of the layers."""


@kernel
def convolve(x: Numbers, weights: Numbers, bias: Numbers, out: Numbers) -> None:
    """A 3 by 3 convolution over frames and lags, zero outside the lags.

    A channel's nine products are added up by themselves, the oldest frame and the longest lag
    first; the channels' sums are then added in order, and the bias last.

    Args:
        x: [streams, 2 + frames, channels, lags + 2].
        weights: [outputs, channels, 3 frames, 3 lags].
        bias: [outputs].
        out: filled, [streams, frames, outputs, lags].
    """
    streams, frames, outputs, lags = out.shape
    channels, width = weights.shape[1], x.shape[3]
    seen = scratch(out, KERNEL * channels * width)
    part, total = scratch(out, lags), scratch(out, lags)
    for stream in range(streams):
        for frame in range(frames):
            for time in range(KERNEL):
                for channel in range(channels):
                    given = x[stream, frame + time, channel]
                    at = (time * channels + channel) * width
                    for i in range(width):
                        store(seen, at + i, load(given, i))
            for o in range(outputs):
                for i in range(lags):
                    store(total, i, from_int(total, 0))
                for channel in range(channels):
                    for i in range(lags):
                        store(part, i, from_int(part, 0))
                    for time in range(KERNEL):
                        for lag in range(KERNEL):
                            weight = load(weights, (o, channel, time, lag))
                            at = (time * channels + channel) * width + lag
                            for i in range(lags):
                                product = mul(weight, load(seen, at + i))
                                store(part, i, add(load(part, i), product))
                    for i in range(lags):
                        store(total, i, add(load(total, i), load(part, i)))
                last, to = load(bias, o), out[stream, frame, o]
                for i in range(lags):
                    store(to, i, add(load(total, i), last))


class Convolution:
    """A convolution with the tangent, and what it was given of the last two frames."""

    def __init__(self, model: Model, name: str, streams: int, lags: int, carrier: Any) -> None:
        """Take the layer ``name``; start from silence.

        Raises:
            InputError: ``model.layer`` if there is none of that kind.
        """
        layer = model.layer(name, "wide")
        bits = layer.bits("wide")
        if bits.shape[2:] != (KERNEL, KERNEL):
            raise InputError("model.layer", f"{model.name}, layer {name} is no convolution")
        self.weights, self.bias = bits.view(carrier), layer.bits("bias").view(carrier)
        self._past = np.zeros((streams, KERNEL - 1, bits.shape[1], lags + 2), carrier)

    def __call__(self, x: Numbers) -> tuple[Numbers, NDArray[np.int16]]:
        """Outputs of [streams, frames, channels, lags], and the same rounded to 8 bits."""
        edged = np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1)))
        seen = np.concatenate((self._past, edged), axis=1)
        self._past = seen[:, x.shape[1] :].copy()
        out = np.empty((*x.shape[:2], len(self.weights), x.shape[3]), x.dtype)
        convolve(seen, self.weights, self.bias, out)
        rounded = np.empty(out.shape, np.int16)
        flat = -1, out.shape[3]
        tanh_all(out.reshape(flat), out.shape[3], rounded.reshape(flat), 0)
        return out, rounded


@kernel
def score(
    network: Network,
    phases: Numbers,
    given: NDArray[np.int16],
    lags: int,
    state: Numbers,
    state_int: NDArray[np.int16],
    scores: Numbers,
) -> None:
    """Scores [frames, streams, ...] of each candidate.

    Args:
        network: the layers.
        phases: phase features [frames, streams, 88].
        given: the convolutions' outputs, and room behind them [frames, streams, ...].
        lags: how many outputs they are.
        state: the recurrent unit's state [streams, n]; updated.
        state_int: the same as activations.
        scores: filled.
    """
    streams, widest = phases.shape[1], scores.shape[2]
    for k in range(network.table.shape[0]):
        widest = max(widest, network.table[k, 1])
    sums = np.empty((streams, widest), np.int32)
    fed, own = np.empty((streams, widest), state.dtype), np.empty((streams, widest), state.dtype)
    motion = np.zeros((streams, widest), np.int16)
    for frame in range(phases.shape[0]):
        x = given[frame]
        round_all(phases[frame], phases.shape[2], motion, 0)
        dense(network, MOTION, motion, sums, fed, motion, 0)
        dense(network, MOTION_2, motion, sums, fed, x, lags)
        dense(network, MIX, x, sums, fed, motion, 0)
        gru(network, INPUTS, RECURRENT, motion, sums, fed, own, state, state_int)
        linear(network, SCORES, state_int, sums, scores[frame])


@kernel
def weighted_mean(scores: Numbers, best: NDArray[np.int64], weights: Numbers, out: Numbers) -> None:
    """Pitch in octaves of candidates around the best [n], by weights [n, 5].

    Both sums are added from the lowest candidate up; what lies beyond either end weighs nothing.
    """
    for i in range(out.size):
        moment = total = from_int(out, 0)
        for k in range(MEANT):
            place = best[i] + k - REACH
            if 0 <= place < CANDIDATES:
                weight = load(weights, (i, k))
                moment = add(moment, mul(weight, from_int(out, place)))
                total = add(total, weight)
        octaves = mul(from_bits(out, STEP), div(moment, total))
        store(out, i, sub(octaves, from_bits(out, LOWEST)))


def pitch_of(scores: Numbers) -> Numbers:
    """Pitch in octaves [n] of scores [n, 180].

    The best is the first of the largest scores; where none exceeds -1, the lowest pitch.
    """
    ordered = in_order(scores)
    best = ordered.argmax(axis=-1)
    peak = np.take_along_axis(ordered, best[:, None], axis=-1)[:, 0]
    best = np.where(peak > in_order(np.array(nearest("-1"), np.int32)), best, 0)
    places = np.clip(best[:, None] + np.arange(-REACH, REACH + 1), 0, CANDIDATES - 1)
    weights = exp(np.take_along_axis(scores, places, axis=-1))
    out = np.empty(len(scores), scores.dtype)
    weighted_mean(scores, best, weights, out)
    return out


class PitchNetwork:
    """The pitch network with the memory of several streams."""

    def __init__(self, model: Model, streams: int, carrier: np.dtype[Any]) -> None:
        """Start ``streams`` streams from silence.

        Raises:
            InputError: ``model.layer`` if ``model`` is no pitch network.
        """
        builder = Builder(model, carrier)
        for name in ("dense_if_upsampler_1", "dense_if_upsampler_2", "dense_downsampler"):
            builder.int8(name)
        for name in ("gru_1_input", "gru_1_recurrent", "dense_final_upsampler"):
            builder.int8(name)
        self.network = builder.network()
        if not _scores_stay_small(model):
            raise InputError("model.layer", f"{model.name}: scores could pass {SCORE_LIMIT}")
        size = model.layers["gru_1_recurrent"].inputs
        self._mixed = model.layers["dense_downsampler"].inputs
        self._lags = self._mixed - model.layers["dense_if_upsampler_2"].outputs
        self._first = Convolution(model, "conv2d_1", streams, self._lags, carrier)
        self._second = Convolution(model, "conv2d_2", streams, self._lags, carrier)
        self._state = np.zeros((streams, size), carrier)
        self._state_int = np.zeros((streams, padded(size)), np.int16)

    def pitch(self, phases: Numbers, correlations: Numbers) -> Numbers:
        """Pitch in octaves [streams, frames]; arguments as for :meth:`scores`."""
        scores = self.scores(phases, correlations)
        return pitch_of(scores.reshape(-1, CANDIDATES)).reshape(scores.shape[:2])

    def scores(self, phases: Numbers, correlations: Numbers) -> Numbers:
        """Scores [streams, frames, 180].

        Args:
            phases: phase features [streams, frames, 88], within -1..1 but for their rounding.
            correlations: correlation features [streams, frames, 224].
        """
        streams, frames, lags = correlations.shape
        maps, _ = self._first(correlations[:, :, None])
        _, shape = self._second(maps)
        given = np.zeros((frames, streams, padded(self._mixed)), np.int16)
        given[:, :, :lags] = np.swapaxes(shape[:, :, 0], 0, 1)
        outputs = int(self.network.table[SCORES, 1])
        scores = np.empty((frames, streams, outputs), phases.dtype)
        by_frame = np.ascontiguousarray(np.swapaxes(phases, 0, 1))
        score(self.network, by_frame, given, lags, self._state, self._state_int, scores)
        return np.ascontiguousarray(np.swapaxes(scores[:, :, :CANDIDATES], 0, 1))


def _scores_stay_small(model: Model) -> bool:
    """Whether no score can pass :data:`SCORE_LIMIT`."""
    layer = model.layers["dense_final_upsampler"]
    reach = (LARGEST_ACTIVATION - 1) * np.abs(layer.matrix).sum(axis=1).astype(object)
    scale, bias = layer.raw.arrays["scale"], layer.raw.arrays["bias"]
    return all(
        Fraction(int(weight * abs(int(s))), 1 << scale.q) + Fraction(abs(int(b)), 1 << bias.q)
        < SCORE_LIMIT
        for weight, s, b in zip(reach, scale.mantissa, bias.mantissa, strict=True)
    )
