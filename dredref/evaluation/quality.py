"""Scores of speech against its original, by the programs that the field uses.

PLCMOS (version 2, no reference, made for concealed speech), PESQ wideband (ITU-T P.862.2) and ESTOI
(intelligibility, 0 to 1). All three take 16 kHz; the extra ``quality`` installs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.extras import needs

Pcm = NDArray[np.int16]

RATE = 16_000
SEED = 1
"""PLCMOS draws its raters; with this they are the same every time."""
DRAWS = 2000
"""Of the bootstrap."""
MEASURES = ("plcmos", "pesq", "estoi")
TITLES = {"plcmos": "PLCMOS", "pesq": "PESQ-WB", "estoi": "ESTOI"}


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one clip, or means of several."""

    plcmos: float
    pesq: float
    estoi: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean, and where it lies with a confidence of 95 % were other clips taken."""

    mean: float
    low: float
    high: float


@cache
def _programs() -> tuple[Any, Any, Any]:
    with needs("quality", "scoring speech"):
        from pesq import pesq
        from pystoi import stoi
        from speechmos.plcmos import PLCMOS
    return PLCMOS(), pesq, stoi


def check_available() -> None:
    """See that scoring is possible.

    Raises:
        MissingExtraError: onnxruntime, speechmos, pesq or pystoi is not installed.
    """
    _programs()


def score(original: Pcm, found: Pcm) -> Scores:
    """Return the scores of speech [n], 16 kHz, of which ``original`` is what was sent.

    Raises:
        MissingExtraError: as :func:`check_available`.
    """
    plcmos, _, stoi = _programs()
    clean, heard = _alike(original, found)
    state = np.random.get_state()
    np.random.seed(SEED)
    try:
        mos = float(plcmos(heard)["plcmos"])
    finally:
        np.random.set_state(state)
    return Scores(
        mos,
        pesq_wideband(original, found),
        float(stoi(clean, heard, RATE, extended=True)),
    )


def pesq_wideband(original: Pcm, found: Pcm) -> float:
    """Return PESQ alone; the others take ten times as long.

    Raises:
        MissingExtraError: as :func:`check_available`.
    """
    return float(_programs()[1](RATE, *_alike(original, found), "wb"))


def _alike(original: Pcm, found: Pcm) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both of full scale 1, as long as the shorter one."""
    count = min(len(original), len(found))
    return original[:count] / 32768.0, found[:count] / 32768.0


def spread(values: Sequence[float]) -> Spread:
    """Return the mean with its confidence, by drawing clips anew."""
    given = np.array(values)
    rows = np.random.default_rng(SEED).integers(0, len(given), (DRAWS, len(given)))
    low, high = np.percentile(given[rows].mean(axis=1), (2.5, 97.5))
    return Spread(float(given.mean()), float(low), float(high))
