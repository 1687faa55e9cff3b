"""Filters of the residual: the emphasis before the correlation and the low-pass before voicing.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (biquad, compute_frame_features).
"""

from __future__ import annotations

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.number import Numbers, add, from_bits, load, mul, store, sub

PRESENCE = nearest("0.7")
"""Weight of the sample before in the excitation."""

B0, B1 = nearest("-0.84946"), nearest("1")
A0, A1 = nearest("-1.54220"), nearest("0.70781")
"""``(1 + b0 z^-1 + b1 z^-2) / (1 + a0 z^-1 + a1 z^-2)``: elliptic, 1200 Hz."""

TRACE = nearest("1e-30")
"""What libopus adds in the recursion, to fix the order of its sums; it shows in silence alone."""


@kernel
def emphasise(residual: Numbers, before: Numbers, out: Numbers) -> None:
    """``e[n] + 0.7 e[n-1]`` [streams, n]; ``before`` [streams] is ``e[-1]``, updated."""
    weight = from_bits(out, PRESENCE)
    for stream in range(out.shape[0]):
        last = load(before, stream)
        for i in range(out.shape[1]):
            x = load(residual, (stream, i))
            store(out, (stream, i), add(x, mul(weight, last)))
            last = x
        store(before, stream, last)


@kernel
def lowpass(x: Numbers, memory: Numbers, out: Numbers) -> None:
    """Filter signals [streams, samples] with a memory [2, streams] that moves on.

    ``y = x + m0``, then ``m0' = ((b0 - a0) x + m1) - a0 m0`` and
    ``m1' = ((b1 - a1) x + trace) - a1 m0``.
    """
    a0, a1 = from_bits(out, A0), from_bits(out, A1)
    into_first, into_second = sub(from_bits(out, B0), a0), sub(from_bits(out, B1), a1)
    trace = from_bits(out, TRACE)
    for stream in range(x.shape[0]):
        first, second = load(memory, (0, stream)), load(memory, (1, stream))
        for i in range(x.shape[1]):
            sample = load(x, (stream, i))
            store(out, (stream, i), add(sample, first))
            last = first
            first = sub(add(mul(into_first, sample), second), mul(a0, last))
            second = sub(add(mul(into_second, sample), trace), mul(a1, last))
        store(memory, (0, stream), first)
        store(memory, (1, stream), second)
