"""What the scan tells of a record: one row of numbers, and up to a few violations.

Both are numpy structured types, so that the compiled scan writes them in place and a column of
many rows is ``rows["nb_chunks"]``.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from dredref.spec.reading import Absence

ABSENCES = tuple(Absence)
"""Index in the column ``absence`` -> why there is no DRED."""
PRESENT = -1
"""Stands in the column ``absence`` where there is DRED."""
NO_EXTRA = -1
"""Stands in the column ``extra_offset`` where none is coded."""
UNKNOWN = -1
"""Stands in the column ``toc`` where there is no sound packet."""
SLOTS = 6
"""Violations of a record that the scan notes; with more, the reference words them all."""

ROW = np.dtype(
    [
        ("size", np.int32),  # bytes of the record
        ("duration_48k", np.int32),  # samples of the packet at 48 kHz; 0 where none is told
        ("toc", np.int16),  # first byte of the packet
        ("nb_frames", np.int16),
        ("lbrr", np.bool_),  # the first frame holds LBRR (RFC 6716 section 4.2.3)
        ("absence", np.int8),  # index into ABSENCES, or PRESENT
        ("by_reference", np.bool_),  # the construct reference is to word the violations
        ("violations", np.int16),  # how many the scan noted, or found no slot for
        ("final", np.bool_),  # there is DRED, in its final form: an id of its own, no prefix
        ("carriers", np.int32),  # DRED extensions with a sound head
        ("frames", np.int64),  # bit k: frame k carries one
        ("version", np.int16),  # of the DRED that decoders take, as all that follows
        ("frame", np.int16),  # that carries it
        ("payload_byte", np.int32),  # where its payload starts in the record
        ("payload_size", np.int32),
        ("wire", np.int32),  # bytes with id, length and prefix
        ("q0", np.int8),
        ("dQ", np.int8),
        ("qmax", np.int8),
        ("offset", np.int8),
        ("extra_offset", np.int16),
        ("dred_offset", np.int32),  # in 2.5 ms; may be negative
        ("nb_chunks", np.int32),
        ("hidden", np.int8),  # last chunks that no decoder sees
        ("used", np.int32),  # tell_frac after the last symbol, in 1/8 bit; may pass the end
    ]
)
"""The numbers of a record; 0 where a number says nothing."""

NOTE = np.dtype(
    [
        ("code", np.int16),
        ("bit", np.int16),
        ("byte", np.int32),
        ("a", np.int32),
        ("b", np.int32),
    ]
)
"""A violation: a :class:`Code`, its place in the record, and the numbers of its wording."""


class Code(IntEnum):
    """What the scan can find wrong; ``dredref.scan.wording`` says it in words."""

    R1_EMPTY = 0
    R2_LENGTH = 1
    R3_ODD = 2
    R4_HEADER = 3
    R4_LENGTH = 4
    R5_COUNT = 5
    R5_DURATION = 6
    R6_SHORT = 7
    R6_PADDING_ENDS = 8
    R6_PADDING = 9
    R6_UNEVEN = 10
    R7_HEADER = 11
    R7_LENGTH = 12
    PADDING_LENGTH = 13
    FRAME = 14
    SHORT_TRUNCATED = 15
    LACING_TRUNCATED = 16
    LONG_TRUNCATED = 17
    REPEAT_TRUNCATED = 18
    PADDING_ZERO = 19
    SEPARATOR_ZERO = 20
    REPEAT_NOTHING = 21
    PREFIX = 22
    VERSION = 23
    EMPTY = 24
    EMPTY_PREFIXED = 25
    SIZE_MAX = 26
    ONE_PER_FRAME = 27
    ONE_PER_PACKET = 28
    FIRST_FRAME = 29
    CHUNKS_NONE = 30
    CHUNKS_MAX = 31
    CHUNK_UNSEEN = 32
    CHUNKS_UNSEEN = 33
    EXTRA_OFFSET = 34
