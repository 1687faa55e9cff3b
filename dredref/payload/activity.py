"""Voice activity in steps of 2.5 ms, by a simple rule on the energy.

A step is active while the signal of the last 20 ms is louder than -70 dB of full scale and within
40 dB of the loudest lately, and for 200 ms after. The loudest fades by half in 1.8 s. Nothing here
is part of the format: an encoder may judge by any other means and give its own activity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers, round_shift

UNIT = 40
"""Samples at 16 kHz of a step."""

SMOOTH = 8
"""Steps that are looked at together: 20 ms."""

FLOOR = SMOOTH * UNIT * 10 * 10
"""Energy of 20 ms at an amplitude of 10 of 32768 (root mean square): -70 dB."""

RATIO = 10_000
"""40 dB, as a ratio of energies."""

FADE = 10
"""Each step takes 2**-10 off the loudest."""

HANGOVER = 80
"""Steps that stay active after the last that was loud: 200 ms."""


class ActivityDetector:
    """Follows one signal; results do not depend on how it is cut into calls."""

    def __init__(self) -> None:
        """Start in silence."""
        self._recent = np.zeros(SMOOTH - 1, np.int64)
        self._loudest = 0
        self._hold = 0

    def detect(self, pcm: Integers, q: int) -> NDArray[np.bool_]:
        """Activity of each step.

        Args:
            pcm: samples at 16 kHz [40 * steps] in units of 16-bit PCM, in Q ``q`` (1 or more).
            q: fractional bits.
        """
        samples = round_shift(pcm, q).reshape(-1, UNIT)
        energies = np.concatenate([self._recent, (samples * samples).sum(axis=1)])
        self._recent = energies[len(samples) :]
        smooth = np.lib.stride_tricks.sliding_window_view(energies, SMOOTH).sum(axis=1)
        return np.array([self._step(energy) for energy in smooth.tolist()], np.bool_)

    def _step(self, energy: int) -> bool:
        self._loudest = max(energy, self._loudest - (self._loudest >> FADE))
        if energy >= FLOOR and energy * RATIO >= self._loudest:
            self._hold = HANGOVER + 1
        self._hold = max(self._hold - 1, 0)
        return self._hold > 0
