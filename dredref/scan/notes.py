"""Noting violations in the rows of the scan; compiled."""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import kernel


@kernel
def note(row: Any, notes: Any, code: int, byte: int, a: int, b: int) -> None:
    """Note a violation at a byte of the record, or leave them all to the reference."""
    slot = row["violations"]
    if slot < len(notes):
        place = notes[slot]
        place["code"] = code
        place["byte"] = byte
        place["a"] = a
        place["b"] = b
    else:
        row["by_reference"] = True
    row["violations"] = slot + 1


@kernel
def note_eighths(row: Any, notes: Any, code: int, eighths: int, a: int, b: int) -> None:
    """Note a violation at a place in the payload, given in 1/8 bit and rounded down."""
    slot = row["violations"]
    note(row, notes, code, row["payload_byte"] + (eighths >> 6), a, b)
    if slot < len(notes):
        notes[slot]["bit"] = eighths >> 3 & 7
