"""The network that predicts features: dense, two recurrent units, dense.

It takes 57 numbers of a frame: 36 Burg cepstra, 20 features, and what they are: 1 heard, -1 from
DRED (then without cepstra). All are zero where nothing is known: then it predicts.
Source: libopus 1.6.1 dnn/lpcnet_plc.c (compute_plc_pred).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.number import Numbers
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.nn.predictor import Predictor, State
from dredref.vocoder.sizes import FEATURES

CEPSTRA = 36
INPUTS = CEPSTRA + FEATURES + 1
HEARD, RECEIVED = nearest("1"), nearest("-1")


class PredictionNetwork:
    """The layers, on one carrier."""

    def __init__(self, model: Model | None, carrier: np.dtype[Any]) -> None:
        """Take the layers of ``model``, or of the packaged one.

        Raises:
            InputError: ``model.layer`` if it is no network of this kind.
        """
        found = packaged("plc") if model is None else model
        self._predictor = Predictor(found, "plc", INPUTS, FEATURES, carrier)
        self._carrier = carrier
        self.start = self._predictor.start

    def hear(self, state: State, cepstra: Numbers, features: Numbers) -> State:
        """The state after a frame that was heard."""
        return self._predictor.step(state, self._inputs(HEARD, features, cepstra))[0]

    def receive(self, state: State, features: Numbers) -> State:
        """The state after a frame that DRED told."""
        return self._predictor.step(state, self._inputs(RECEIVED, features))[0]

    def predict(self, state: State) -> tuple[State, Numbers]:
        """The state after a frame of which nothing is known, and its features."""
        return self._predictor.step(state, np.zeros(INPUTS, self._carrier))

    def _inputs(self, kind: int, features: Numbers, cepstra: Numbers | int = 0) -> Numbers:
        """What is known of a frame; ``kind`` in bits."""
        x = np.empty(INPUTS, self._carrier)
        x[:CEPSTRA], x[CEPSTRA:-1] = cepstra, features
        x.view(np.int32)[-1] = kind
        return x
