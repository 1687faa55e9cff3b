"""Arrays of 24-bit numbers as wholes: moved, chosen, compared, and added up in a stated order.

Sums of more than two terms depend on the order in which they are rounded, so each of them says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import FINEST, Carried, N, Significands, rounded, words_of

Move = Callable[[NDArray[Any]], NDArray[Any]]
"""A function that moves the elements of any array alike."""


def _compiled() -> Any:
    """The compiled operations on arrays, loaded when first needed."""
    from dredref.arithmetic import compiled_arrays

    return compiled_arrays


def arranged(x: N, move: Move) -> N:
    """The numbers of ``x``, moved as ``move`` says."""
    if isinstance(x, Significands):
        return Significands(move(x.m), move(x.e))
    return pack_words(move(x.view(np.ndarray))) if isinstance(x, Packed) else move(x)


def zeros(shape: Sequence[int], like: N) -> N:
    """Zeros of the kind of ``like``."""
    if isinstance(like, Significands):
        return Significands(np.zeros(shape, np.int64), np.full(shape, FINEST, np.int64))
    return np.zeros(shape, like.dtype).view(type(like))


def from_fixed(x: Integers, q: int, like: N) -> N:
    """Integers of magnitudes below 2**53 with ``q`` fractional bits, rounded to 24 bits.

    Carrier: binary64 holds the integer, the scale moves its exponent, and binary32 rounds it once.
    """
    if isinstance(like, Significands):
        return rounded(x, np.full(x.shape, -q, np.int64))
    if isinstance(like, Packed):
        return pack_words(_compiled().of_fixed(x, q))
    carried: Carried = (x * 2.0**-q).astype(np.float32)
    return carried


def stacked(parts: Sequence[N], axis: int = 0) -> N:
    """Arrays of one shape along a new axis."""
    first = parts[0]
    if isinstance(first, Significands):
        m = np.stack([part.m for part in parts], axis=axis)
        return Significands(m, np.stack([part.e for part in parts], axis=axis))
    return np.stack(parts, axis=axis)


def less(x: N, y: N) -> NDArray[np.bool_]:
    """Where ``x`` is less than ``y``; a difference is rounded, but never to zero."""
    below: NDArray[np.bool_] = (x - y).m < 0 if isinstance(x, Significands) else x < y
    return below


def where(condition: NDArray[np.bool_], x: N, y: N) -> N:
    """``x`` where the condition holds, else ``y``."""
    if isinstance(x, Significands):
        return Significands(np.where(condition, x.m, y.m), np.where(condition, x.e, y.e))
    return np.where(condition, x, y)


def larger(x: N, y: N) -> N:
    """The larger of each two numbers."""
    return where(less(x, y), y, x) if isinstance(x, Significands) else np.maximum(x, y)


def ordered(x: Significands | Carried) -> Integers:
    """Integers that stand in the order of the numbers: their words, negated for those below 0."""
    words = words_of(x).astype(np.int64)
    return np.where(words < 0, -(words & 0x7FFFFFFF), words)


def sum_of_products(pairs: Iterable[tuple[N, N]], start: N | None = None) -> N:
    """``start + x0 y0 + x1 y1 + ...``: each product is rounded, then added to what is there."""
    total: Any = start
    product: Any = None
    for x, y in pairs:
        if total is None:
            total = x * y
        elif isinstance(x, Significands):
            total = total + x * y
        elif isinstance(x, Packed):
            parts = (part.view(np.ndarray) for part in (total, x, y))
            total = pack_words(_compiled().add_products(*parts))
        elif product is None:
            product = x * y
            total = total + product
        else:
            np.multiply(x, y, out=product)
            np.add(total, product, out=total)
    result: N = total
    return result


def inner_product(x: N, y: N) -> N:
    """Sum of products along axis 0, from the first on."""
    if isinstance(x, Significands):
        return sum_of_products((x[k], y[k]) for k in range(x.shape[0]))
    if isinstance(x, Packed):
        return pack_words(_compiled().inner_products(x.view(np.ndarray), y.view(np.ndarray)))
    last: Carried = np.add.accumulate(x * y, axis=0)[-1]
    return last
