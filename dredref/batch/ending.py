"""Whether a string ends as an encoder ends it, told from where its decoder stands.

An encoder that has written the same symbols holds the same range and a lower end ``low``, and
the decoder knows how far the string's code lies above it: ``code - low = range - 1 - difference``.
The encoder ends on the first multiple of M at or after ``low`` (RFC 6716 section 5.1.5), M being
the largest power of two such that all codes that begin with its digits are in the range, or the
one below that. Whether this is the code at hand needs nothing of ``low`` but its remainder to M,
which follows from the code's: both are the same but for that distance.
Of as many bytes as ``tell`` asks for, which is how many an encoder writes, the decoder has taken in
all, and zeros past them.
"""

from __future__ import annotations

import numpy as np

from dredref.batch.rangecoder import Decoders, Flags, Places, bit_length


def is_canonical(decoders: Decoders, bits: Places) -> Flags:
    """Whether an encoder writes strings of ``bits`` bits for what was read of them so far."""
    whole = -(-decoders.tell() // 8) * 8 == bits
    code = decoders.code()
    extent = decoders.range.astype(np.int64)
    above_low = extent - 1 - decoders.difference
    unit = np.int64(1) << (bit_length(decoders.range) - 1)
    to_end = (above_low - code) % unit
    unit = np.where(to_end + unit > extent, unit >> 1, unit)
    canonical: Flags = whole & (above_low == (above_low - code) % unit)
    return canonical
