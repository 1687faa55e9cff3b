"""Integer arithmetic of the reference: two kinds of number, each with a form that is fast.

**Q24** (:mod:`~dredref.arithmetic.fixed`), for analysis and encoder. The format Qn holds the
integer ``round(value * 2**n)``. One rule rounds: halves go up, ``floor(value + 1/2)``; a function
that rounds otherwise says so. :mod:`~dredref.arithmetic.activations`,
:mod:`~dredref.arithmetic.powers`, :mod:`~dredref.arithmetic.products`.

**24 significant bits** (:mod:`~dredref.arithmetic.significand`), for decoder and vocoder, where
errors feed back: every operation rounds as libopus' portable path does, so results are its own, bit
for bit. Halves go to the even number.

**Two forms, one result.** What defines a result works on ``int64`` alone. What is fast carries the
same integers in floating point:

* Q24 in ``float64``: each element is an integer below 2**53, so sums and products below that bound
  are exact, and a quotient is brought to its integer by the bound stated beside it;
* 24 significant bits packed in ``float32``: the rule of rounding is that of IEEE 754's operations;
* sums of products of 8-bit integers in either, by BLAS, where every partial sum is an integer that
  the type holds exactly, so that neither order nor fused multiplication matters.

A result has the form of the argument: start with integers and no float is ever made. Tests hold the
forms equal, element for element, and read from the source that nothing else floats.
"""
