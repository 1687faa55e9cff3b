"""Reading weights out of libopus' generated C files (``dnn/*_data.c``).

Such a file holds numeric arrays and, at its end, one call per layer that names the layer's arrays
and its dimensions. Both are read as text; nothing is compiled.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.spec.errors import InputError

Arrays = dict[str, NDArray[Any]]
"""Name of an array -> its numbers: float32, int8 or int32."""

_ARRAY = re.compile(r"static const (float|opus_int8|int) (\w+)\[(\d+)\] = \{([^}]*)\}")
_CALL = re.compile(r"\b(linear|conv2d)_init\(&model->(\w+),\s*arrays,([^)]*)\)")
_TYPES = {"float": np.float32, "opus_int8": np.int8, "int": np.int32}


@dataclass(frozen=True, slots=True)
class LayerShape:
    """Which layer there is and which arrays it takes."""

    name: str
    kind: str
    """``dense``, ``sparse`` or ``conv2d``."""
    inputs: int
    outputs: int
    kernel: tuple[int, int] | None = None
    """Time and height of a 2-D convolution."""
    bias: bool = True
    bytes: bool = False
    """8-bit weights with a scale; else float weights."""


def read_arrays(text: str, where: str) -> Arrays:
    """All arrays of a generated file, decimal numbers rounded to float32 as a C compiler does.

    Raises:
        InputError: ``model.source`` if an array's numbers are none, are not of its type or not as
            many as it says.
    """
    arrays: Arrays = {}
    for kind, name, length, body in _ARRAY.findall(text):
        numbers = _numbers(body.rstrip(", \n"))
        if numbers is None:
            raise InputError("model.source", f"{where}: array {name} holds no numbers")
        if str(len(numbers)) != length:
            raise InputError("model.source", f"{where}: array {name} is not {length} long")
        with np.errstate(invalid="ignore", over="ignore"):
            typed = numbers.astype(_TYPES[kind])
        if not np.isfinite(typed).all() or (kind != "float" and (typed != numbers).any()):
            raise InputError("model.source", f"{where}: array {name} holds numbers of no {kind}")
        arrays[name] = typed
    return arrays


def _numbers(text: str) -> NDArray[np.float64] | None:
    """Decimal numbers with commas between them, or None; no list of them is made."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(text, np.float64, sep=",")
        except (DeprecationWarning, ValueError):
            return None


def read_shapes(text: str, where: str) -> tuple[LayerShape, ...]:
    """The layers that a generated file sets up, in its order.

    Raises:
        InputError: ``model.source`` if there are none, or one has other arguments than are due.
    """
    shapes = []
    for kind, name, arguments in _CALL.findall(text):
        words = [word.strip().strip('"') for word in arguments.split(",")]
        try:
            shape = _conv2d(name, *words) if kind == "conv2d" else _linear(name, *words)
        except (TypeError, ValueError):
            detail = f"{where}: layer {name} is set up in an unknown way"
            raise InputError("model.source", detail) from None
        shapes.append(shape)
    if not shapes:
        raise InputError("model.source", f"{where} sets up no layers")
    return tuple(shapes)


def _conv2d(
    name: str, bias: str, _weights: str, inputs: str, outputs: str, time: str, height: str
) -> LayerShape:
    """A 2-D convolution by its arguments in C."""
    kernel = int(time), int(height)
    return LayerShape(name, "conv2d", int(inputs), int(outputs), kernel, bias != "NULL")


def _linear(
    name: str,
    bias: str,
    _subias: str,
    narrow: str,
    _wide: str,
    index: str,
    diagonal: str,
    _scale: str,
    inputs: str,
    outputs: str,
) -> LayerShape:
    """A dense or sparse layer by its arguments in C, which has no diagonal part."""
    if diagonal != "NULL":
        raise ValueError("a diagonal part")
    kind = "sparse" if index != "NULL" else "dense"
    return LayerShape(name, kind, int(inputs), int(outputs), None, bias != "NULL", narrow != "NULL")
