"""What the pitch network looks at: the motion of spectral phases, and the excitation's correlation.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dredref.analysis.logarithm import log10
from dredref.analysis.sums import inner_product, sliding_sums
from dredref.analysis.tables import FRAME, MAX_PERIOD, MIN_PERIOD, Bits
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.binary64 import nearest64
from dredref.arithmetic.compiling import kernel, scalar
from dredref.arithmetic.number import (
    Number,
    Numbers,
    add,
    clip_to_one,
    div,
    from_bits,
    from_bits64,
    load,
    mul,
    narrow,
    sqrt,
    store,
    sub,
    widen,
)

PHASE_BINS = 30
"""Bins that the phase features look at: up to 1450 Hz."""

PHASE_FEATURES = 3 * PHASE_BINS - 2
"""Level of bin 0, then for each further bin cosine and sine of its phase step, and its level."""

LAGS = MAX_PERIOD - MIN_PERIOD
"""Lags of the correlation: from 256 down to 33 samples."""

EMPTY = nearest("1e-15")
"""What powers begin with, so that none is zero."""
ONE, TWO, SIX, TEN = map(nearest, ("1", "2", "6", "10"))
SIXTY_FOURTH = nearest(Fraction(1, 64))
ONE_64 = nearest64("1")
"""1 in binary64."""


@scalar
def raised_power(re: Number, im: Number) -> Number:
    """``1e-15 + re re + im im``, from left to right."""
    return add(add(from_bits(re, EMPTY), mul(re, re)), mul(im, im))


@scalar
def level(re: Number, im: Number, table: Bits) -> Number:
    """``(10 log10(power) - 6) / 64`` of a bin, clipped to -1..1."""
    decibels = mul(from_bits(re, TEN), log10(raised_power(re, im), table))
    return clip_to_one(mul(from_bits(re, SIXTY_FOURTH), sub(decibels, from_bits(re, SIX))))


@kernel
def phase_features(
    re: Numbers, im: Numbers, re_before: Numbers, im_before: Numbers, table: Bits, out: Numbers
) -> None:
    """How each bin's phase moved since the frame before, and its level [frames, 88].

    The product with the conjugate is divided by its length: root and reciprocal have 53 bits, and
    the reciprocal is rounded to 24.

    Args:
        re: real parts of the first 30 bins of each frame [30, frames].
        im: imaginary parts.
        re_before: the same of one frame earlier.
        im_before: the same.
        table: of the logarithm.
        out: filled.
    """
    one = from_bits64(re, ONE_64)
    for frame in range(out.shape[0]):
        features = out[frame]
        store(features, 0, level(load(re, (0, frame)), load(im, (0, frame)), table))
        for i in range(1, PHASE_BINS):
            a, b = load(re, (i, frame)), load(im, (i, frame))
            c, d = load(re_before, (i, frame)), load(im_before, (i, frame))
            cosine, sine = add(mul(a, c), mul(b, d)), sub(mul(b, c), mul(a, d))
            inverse = narrow(div(one, sqrt(widen(raised_power(cosine, sine)))))
            at = 3 * i - 2
            store(features, at, mul(cosine, inverse))
            store(features, at + 1, mul(sine, inverse))
            store(features, at + 2, level(a, b, table))


@kernel
def normalize(excitation: Numbers, correlation: Numbers) -> None:
    """Bring correlations [frames, 224] to ``2 <x, y> / (1 + <x, x> + <y, y>)``.

    The energy of ``y`` moves on from lag to lag in 53 bits: the square that comes in less the one
    that leaves, then added.
    """
    one, two = from_bits(excitation, ONE), from_bits(excitation, TWO)
    for frame in range(correlation.shape[0]):
        x, out = excitation[frame], correlation[frame]
        now, first = x[MAX_PERIOD:], x[:FRAME]
        own = widen(add(one, inner_product(now, now)))
        past = widen(inner_product(first, first))
        for i in range(LAGS):
            energy = narrow(add(own, past))
            store(out, i, div(mul(two, load(out, i)), energy))
            comes, leaves = widen(load(x, FRAME + i)), widen(load(x, i))
            past = add(past, sub(mul(comes, comes), mul(leaves, leaves)))


@kernel
def first_products(excitation: Numbers, out: Numbers) -> None:
    """The first sample's products [frames, 224], which correlations begin with."""
    for frame in range(out.shape[0]):
        factor = load(excitation, (frame, MAX_PERIOD))
        for i in range(LAGS):
            store(out, (frame, i), mul(factor, load(excitation, (frame, i))))


def correlation_features(excitation: Numbers) -> Numbers:
    """``2 <x, y> / (1 + <x, x> + <y, y>)`` for each lag [frames, 224].

    ``x`` is the frame, ``y`` the samples from 256 down to 33 before it. Sums of products run from
    the first sample on.

    Args:
        excitation: each frame with the 256 samples before it [frames, 416].
    """
    correlation = np.empty((len(excitation), LAGS), excitation.dtype)
    first_products(excitation, correlation)
    now = np.ascontiguousarray(excitation[:, MAX_PERIOD + 1 :])
    past = np.ascontiguousarray(excitation[:, 1 : FRAME + LAGS - 1])
    sliding_sums(now, past, correlation)
    normalize(excitation, correlation)
    return correlation
