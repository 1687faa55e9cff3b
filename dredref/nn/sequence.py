"""Layers run over a whole stretch of time at once.

Arrays are [..., steps, features], Q24 on either carrier. Only the state of a gated recurrent unit
has to be followed step by step; what feeds it, and every convolution, is one product for all steps.
Results are those of the one-step functions of :mod:`dredref.nn.layers`, number for number.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.activations import tanh
from dredref.arithmetic.fixed import Fixed
from dredref.nn.layers import Activation, Linear, gru_step


def gru_sequence(inputs: Linear, recurrent: Linear, state: Fixed, x: Fixed) -> tuple[Fixed, Fixed]:
    """Every state [..., steps, size] that follows ``state`` [..., size], and the last of them."""
    fed = inputs(x)
    states = np.empty((*x.shape[:-1], recurrent.inputs), x.dtype)
    for step in range(x.shape[-2]):
        state = gru_step(fed[..., step, :], recurrent, state)
        states[..., step, :] = state
    return states, state


def conv1d_sequence(
    layer: Linear, memory: Fixed, x: Fixed, activation: Activation = tanh, dilation: int = 1
) -> tuple[Fixed, Fixed]:
    """Causal convolution of each step [..., steps, outputs], and the new memory.

    ``memory`` [..., dilation * (kernel - 1), features] holds the last inputs, oldest first.
    """
    history = np.concatenate([memory, x], axis=-2)
    span, steps = memory.shape[-2], x.shape[-2]
    taps = [history[..., start : start + steps, :] for start in range(0, span, dilation)]
    return activation(layer(np.concatenate([*taps, x], axis=-1))), history[..., steps:, :]
