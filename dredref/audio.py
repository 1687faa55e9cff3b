"""Reading audio files block by block, in the format that the encoder takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import soundfile

from dredref.analysis.tables import Int
from dredref.extras import needs
from dredref.resample import RATES, to_input
from dredref.spec.errors import InputError
from dredref.wavheader import mended_wav

BARE = (".sw", ".raw", ".pcm", ".s16")
"""Suffixes of bare samples: 16 bits, little-endian, 16 kHz, mono; others by `RawAudio`."""

BARE_RATE = 16_000

OTHER_RATE = 48_000
"""What rates that cannot be taken as they are become."""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """An open audio file.

    Attributes:
        name: for messages.
        rate: sample rate in Hz, of what :meth:`blocks` gives.
        channels: how many.
        length: samples of each channel, at ``rate``.
    """

    name: str
    rate: int
    channels: int
    length: int
    _file: Any

    def blocks(self, seconds: float = 1.0) -> Iterator[Int]:
        """Samples [n, channels] in units of 16-bit PCM, Q8, from the start to the end.

        Raises:
            InputError: ``audio.corrupt`` if the file breaks off or cannot be decoded.
            MissingExtraError: the rate has to be changed and PyAV is not installed.
        """
        if self.rate == self._file.samplerate:
            yield from self._stored(seconds)
        else:
            yield from self._converted(seconds)

    def _stored(self, seconds: float) -> Iterator[Int]:
        size = max(1, int(self._file.samplerate * seconds))
        kind = "int16" if self._file.subtype in ("PCM_16", "PCM_S8", "PCM_U8") else "float64"
        read = 0
        while read < self._file.frames:
            try:
                block = self._file.read(size, dtype=kind, always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError) as error:
                raise InputError("audio.corrupt", f"{self.name}: {error}") from error
            if not len(block):
                raise InputError("audio.corrupt", f"{self.name} ends after {read} samples")
            read += len(block)
            yield to_input(block)

    def _converted(self, seconds: float) -> Iterator[Int]:
        """Blocks at :attr:`rate`, by PyAV; exactly :attr:`length` samples in all."""
        with needs("containers", f"audio of {self._file.samplerate} Hz"):
            import av
        layout = "mono" if self.channels == 1 else "stereo"
        resampler: Any = av.AudioResampler(format="flt", layout=layout, rate=self.rate)
        left = self.length
        for block in chain(self._stored(seconds), [None]):
            frame: Any = None
            if block is not None:
                floats = np.ascontiguousarray(block / 2.0**23, np.float32).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(floats, format="flt", layout=layout)
                frame.sample_rate = self._file.samplerate
            parts = [
                part.to_ndarray().reshape(-1, self.channels) for part in resampler.resample(frame)
            ]
            if parts:
                joined = to_input(np.concatenate(parts))[:left]
                left -= len(joined)
                yield joined
        if left:
            yield np.zeros((left, self.channels), np.int64)


@dataclass(frozen=True, slots=True)
class RawAudio:
    """A file of bare samples: 16 bits, little-endian, channels interleaved.

    Attributes:
        path: the file.
        rate: sample rate in Hz.
        channels: how many.
    """

    path: str | Path
    rate: int = BARE_RATE
    channels: int = 1

    def __str__(self) -> str:
        """The file's name."""
        return str(self.path)


AudioSource: TypeAlias = str | Path | RawAudio
"""A file whose header or suffix says what it is, or bare samples of any name."""


@contextmanager
def open_audio(source: AudioSource, rates: Sequence[int] = RATES) -> Iterator[AudioFile]:
    """Open WAV, FLAC or what else libsndfile reads, or bare samples.

    A WAV file whose header does not know its length is read to its end.

    Args:
        source: the file.
        rates: what sample rates are wanted; any other is converted to 48 kHz.

    Raises:
        InputError: ``audio.unreadable``, ``audio.channels``.
    """
    path = source.path if isinstance(source, RawAudio) else source
    if not Path(path).exists():  # libsndfile only says "System error"
        raise InputError("audio.unreadable", f"cannot read {path}: no such file")
    how: dict[str, Any] = {}
    if Path(path).suffix.lower() in BARE or isinstance(source, RawAudio):
        raw = source if isinstance(source, RawAudio) else RawAudio(path)
        how = {"samplerate": raw.rate, "channels": raw.channels, "format": "RAW"}
        how |= {"subtype": "PCM_16", "endian": "LITTLE"}
    elif not Path(path).stat().st_size:
        raise InputError("audio.unreadable", f"{path} is empty")
    try:
        mended = None if how else mended_wav(path)
        file = soundfile.SoundFile(mended or str(path), **how)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        reason = getattr(error, "error_string", None) or str(error)
        raise InputError("audio.unreadable", f"cannot read {path}: {reason}") from error
    with file:
        if file.channels not in (1, 2):
            raise InputError("audio.channels", f"{path} has {file.channels} channels, not 1 or 2")
        rate = file.samplerate if file.samplerate in rates else OTHER_RATE
        length = -(-file.frames * rate // file.samplerate)
        yield AudioFile(str(path), rate, file.channels, length, file)


def to_int16(samples: Int) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Q8 samples as 16-bit PCM: halves up, saturated."""
    rounded = (samples + 128) >> 8
    clipped: np.ndarray[Any, np.dtype[np.int16]] = np.clip(rounded, -32768, 32767).astype(np.int16)
    return clipped
