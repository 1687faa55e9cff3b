"""Recordings of a page: each with its player and its spectrogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.pictures.images import flac, png, spectrogram

Pcm = NDArray[np.int16]

DEPTH_DB = 70
"""How far below the loudest bin a spectrogram reaches."""
COLUMN_MS = 10
MOST_COLUMNS = 12_000
"""Of a spectrogram."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording to listen to: 16 kHz, one channel."""

    name: str
    caption: str
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class ShownSound:
    """What the templates' parts take (``parts.html.j2``): data URIs of the sound and its image."""

    name: str
    caption: str
    uri: str
    image: str
    seconds: float


def shown(sounds: tuple[Sound, ...], *, alike: bool = False) -> list[ShownSound]:
    """Return recordings as the templates take them.

    Args:
        sounds: the recordings.
        alike: whether colours mean the same in all spectrograms; else each has its own loudest bin.
    """
    levels = [
        spectrogram(one.pcm, min(MOST_COLUMNS, max(1, len(one.pcm) // (16 * COLUMN_MS))))
        for one in sounds
    ]
    tops = [float(np.max(one, initial=0.0)) for one in levels]
    if alike:
        tops = [max(tops, default=0.0)] * len(tops)
    return [
        ShownSound(
            one.name,
            one.caption,
            flac(one.pcm),
            png(level, top - DEPTH_DB, top),
            len(one.pcm) / 16_000,
        )
        for one, level, top in zip(sounds, levels, tops, strict=True)
    ]
