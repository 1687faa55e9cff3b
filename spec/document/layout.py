"""Reading the construct declarations back, so that text and figures follow them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from construct import BitsInteger, Computed, Construct, Flag, IfThenElse, Rebuild, Struct

from dredref.spec.symbols import CapSymbol, LaplaceVector, Uint, WhileBitsLeft


@dataclass(frozen=True, slots=True)
class Bits:
    """A field of a bit layout."""

    name: str
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """A field of a range-coded layout: depth of nesting, name, coding, condition."""

    depth: int
    name: str
    coding: str
    condition: str = ""


def bit_fields(declaration: Construct) -> list[Bits]:
    """The fields of a BitStruct, first bit first."""
    return [Bits(field.name, _width(field.subcon)) for field in _struct(declaration).subcons]


def _struct(declaration: Any) -> Struct:
    """The struct inside a BitStruct's wrappers."""
    while not isinstance(declaration, Struct):
        declaration = declaration.subcon
    return declaration


def _width(subcon: Any) -> int:
    if subcon is Flag:
        return 1
    assert isinstance(subcon, BitsInteger)
    return int(subcon.length)


def symbol_rows(declaration: Struct, depth: int = 0) -> Iterator[Row]:
    """The fields of a payload declaration in order of coding, nested ones indented."""
    for field in declaration.subcons:
        yield from _rows(field.name, field.subcon, depth, "")


def _rows(name: str, subcon: Any, depth: int, condition: str) -> Iterator[Row]:
    if isinstance(subcon, Rebuild):
        yield from _rows(name, subcon.subcon, depth, condition)
    elif isinstance(subcon, WhileBitsLeft):
        yield Row(depth, name, f"repeated while more than {subcon.spare} bits are left", condition)
        yield from symbol_rows(subcon.subcon, depth + 1)
    elif isinstance(subcon, IfThenElse):
        yield from _rows(name, subcon.thensubcon, depth, expression(subcon.condfunc))
    else:
        yield Row(depth, name, coding(subcon), condition)


def coding(subcon: Any) -> str:
    """How a field is coded, in a few words."""
    match subcon:
        case Uint():
            return f"uint({subcon.total})"
        case CapSymbol():
            return "one symbol of 2n values"
        case LaplaceVector():
            return "Laplace values"
    assert isinstance(subcon, Computed)
    return "not coded"


def expression(condition: Any) -> str:
    """A condition of a declaration as a reader writes it."""
    text = re.sub(r"this\['(\w+)'\]", r"\1", repr(condition))
    text = text.replace("&", "and").replace("((", "(").replace("))", ")")
    return text.strip("()").replace(") and (", " and ")


__all__ = ["Bits", "Row", "bit_fields", "coding", "expression", "symbol_rows"]
