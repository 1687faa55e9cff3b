"""Reading features and speech from files, with nothing converted silently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dredref.metrics.audio import RATE
from dredref.metrics.features import NUM_FEATURES
from dredref.spec.errors import InputError, UsageError

RAW = (".sw", ".raw", ".pcm", ".s16")
"""Endings of files without a header: 16-bit samples, little-endian, one channel."""


def read_features(path: str) -> NDArray[np.float64]:
    """Features [frames, 20]: bare float32, ``.npy``, or the ``features`` of an ``.npz``.

    Raises:
        InputError: ``input.unreadable`` or ``features.form``.
    """
    ending = Path(path).suffix.lower()
    try:
        if ending in (".npy", ".npz"):
            loaded = np.load(path)
            rows = loaded["features"] if ending == ".npz" else loaded
        else:
            content = Path(path).read_bytes()
            if len(content) % (4 * NUM_FEATURES):
                raise InputError(
                    "features.form",
                    f"{path}: {len(content)} bytes are no whole vectors of {NUM_FEATURES} float32",
                )
            rows = np.frombuffer(content, "<f4").reshape(-1, NUM_FEATURES)
    except OSError as error:
        raise InputError(
            "input.unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from error
    except (ValueError, KeyError) as error:
        raise InputError("features.form", f"{path} holds no features: {error}") from error
    if rows.ndim != 2 or rows.shape[1] != NUM_FEATURES or not len(rows):
        raise InputError("features.form", f"{path} holds an array of shape {rows.shape}")
    return np.asarray(rows, dtype=np.float64)


def read_speech(path: str, *, rate: int | None, channel: int | None) -> NDArray[np.float64]:
    """Samples at 16 kHz on the scale of 16-bit samples.

    A bare file has no rate of its own: it is taken for 16 kHz unless ``rate`` says otherwise.

    Raises:
        InputError: ``input.unreadable``, or ``audio.rate`` for another rate than 16 kHz.
        UsageError: ``audio.channel`` if there are several and none is named, or it is not there.
    """
    if Path(path).suffix.lower() in RAW:
        content = _bytes(path)
        if len(content) % 2:
            raise InputError("audio.form", f"{path} ends within a sample")
        samples, found = np.frombuffer(content, "<i2").astype(np.float64)[:, None], rate or RATE
    else:
        try:
            with Path(path).open("rb") as file:
                samples, found = soundfile.read(file, dtype="float64", always_2d=True)
        except OSError as error:
            reason = error.strerror or error
            raise InputError("input.unreadable", f"cannot read {path}: {reason}") from error
        except soundfile.LibsndfileError as error:
            reason = error.error_string
            raise InputError("input.unreadable", f"cannot read {path}: {reason}") from error
        samples = samples * 32768.0
        if rate is not None and rate != found:
            raise InputError("audio.rate", f"{path} is at {found} Hz, not {rate}")
    if found != RATE:
        raise InputError(
            "audio.rate", f"{path} is at {found} Hz; the metric is for {RATE}: resample it first"
        )
    if channel is None and samples.shape[1] > 1:
        raise UsageError("audio.channel", f"{path} has {samples.shape[1]} channels: use --channel")
    if channel is not None and channel >= samples.shape[1]:
        raise UsageError("audio.channel", f"{path} has no channel {channel}")
    return np.asarray(samples[:, channel or 0])


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            "input.unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from error
