"""Looking for floating-point numbers in the project's functions while they run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from dredref.arithmetic.significand import Significands
from dredref.arithmetic.significand_wide import WideSignificands


@dataclass(slots=True)
class Look:
    """What was seen of the functions of ``dredref`` that ran."""

    seen: int = 0
    """Calls, lines and returns."""
    found: set[str] = field(default_factory=set)
    """Functions with the names of what floats in them, ``return`` for what they give."""


@contextmanager
def look_for_floats() -> Iterator[Look]:
    """Look at every variable and result of the project's functions within the block."""
    told = Look()

    def look(frame: FrameType, event: str, argument: Any) -> Any:
        module = frame.f_globals.get("__name__", "")
        # This module's own calls, which leave the block, are not looked at.
        if not module.startswith("dredref.") or module == __name__:
            return None
        told.seen += 1
        values = [*frame.f_locals.items(), ("return", argument if event == "return" else None)]
        where = f"{module}.{frame.f_code.co_name}"
        told.found.update(f"{where}: {name}" for name, value in values if floats(value))
        return look

    sys.settrace(look)
    try:
        yield told
    finally:
        sys.settrace(None)


def floats(value: Any) -> bool:
    """Whether a value is or holds a floating-point number."""
    if isinstance(value, (Significands, WideSignificands)):
        return floats(getattr(value, "m", None)) or floats(getattr(value, "e", None))
    if isinstance(value, (tuple, list)):
        return any(floats(part) for part in value)
    kind = getattr(value, "dtype", None)
    kind = kind if isinstance(kind, np.dtype) else None
    if kind is not None and kind.hasobject:
        return any(floats(part) for part in np.ravel(value))
    return isinstance(value, float) or (kind is not None and bool(np.issubdtype(kind, np.inexact)))
