"""Integer arithmetic of the reference: formats, rounding, products and functions.

**Numbers.** A format Qn holds the integer ``round(value * 2**n)``. Activations, preactivations,
features and states are Q24 throughout (:data:`~dredref.arithmetic.fixed.Q`).

**Rounding.** One rule everywhere: halves go up, ``floor(value + 1/2)``. A function that rounds
otherwise says so in its name.

**Two carriers, one result.** The networks' arithmetic takes arrays of either kind:

* ``int64`` - the definition. Every operation is an integer operation of numpy.
* ``float64`` *carrying integers* - the fast form. Each element is an integer below 2**53, so sums
  and products below that bound are exact, products of matrices run through BLAS, and a quotient is
  brought to its integer by the bound stated beside it.

A function does the same to both, and tests hold the results equal, element for element. A result
has the kind of the argument: start with ``int64`` and no float is ever made.
"""
