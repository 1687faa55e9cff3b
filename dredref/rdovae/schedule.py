"""Order of the rows of many sequences, so that one step of all of them is one slice.

The sequences are sorted by falling length, and their rows by step: first the newest chunk of every
sequence, then the second of every sequence that has one. The sequences of a step are then the
first few of the step before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dredref.arithmetic.fixed import Fixed, Integers


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sequences of ``counts`` rows each, taken step by step."""

    sequences: Integers
    """The sequences in order of falling length."""
    rows: Integers
    """Row in the caller's order (sequence after sequence) of each row here."""
    starts: tuple[int, ...]
    """First row of each step."""
    sizes: tuple[int, ...]
    """Rows of each step, never rising."""

    @staticmethod
    def of(counts: Integers) -> Schedule:
        """The schedule of sequences with these numbers of rows."""
        sequences = np.argsort(-counts, kind="stable")
        first = np.cumsum(counts) - counts
        longest = int(counts.max(initial=0))
        sizes = tuple(int((counts > step).sum()) for step in range(longest))
        rows = [first[sequences[:size]] + step for step, size in enumerate(sizes)]
        starts = tuple(np.cumsum((0, *sizes[:-1])).tolist()) if sizes else ()
        return Schedule(sequences, np.concatenate(rows or [first[:0]]), starts, sizes)

    def previous(self, x: Fixed) -> Fixed:
        """Each row's predecessor in its sequence; zeros before the first."""
        before = np.zeros_like(x)
        for step, size in enumerate(self.sizes[1:], start=1):
            here, there = self.starts[step], self.starts[step - 1]
            before[here : here + size] = x[there : there + size]
        return before
