"""The strings of many payloads, written symbol by symbol; compiled."""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import borrowed, kernel
from dredref.coder import encode, write_laplace
from dredref.spec.rangecoder import CODE_TOP


@kernel
def write_strings(
    heads: Any, values: Any, tables: Any, ends: Any, counts: Any, digits: Any, marks: Any
) -> None:
    """Write head, initial state and chunks of each payload.

    Args:
        heads: int64 [n, symbols, 3], low, high and total of the symbols before the state; those
            with a total of 0 are left out.
        values: int64 [n, values], state and chunks.
        tables: int64 [2, values], ``nonzero`` and ``r`` of each.
        ends: int64 [parts], where the state and each chunk end among the values.
        counts: int64 [n], chunks of each payload.
        digits: int16 [n, digits], zeros, to be written.
        marks: int64 [n, parts, 3], the coder's state after each part, to be written.
    """
    for row in range(len(heads)):
        string = borrowed(digits[row])
        extent, bottom, place = CODE_TOP, 0, 0
        for symbol in range(heads.shape[1]):
            low, high, total = heads[row, symbol]
            if total > 0:
                extent, bottom, place = encode(string, extent, bottom, place, low, high, total)
        at = 0
        for part in range(counts[row] + 1):
            while at < ends[part]:
                nonzero, r = tables[0, at], tables[1, at]
                extent, bottom, place = write_laplace(
                    string, extent, bottom, place, values[row, at], nonzero, r
                )
                at += 1
            mark = marks[row, part]
            mark[0], mark[1], mark[2] = extent, bottom, place
