"""Integer arithmetic of the reference, each kind with forms that are fast.

**24 significant bits** (:mod:`~dredref.arithmetic.significand`), for analysis, networks and
vocoder, where errors feed back or are amplified: every operation rounds as libopus' portable path
does, so results are its own, bit for bit. Halves go to the even number. Where that path computes in
double, :mod:`~dredref.arithmetic.significand_wide` rounds to 53 bits instead.

**Fixed point** (:mod:`~dredref.arithmetic.fixed`, :mod:`~dredref.arithmetic.wide`), for samples and
the conversion of their rate: exact sums of products, rounded once. Halves go up.

**Three forms, one result** (:data:`~dredref.arithmetic.significand.Form`). What defines a result
works on pairs of ``int64`` or on Python's integers alone: ``pairs``. Two forms are fast and carry
the same numbers in words:

* ``integers``, by default: functions of integers, compiled (:mod:`~dredref.arithmetic.packed`,
  :mod:`~dredref.arithmetic.compiled`, :mod:`~dredref.arithmetic.compiled_wide`). Exponentials and
  logarithms are estimated in fixed point and kept only where the estimate's error cannot change
  what it rounds to (:mod:`~dredref.arithmetic.significand_logs`).
* ``binary32``: 24 significant bits are ``float32`` and 53 ``float64``, whose rule of rounding is
  that of IEEE 754's operations; estimates are the platform's. Many packets are decoded faster so.

Sums of products of 8-bit integers may run through BLAS in either, where every partial sum is an
integer that the type holds exactly, so that neither order nor fused multiplication matters
(:mod:`~dredref.arithmetic.products`). That is all that floats in ``integers``.

A result has the form of the argument. Tests hold the forms equal, element for element; they look at
what runs in the integer forms for floats, at compiled functions as the compiler has them, and read
from the source that nothing else floats.
"""
