"""The networks' weights, as integers of stated format.

:func:`packaged` loads the models that come with the project, :func:`load` any model file.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from dredref.model.container import read_model
from dredref.model.weights import Model
from dredref.spec.errors import InputError, UsageError

PACKAGED = (
    "rdovae-decoder-v12",
    "rdovae-encoder-v12",
    "rdovae-decoder-v10",
    "rdovae-encoder-v10",
    "fargan",
    "pitch",
    "plc",
)
"""Names of the models in ``dredref/model/data``."""


@cache
def packaged(name: str) -> Model:
    """The model ``name`` of :data:`PACKAGED`.

    Raises:
        UsageError: ``model.unknown`` for any other name.
    """
    if name not in PACKAGED:
        raise UsageError("model.unknown", f"no model {name!r}: there are {', '.join(PACKAGED)}")
    data = files("dredref.model").joinpath("data", f"{name}.bin").read_bytes()
    return Model(read_model(data, name))


def load(path: str | Path) -> Model:
    """The model in the file at ``path``.

    Raises:
        InputError: ``input.unreadable``, or as :func:`~dredref.model.container.read_model` says.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError("input.unreadable", f"cannot read {path}: {error.strerror}") from error
    return Model(read_model(data, str(path)))
