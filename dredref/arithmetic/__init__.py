"""Arithmetic of the reference: few operations, two carriers, one text of each algorithm.

``number``          the operations; the type of an array chooses the carrier
``binary32``        IEEE binary32 by rules on integers: the ``integer`` carrier, which is normative
``binary64``        the same for what libopus takes in double
``functions``       hyperbolic tangent, logistic function, rounding to 8 bits
``logs``            exponentials and logarithms, correctly rounded, for both carriers
``elementary``      the same on integers of any length, where an estimate does not tell
``trigonometry``    sines and cosines of the tables
``carrier``         which carrier is used, and whether this machine's floats can be one
``compiling``       decorators of compiled functions, and what runs where there is no compiler
``values``          what public functions take: samples and features, checked
``fixed``, ``wide``  exact sums of integers, for the conversion of sample rates

Every operation gives the exact result rounded as IEEE 754 says: to 24 significant bits, halves to
even, nothing finer than ``2**-149``, or to the 53 bits of binary64. So does libopus' portable path
on hardware that keeps to the standard. **Why not a
fixed-point format:** networks feed their output back through layers that round their
input to 8 bits. One such rounding that falls the other way, after an error of 1e-8, grows within a
few frames into speech that differs as much as that of two unlike machines. No format that is merely
fine escapes this; only the same rounding of every operation does.
"""
