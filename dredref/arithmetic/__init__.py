"""Integer arithmetic of the reference, each kind with a form that is fast.

**24 significant bits** (:mod:`~dredref.arithmetic.significand`), for analysis, networks and
vocoder, where errors feed back or are amplified: every operation rounds as libopus' portable path
does, so results are its own, bit for bit. Halves go to the even number. Where that path computes in
double, :mod:`~dredref.arithmetic.significand_wide` rounds to 53 bits instead.

**Fixed point** (:mod:`~dredref.arithmetic.fixed`, :mod:`~dredref.arithmetic.wide`), for samples and
the conversion of their rate: exact sums of products, rounded once. Halves go up.

**Two forms, one result.** What defines a result works on ``int64`` or Python's integers alone. What
is fast carries the same integers in floating point:

* 24 significant bits packed in ``float32``, 53 in ``float64``: the rule of rounding is that of IEEE
  754's operations;
* sums of products of integers in either, by BLAS, where every partial sum is an integer that the
  type holds exactly, so that neither order nor fused multiplication matters
  (:mod:`~dredref.arithmetic.products`);
* exponentials and logarithms (:mod:`~dredref.arithmetic.significand_logs`), estimated in
  ``float64`` and kept only where the estimate's error cannot change what it rounds to.

A result has the form of the argument: start with integers and no float is ever made. Tests hold the
forms equal, element for element, and read from the source that nothing else floats.
"""
