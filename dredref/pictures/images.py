"""Small images for pages, without a plotting library: PNG with a palette, and sound as FLAC.

Everything is returned as a data URI, so that a page needs no other file.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import soundfile
from numpy.typing import NDArray

from dredref.metrics.audio import RATE

Array = NDArray[np.floating]

_SEQUENTIAL = (
    (0.00, (20, 20, 48)),
    (0.25, (58, 52, 124)),
    (0.50, (38, 130, 142)),
    (0.75, (94, 196, 120)),
    (1.00, (250, 232, 90)),
)
"""Dark to light, in even steps of lightness."""
_DIVERGING = (
    (0.00, (28, 78, 158)),
    (0.35, (150, 190, 226)),
    (0.50, (244, 244, 242)),
    (0.65, (238, 172, 146)),
    (1.00, (170, 32, 38)),
)
"""Blue through white to red."""
WINDOW = 400
"""Samples of a spectrogram's window, 25 ms."""


def _palette(stops: tuple[tuple[float, tuple[int, int, int]], ...]) -> bytes:
    """256 colours interpolated between stops."""
    places = np.linspace(0, 1, 256)
    at = [stop for stop, _ in stops]
    columns = [np.interp(places, at, [colour[i] for _, colour in stops]) for i in range(3)]
    return bytes(np.rint(np.stack(columns, axis=1)).astype(np.uint8).tobytes())


SEQUENTIAL = _palette(_SEQUENTIAL)
DIVERGING = _palette(_DIVERGING)


def png(values: Array, low: float, high: float, palette: bytes = SEQUENTIAL) -> str:
    """An image of [rows, columns], the first row on top, as a data URI.

    Values from ``low`` to ``high`` run through the palette; what lies outside, or is no number,
    takes the colour at the end.
    """
    span = high - low if high > low else 1.0
    scaled = np.nan_to_num((np.asarray(values, np.float64) - low) / span, nan=1.0)
    pixels = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    rows, columns = pixels.shape
    raw = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1).tobytes()
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette),
            _chunk(b"IDAT", zlib.compress(raw, 9)),
            _chunk(b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(content).decode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def flac(samples: NDArray[np.int16]) -> str:
    """Speech at 16 kHz as a data URI that browsers play."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(samples, np.int16), RATE, format="FLAC", subtype="PCM_16")
    return "data:audio/flac;base64," + base64.b64encode(buffer.getvalue()).decode()


def envelope(samples: NDArray[np.int16], columns: int = 400) -> list[tuple[float, float]]:
    """Lowest and highest sample of each column, full scale 1."""
    count = min(columns, max(1, len(samples)))
    parts = np.array_split(np.asarray(samples, np.float64) / 32768, count)
    return [(round(float(one.min()), 3), round(float(one.max()), 3)) for one in parts if one.size]


def spectrogram(samples: NDArray[np.int16], columns: int = 400) -> Array:
    """[100 bins from 8 kHz down to 0, columns] power in dB, 70 dB deep."""
    signal = np.asarray(samples, np.float64)
    if signal.size < WINDOW:
        signal = np.pad(signal, (0, WINDOW - signal.size))
    starts = np.linspace(0, signal.size - WINDOW, min(columns, 1 + signal.size // 80)).astype(int)
    frames = signal[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, :200]) ** 2 + 1.0
    decibel: Array = 10 * np.log10(power.reshape(len(starts), 100, 2).mean(axis=2))
    return decibel.T[::-1]
