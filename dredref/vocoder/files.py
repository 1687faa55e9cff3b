"""Files of feature vectors and of samples.

Features: little-endian float32, 20 a vector, oldest first (``.f32``, as upstream's ``fargan_demo``
reads and writes them). Samples: 16 bits, 16 kHz, one channel; a WAV file or, as ``.sw``, ``.raw``,
``.s16`` or ``.pcm``, the bare little-endian integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dredref.files import atomic_output
from dredref.spec.errors import InputError, UsageError
from dredref.vocoder.sizes import FEATURES, SAMPLE_RATE

BARE = (".sw", ".raw", ".s16", ".pcm")
"""Names of files of bare samples end so."""
PCM_16 = "PCM_16"


def read_features(path: str | Path) -> NDArray[np.float32]:
    """Vectors [n, 20] of a feature file.

    Raises:
        InputError: ``input.unreadable``, ``features.empty``, ``features.truncated`` if the last
            vector breaks off, ``features.not_finite``.
    """
    data = _read(path)
    if not data:
        raise InputError("features.empty", f"{path} holds no feature vector")
    if len(data) % (4 * FEATURES):
        raise InputError(
            "features.truncated",
            f"{path}: {len(data)} bytes are no whole number of vectors of {4 * FEATURES}",
        )
    vectors = np.frombuffer(data, "<f4").astype(np.float32).reshape(-1, FEATURES)
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError("features.not_finite", f"{path}: vector {row} holds what is no number")
    return vectors


def read_samples(path: str | Path) -> NDArray[np.int16]:
    """Samples of a WAV file or of bare integers.

    Raises:
        InputError: ``input.unreadable``; ``audio.form`` if it is no 16-bit file of one channel at
            16 kHz.
    """
    if Path(path).suffix.lower() in BARE:
        data = _read(path)
        if len(data) % 2:
            raise InputError("audio.form", f"{path} breaks off within a sample")
        return np.frombuffer(data, "<i2").astype(np.int16)
    try:
        with soundfile.SoundFile(str(path)) as file:
            found = (file.samplerate, file.channels, file.subtype)
            if found != (SAMPLE_RATE, 1, PCM_16):
                raise InputError(
                    "audio.form",
                    f"{path} is {found[0]} Hz, {found[1]} channels, {found[2]}; it has to be "
                    f"{SAMPLE_RATE} Hz, 1 channel, {PCM_16}",
                )
            samples: NDArray[np.int16] = file.read(dtype="int16")
            return samples
    except (soundfile.SoundFileError, OSError) as error:
        raise InputError("input.unreadable", f"cannot read {path}: {error}") from error


def check_samples_path(path: str | Path) -> None:
    """Refuse a name that says no form of samples, before any work is done.

    Raises:
        UsageError: ``output.form``.
    """
    if Path(path).suffix.lower() not in (".wav", *BARE):
        known = ", ".join((".wav", *BARE))
        raise UsageError("output.form", f"{path}: the name has to end in one of {known}")


@contextmanager
def open_samples(
    path: str | Path, rate: int = SAMPLE_RATE, channels: int = 1
) -> Iterator[Callable[[NDArray[np.int16]], object]]:
    """Write samples block by block, in the form that the name's ending says; whole or not at all.

    What is yielded takes blocks [n] or [n, channels].

    Raises:
        UsageError: ``output.form``.
        InputError: ``output.unwritable``.
    """
    check_samples_path(path)
    with atomic_output(path) as temporary:
        if Path(path).suffix.lower() in BARE:
            with temporary.open("wb") as file:
                yield lambda block: file.write(block.astype("<i2").tobytes())
        else:
            with soundfile.SoundFile(
                str(temporary), "w", rate, channels, PCM_16, format="WAV"
            ) as sound:
                yield sound.write


def write_samples(path: str | Path, samples: NDArray[np.int16]) -> None:
    """Write samples of 16 kHz in the form that the name's ending says; whole or not at all.

    Raises:
        UsageError: ``output.form``.
        InputError: ``output.unwritable``.
    """
    with open_samples(path) as write:
        write(samples)


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError("input.unreadable", f"cannot read {path}: {error.strerror}") from error
