"""Arithmetic of the reference: few operations, two carriers, one text of each algorithm.

``number``          the operations; the type of an array chooses the carrier
``binary32``        IEEE binary32 by rules on integers: the ``integer`` carrier, which is normative
``binary64``        the same for the few operations that libopus takes in double
``functions``       hyperbolic tangent, logistic function, rounding to 8 bits
``logs``            exponentials and logarithms, correctly rounded, for both carriers
``carrier``         which carrier is used, and whether this machine's floats can be one
``compiling``       decorators of compiled functions, and what runs where there is no compiler
``values``          what public functions take: samples and features, checked
``fixed``, ``wide``  exact sums of integers, for the conversion of sample rates

Every operation gives the exact result rounded to 24 significant bits, halves to even, nothing finer
than ``2**-149``, as libopus' portable path does on hardware that keeps to IEEE 754. **Why not a
fixed-point format:** decoder and vocoder feed their output back through layers that round their
input to 8 bits. One such rounding that falls the other way, after an error of 1e-8, grows within a
few frames into speech that differs as much as that of two unlike machines. No format that is merely
fine escapes this; only the same rounding of every operation does.
"""
