"""Reading weights out of libopus' generated C files (``dnn/*_data.c``).

Such a file holds numeric arrays and, at its end, one call per layer that names the layer's arrays
and its dimensions. Both are read as text; nothing is compiled.
"""

from __future__ import annotations

import re
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
        InputError: ``model.source`` if an array's numbers are not as many as it says.
    """
    arrays: Arrays = {}
    for kind, name, length, body in _ARRAY.findall(text):
        numbers = np.array(body.replace("\n", " ").rstrip(", \n").split(","), dtype=np.float64)
        if len(numbers) != int(length):
            raise InputError("model.source", f"{where}: array {name} is not {length} long")
        arrays[name] = numbers.astype(_TYPES[kind])
    return arrays


def read_shapes(text: str, where: str) -> tuple[LayerShape, ...]:
    """The layers that a generated file sets up, in its order.

    Raises:
        InputError: ``model.source`` if there are none.
    """
    shapes = []
    for kind, name, arguments in _CALL.findall(text):
        words = [word.strip().strip('"') for word in arguments.split(",")]
        if kind == "conv2d":
            bias, _, inputs, outputs, time, height = words
            shapes.append(
                LayerShape(
                    name,
                    "conv2d",
                    int(inputs),
                    int(outputs),
                    (int(time), int(height)),
                    bias != "NULL",
                )
            )
            continue
        bias, _, narrow, _, index, diagonal, _, inputs, outputs = words
        if diagonal != "NULL":
            raise InputError("model.source", f"{where}: layer {name} has a diagonal part")
        shapes.append(
            LayerShape(
                name,
                "sparse" if index != "NULL" else "dense",
                int(inputs),
                int(outputs),
                None,
                bias != "NULL",
                narrow != "NULL",
            )
        )
    if not shapes:
        raise InputError("model.source", f"{where} sets up no layers")
    return tuple(shapes)
