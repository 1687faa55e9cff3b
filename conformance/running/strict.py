"""JSON of others, read strictly: what could not be written down again is refused here.

NaN and infinity are no JSON, half a surrogate pair is no text, and nesting without bound is for
whoever walks through it later an overflow of the stack.
"""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 64
"""Levels of nesting; a reply needs five."""


def loads(content: bytes | str) -> Any:
    """Read one JSON value.

    Raises:
        ValueError: for what is not strict JSON, in UTF-8, or nested deeper than :data:`DEEPEST`.
    """
    try:
        value = json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEEPEST}") from None
    _check(value)
    return value


def dumps(value: Any) -> str:
    """Write one JSON value on one line, in ASCII; numbers that JSON has not, as their names."""
    return json.dumps(_named(value), allow_nan=False, separators=(",", ":"))


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits)


def _check(value: Any) -> None:
    """See that a value is neither too deep nor holds text that cannot be encoded."""
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                one.encode()  # UnicodeEncodeError is a ValueError
            elif isinstance(one, dict):
                below += [*one, *one.values()]
            elif isinstance(one, list):
                below += one
        if not below:
            return
        level = below
    raise ValueError(f"nested deeper than {DEEPEST}")


def _named(value: Any) -> Any:
    """The same with ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` for numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_named(one) for one in value]
    return value
