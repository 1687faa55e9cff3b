"""The network that tells the pitch from phase motion and correlation.

It gives a score to each of 180 pitches, 60 to the octave, from 256 samples upwards; the pitch is
the mean around the best, weighted by ``exp(score)``. Its arithmetic, on either kind of number, is
that of :mod:`dredref.arithmetic.significand`.

Source: libopus 1.6.1 dnn/pitchdnn.c.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Generic

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.products import BYTE
from dredref.arithmetic.significand import (
    Carried,
    N,
    concatenate,
    constant,
    from_integers,
    nearest,
    numbers,
    reshaped,
    words_of,
)
from dredref.arithmetic.significand_arrays import zeros
from dredref.arithmetic.significand_logs import exp
from dredref.arithmetic.significand_rows import tanh
from dredref.model.weights import Model
from dredref.nn.portable import ByteLayer, byte_layer, gru_states
from dredref.spec.errors import InputError

CANDIDATES = 180
"""Pitches that are scored; the network's last layer is padded beyond."""

PER_OCTAVE = 60
"""Candidates to an octave."""

REACH = 2
"""Candidates either side of the best that take part in the mean."""

KERNEL = 3
"""Size of the convolutions, over frames and over lags."""

SCORE_LIMIT = 64
"""No score may be larger in magnitude: ``exp(score)`` then is an ordinary number."""

LOWEST = "1.5"
"""Pitch 0 lies one and a half octaves above the lowest candidate."""

BLOCK = 16
"""Frames that a convolution works on at once; a matter of speed alone."""


class Convolution(Generic[N]):
    """A 3 by 3 convolution over frames and lags, zero outside the lags, with the tangent."""

    weights: N
    bias: N

    def __init__(self, model: Model, name: str, like: N) -> None:
        """Take the layer ``name``, weights [outputs, channels, 3 frames, 3 lags].

        Raises:
            InputError: ``model.layer`` if there is none of that kind.
        """
        layer = model.layer(name, "wide")
        self.weights = numbers(layer.words("wide"), like)
        self.bias = numbers(layer.words("bias")[:, np.newaxis], like)
        if self.weights.shape[2:] != (KERNEL, KERNEL):
            raise InputError("model.layer", f"{model.name}, layer {name} is no convolution")
        self.outputs: int = self.weights.shape[0]
        self.channels: int = self.weights.shape[1]

    def __call__(self, x: N) -> N:
        """Outputs [streams, frames, outputs, lags].

        Args:
            x: [streams, 2 + frames, channels, lags], two frames of the past first.
        """
        streams, span, channels, lags = x.shape
        edge = zeros((streams, span, channels, 1), x)
        padded = concatenate((edge, x, edge))
        frames = span - KERNEL + 1
        blocks = [
            tanh(self._sums(padded[:, start : start + BLOCK + KERNEL - 1], lags))
            for start in range(0, frames, BLOCK)
        ]
        return concatenate(blocks, axis=1) if len(blocks) > 1 else blocks[0]

    def _sums(self, x: N, lags: int) -> N:
        """Biased sums of a few frames.

        A channel's nine products are added up by themselves, the oldest frame and the longest lag
        first; the channels' sums are then added in order, and the bias last.
        """
        if isinstance(x, Packed):
            return self._compiled(x, lags)
        total = self._channel_sum(x, 0, lags)
        for channel in range(1, self.channels):
            total = total + self._channel_sum(x, channel, lags)
        biased: N = total + self.bias
        return biased

    def _compiled(self, x: Carried, lags: int) -> Carried:
        """:meth:`_sums` in compiled integers."""
        from dredref.analysis.compiled_convolution import convolve

        frames = x.shape[1] - KERNEL + 1
        sums = np.empty((x.shape[0], frames, self.outputs, lags), np.int32)
        convolve(words_of(x), words_of(self.weights), words_of(self.bias).reshape(-1), sums)
        return pack_words(sums)

    def _channel_sum(self, x: N, channel: int, lags: int) -> N:
        """The nine products of one channel, added from left to right."""
        frames = x.shape[1] - KERNEL + 1
        here = slice(channel, channel + 1)
        products = (
            self.weights[:, here, time, lag] * x[:, time : time + frames, here, lag : lag + lags]
            for time in range(KERNEL)
            for lag in range(KERNEL)
        )
        total = next(products)
        for product in products:
            total = total + product
        return total


class PitchNetwork(Generic[N]):
    """The pitch network with the memory of several streams."""

    motion: tuple[ByteLayer[N], ByteLayer[N]]
    first: Convolution[N]
    second: Convolution[N]
    mix: ByteLayer[N]
    inputs: ByteLayer[N]
    recurrent: ByteLayer[N]
    output: ByteLayer[N]

    def __init__(self, model: Model, streams: int, like: N) -> None:
        """Start ``streams`` streams from silence, for numbers of the kind of ``like``.

        Raises:
            InputError: ``model.layer`` if ``model`` is no pitch network.
        """
        self.motion = (
            byte_layer(model, "dense_if_upsampler_1", like),
            byte_layer(model, "dense_if_upsampler_2", like),
        )
        self.first = Convolution(model, "conv2d_1", like)
        self.second = Convolution(model, "conv2d_2", like)
        self.mix = byte_layer(model, "dense_downsampler", like)
        self.inputs = byte_layer(model, "gru_1_input", like)
        self.recurrent = byte_layer(model, "gru_1_recurrent", like)
        self.output = byte_layer(model, "dense_final_upsampler", like)
        if not _scores_stay_small(model):
            raise InputError("model.layer", f"{model.name}: scores could pass {SCORE_LIMIT}")
        lags = self.mix.inputs - self.motion[1].outputs
        self._correlations: N = zeros((streams, KERNEL - 1, 1, lags), like)
        self._maps: N = zeros((streams, KERNEL - 1, self.first.outputs, lags), like)
        self._state: N = zeros((streams, self.recurrent.inputs), like)

    def pitch(self, phases: N, correlations: N) -> N:
        """Pitch in octaves [streams, frames]; arguments as for :meth:`scores`."""
        return pitch_of(self.scores(phases, correlations))

    def scores(self, phases: N, correlations: N) -> N:
        """Scores [streams, frames, 180].

        Args:
            phases: phase features [streams, frames, 88], within -1..1 but for their rounding.
            correlations: correlation features [streams, frames, 224].
        """
        streams, frames, lags = correlations.shape
        motion = reshaped(phases, (streams * frames, phases.shape[2]))
        for layer in self.motion:
            motion = tanh(layer(motion))
        new = reshaped(correlations, (streams, frames, 1, lags))
        seen = concatenate((self._correlations, new), axis=1)
        maps = concatenate((self._maps, self.first(seen)), axis=1)
        shape = reshaped(self.second(maps), (streams * frames, lags))
        self._correlations, self._maps = seen[:, frames:], maps[:, frames:]
        fed = self.inputs(tanh(self.mix(concatenate((shape, motion)))))
        by_frame = np.arange(streams * frames).reshape(streams, frames).T.reshape(-1)
        states, self._state = gru_states(fed[by_frame], self.recurrent, self._state)
        scores = self.output(states)[np.argsort(by_frame), :CANDIDATES]
        return reshaped(scores, (streams, frames, CANDIDATES))


def _scores_stay_small(model: Model) -> bool:
    """Whether no score can pass :data:`SCORE_LIMIT`."""
    layer = model.layers["dense_final_upsampler"]
    reach = BYTE * np.abs(layer.matrix).sum(axis=1).astype(object)
    scale, bias = layer.raw.arrays["scale"], layer.raw.arrays["bias"]
    return all(
        Fraction(int(weight * abs(int(s))), 1 << scale.q) + Fraction(abs(int(b)), 1 << bias.q)
        < SCORE_LIMIT
        for weight, s, b in zip(reach, scale.mantissa, bias.mantissa, strict=True)
    )


def pitch_of(scores: N) -> N:
    """Pitch in octaves [...] of scores [..., 180].

    The best is the first of the largest scores; where none exceeds -1, the lowest pitch. The mean's
    two sums are added from the lowest candidate up. Candidates beyond either end weigh nothing.
    """
    best = _best(scores)
    rows: tuple[Integers, ...] = np.indices(best.shape, sparse=True)
    moment = total = zeros(best.shape, scores)
    for offset in range(-REACH, REACH + 1):
        place = best + offset
        inside = np.clip(place, 0, CANDIDATES - 1)
        weight = exp(scores[(*rows, inside)]) * from_integers((place == inside) * 1, scores)
        moment = moment + weight * from_integers(inside, scores)
        total = total + weight
    octaves = constant(Fraction(1, PER_OCTAVE), scores) * (moment / total)
    pitch: N = octaves - constant(LOWEST, scores)
    return pitch


def _best(scores: N) -> Integers:
    """Place of the best score.

    The words of numbers, less the sign for those below zero, stand in the order of the numbers.
    """
    words = words_of(scores)
    ordered = np.where(words < 0, -(words & 0x7FFFFFFF), words)
    best = ordered.argmax(axis=-1)
    peak = np.take_along_axis(ordered, best[..., np.newaxis], axis=-1)[..., 0]
    return np.where(peak > -nearest("1"), best, 0)
