"""libopus itself, by ctypes: what PyAV's interface does not reach.

PyAV's wheels hold a libopus; where there is none, the system's serves. It decodes at every rate and
LBRR, and it encodes in a mode that is asked for. The library's name inside the wheel is no part of
PyAV's interface, so whoever uses this must have another way (:mod:`dredref.opusdecoder`).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.closing import Closing
from dredref.spec.errors import InputError
from dredref.spec.packet import Toc

Pcm = NDArray[np.int16]
"""Samples [n, channels], 16 bits."""

FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "opus_get_version_string": (ctypes.c_char_p, []),
    "opus_strerror": (ctypes.c_char_p, [ctypes.c_int]),
    "opus_decoder_create": (ctypes.c_void_p, [ctypes.c_int32, ctypes.c_int, ctypes.c_void_p]),
    "opus_decoder_destroy": (None, [ctypes.c_void_p]),
    "opus_decode": (
        ctypes.c_int,
        [
            *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32),
            *(ctypes.c_void_p, *[ctypes.c_int] * 2),
        ],
    ),
    "opus_encoder_create": (
        ctypes.c_void_p,
        [ctypes.c_int32, ctypes.c_int, ctypes.c_int, ctypes.c_void_p],
    ),
    "opus_encoder_destroy": (None, [ctypes.c_void_p]),
    "opus_encode": (
        ctypes.c_int32,
        [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int32],
    ),
}
"""Function -> its result and arguments."""
AUDIO = 2049
SET_BITRATE, SET_BANDWIDTH, SET_FORCE_MODE = 4002, 4008, 11002
MODES = {"SILK": 1000, "hybrid": 1001, "CELT": 1002}
BANDWIDTHS = {"NB": 1101, "MB": 1102, "WB": 1103, "SWB": 1104, "FB": 1105}
LARGEST_PACKET = 4000
RATES = (8000, 12_000, 16_000, 24_000, 48_000)
"""Sample rates at which libopus decodes."""


def _candidates() -> Iterator[str]:
    """Where a libopus may be: in PyAV's wheel, then in the system."""
    try:
        found = find_spec("av")
    except ValueError:  # a module that was put in its place
        found = None
    for place in (found.submodule_search_locations or ()) if found else ():
        for folder in (Path(place).parent / "av.libs", Path(place) / ".dylibs"):
            yield from map(str, sorted(folder.glob("*opus[-.]*")))
    system = ctypes.util.find_library("opus")
    if system:
        yield system


@cache
def library() -> Any:
    """Return libopus with its functions' types, or None where there is none."""
    for path in _candidates():
        try:
            loaded = ctypes.CDLL(path)
            for name, (result, arguments) in FUNCTIONS.items():
                function = getattr(loaded, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        return loaded
    return None


class LibraryDecoder(Closing):
    """A decoder of libopus, at one of :data:`RATES`, of one or two channels."""

    def __init__(self, rate: int, channels: int) -> None:
        """Open it; :func:`library` must have one."""
        self.rate, self.channels = rate, channels
        self._library = library()
        error = ctypes.c_int()
        self._state = self._library.opus_decoder_create(rate, channels, ctypes.byref(error))
        if not self._state:
            raise InputError("decode.opus", f"libopus failed: code {error.value}")

    def samples(self, duration_48k: int) -> int:
        """A duration in samples of this decoder."""
        return duration_48k * self.rate // 48_000

    def decode(self, packet: bytes, duration_48k: int) -> Pcm:
        """Return the samples of a packet, which lasts that long.

        Raises:
            InputError: ``decode.opus`` if libopus refuses it.
        """
        return self._decode(packet, duration_48k, 0)

    def decode_lbrr(self, packet: bytes, duration_48k: int) -> Pcm:
        """Return the speech that a packet holds of the time before it (LBRR, RFC 6716 2.1.7).

        Raises:
            InputError: ``decode.opus``.
        """
        return self._decode(packet, duration_48k, 1)

    def conceal(self, duration_48k: int) -> Pcm:
        """Return what libopus makes up for lost time.

        Raises:
            InputError: ``decode.opus``.
        """
        return self._decode(None, duration_48k, 0)

    def _decode(self, packet: bytes | None, duration_48k: int, lbrr: int) -> Pcm:
        pcm = np.zeros((self.samples(duration_48k), self.channels), np.int16)
        done = 0
        while done < len(pcm):  # libopus conceals no more than 120 ms at once
            part = pcm[done:] if packet is not None else pcm[done : done + self.samples(5760)]
            size = 0 if packet is None else len(packet)
            count = self._library.opus_decode(
                self._state, packet, size, part.ctypes.data, len(part), lbrr
            )
            if count <= 0:
                reason = self._library.opus_strerror(count).decode()
                raise InputError("decode.opus", f"libopus failed: {reason}")
            done = len(pcm) if packet is not None else done + count
        return pcm

    def close(self) -> None:
        """Free it."""
        if self._state:
            self._library.opus_decoder_destroy(self._state)
            self._state = None

    def __del__(self) -> None:
        """Free it."""
        if getattr(self, "_state", None):
            self.close()


def encode_alike(toc: Toc, pcm: Pcm, bitrate: int) -> list[bytes]:
    """Return packets of one frame each, of the mode, bandwidth and frame size of ``toc``.

    ``pcm`` [n] is 48 kHz, one channel; what does not fill a frame is left out. An empty list where
    libopus does not take that mode here.
    """
    library_, error = library(), ctypes.c_int()
    state = library_.opus_encoder_create(48_000, 1, AUDIO, ctypes.byref(error))
    control = library_.opus_encoder_ctl
    requests = (
        (SET_BITRATE, bitrate),
        (SET_BANDWIDTH, BANDWIDTHS[toc.bandwidth]),
        (SET_FORCE_MODE, MODES[toc.mode]),
    )
    packets = []
    try:
        for request, value in requests:
            if control(ctypes.c_void_p(state), request, ctypes.c_int32(value)):
                return []
        room = ctypes.create_string_buffer(LARGEST_PACKET)
        for start in range(0, len(pcm) - toc.frame_48k + 1, toc.frame_48k):
            frame = np.ascontiguousarray(pcm[start : start + toc.frame_48k], np.int16)
            size = library_.opus_encode(state, frame.ctypes.data, len(frame), room, LARGEST_PACKET)
            packets.append(room.raw[: max(size, 0)])
    finally:
        library_.opus_encoder_destroy(state)
    wanted = toc.config
    return packets if all(packet and packet[0] >> 3 == wanted for packet in packets) else []
