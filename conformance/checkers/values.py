"""Reading the byte strings of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.metrics.divergence import Divergence
from dredref.metrics.features import NUM_FEATURES


class UnreadableError(Exception):
    """An answer that has not the form it should have, with the divergence that says so."""

    def __init__(self, divergence: Divergence) -> None:
        """Remember what to report."""
        super().__init__(str(divergence))
        self.divergence = divergence


def hex_field(answer: Mapping[str, Any], name: str) -> bytes:
    """A byte string given in hex.

    Raises:
        UnreadableError: if it is not there or not hex.
    """
    text = answer.get(name)
    if not isinstance(text, str):
        raise UnreadableError(Divergence(name, "bytes in hex", _kind(text)))
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise UnreadableError(Divergence(name, "bytes in hex", text[:40])) from None


def features_field(answer: Mapping[str, Any], name: str = "features") -> NDArray[np.float64]:
    """Feature vectors, [frames, 20].

    Raises:
        UnreadableError: if they are not a whole number of vectors.
    """
    content = hex_field(answer, name)
    if len(content) % (4 * NUM_FEATURES):
        wanted = f"a multiple of {4 * NUM_FEATURES} bytes"
        raise UnreadableError(Divergence(name, wanted, f"{len(content)} bytes"))
    return np.frombuffer(content, "<f4").reshape(-1, NUM_FEATURES).astype(np.float64)


def pcm_field(answer: Mapping[str, Any], name: str = "pcm") -> NDArray[np.int16]:
    """Samples, 16 bits.

    Raises:
        UnreadableError: if there is half a sample.
    """
    content = hex_field(answer, name)
    if len(content) % 2:
        raise UnreadableError(Divergence(name, "an even number of bytes", f"{len(content)} bytes"))
    return np.frombuffer(content, "<i2")


def _kind(value: Any) -> str:
    """What stands where bytes should."""
    return "(left out)" if value is None else type(value).__name__
