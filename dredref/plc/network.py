"""The network that predicts features: dense, two recurrent units, dense.

It takes 57 numbers of a frame: 36 Burg cepstra, 20 features, and what they are: 1 heard, -1 from
DRED (then without cepstra). All are zero where nothing is known: then it predicts.
Source: libopus 1.6.1 dnn/lpcnet_plc.c (compute_plc_pred).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.floatlayers import FloatLayer, Gru, tanh
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.vocoder.sizes import FEATURES

Floats = NDArray[np.float32]
State = tuple[Floats, Floats]
"""Of the two recurrent units; never changed in place."""

CEPSTRA = 36
INPUTS = CEPSTRA + FEATURES + 1
LIMIT = np.float32(1 << 16)
"""Where features that come from outside saturate; what is analysed stays far below."""
HEARD, RECEIVED = np.float32(1), np.float32(-1)


class PredictionNetwork:
    """The layers."""

    def __init__(self, model: Model | None = None) -> None:
        """Take the layers of ``model``, or of the packaged one.

        Raises:
            InputError: ``model.layer`` if it is no network of this kind.
        """
        found = packaged("plc") if model is None else model
        self._first = FloatLayer(found, "plc_dense_in")
        self._last = FloatLayer(found, "plc_dense_out")
        self._units = Gru(found, "plc_gru1"), Gru(found, "plc_gru2")

    def start(self) -> State:
        """The state before anything was heard."""
        first, second = (np.zeros(unit.size, np.float32) for unit in self._units)
        return first, second

    def hear(self, state: State, cepstra: Floats, features: Floats) -> State:
        """The state after a frame that was heard."""
        given = np.concatenate([cepstra, features, [HEARD]], dtype=np.float32)
        return self._step(state, given)[0]

    def receive(self, state: State, features: Floats) -> State:
        """The state after a frame that DRED told."""
        silent = np.zeros(CEPSTRA, np.float32)
        given = np.concatenate([silent, features, [RECEIVED]], dtype=np.float32)
        return self._step(state, given)[0]

    def predict(self, state: State) -> tuple[State, Floats]:
        """The state after a frame of which nothing is known, and its features."""
        return self._step(state, np.zeros(INPUTS, np.float32))

    def _step(self, state: State, given: Floats) -> tuple[State, Floats]:
        first = self._units[0](tanh(self._first(given)), state[0])
        second = self._units[1](first, state[1])
        return (first, second), self._last(second)
