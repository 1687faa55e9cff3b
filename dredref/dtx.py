"""Discontinuous transmission (DTX): silence goes out as packets that say nothing.

A packet is held back once its audio, and that of the 200 ms before it, stayed below -70 dB of full
scale; every 400 ms one goes out all the same. What goes out instead has the same TOC and frames of
no byte. Nothing here is part of the format: an encoder may judge silence by any other means.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dredref.spec.packet import Frame, Packet, build_packet, parse_packet

FLOOR = 10
"""Amplitude, root mean square, of 16-bit samples below which a packet is silent: -70 dB."""
HANGOVER_MS = 200
REFRESH_MS = 400
SHORTEST_CODE = {1: 0, 2: 1}
"""Frames of equal length to the code that needs no frame count."""


class SilenceGate:
    """Says packet by packet what is held back."""

    def __init__(self, packet_ms: float) -> None:
        """Start as after speech."""
        self._packet_ms = packet_ms
        self._silent_ms = 0.0
        self._held_ms = 0.0

    def holds(self, samples: NDArray[np.int16]) -> bool:
        """Whether the packet of these samples is held back; packets come in order."""
        energy = np.square(samples, dtype=np.int64).sum()
        if energy >= FLOOR * FLOOR * samples.size:
            self._silent_ms = self._held_ms = 0.0
            return False
        self._silent_ms += self._packet_ms
        if self._silent_ms <= HANGOVER_MS:
            return False
        self._held_ms += self._packet_ms
        if self._held_ms > REFRESH_MS:
            self._held_ms = 0.0
            return False
        return True


def is_dtx(packet: Packet) -> bool:
    """Return whether a packet is one of discontinuous transmission: no frame passes a byte."""
    return all(len(frame.data) <= 1 for frame in packet.frames)


def dtx_packet(data: bytes) -> bytes:
    """Return a packet of the same TOC and duration whose frames are empty.

    Raises:
        ParseError: ``packet...`` if ``data`` is no Opus packet.
    """
    packet = parse_packet(data)
    toc = replace(packet.toc, code=SHORTEST_CODE.get(packet.nb_frames, 3))
    frames = (Frame(b""),) * packet.nb_frames
    return build_packet(Packet(toc, frames))
