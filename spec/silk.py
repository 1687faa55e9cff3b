"""Header bits of SILK frames, RFC 6716 section 4.2.3: voice activity and LBRR.

They are the first symbols of a frame and each costs one bit, so they stand in the most significant
bits of its first byte: for the mid channel one voice-activity bit for every 20 ms and one LBRR bit,
then the same for the side channel of a stereo frame. LBRR (low bit-rate redundancy, "in-band FEC")
is a coarser copy of the audio before the frame.
"""

from __future__ import annotations

from collections.abc import Iterator

from dredref.spec.packet import Packet, parse_toc

SILK_FRAME_48K = 960
"""Samples at 48 kHz that one voice-activity bit stands for, at most."""


def _lbrr_mask(toc_byte: int) -> int:
    """The LBRR bits of a frame's first byte; 0 for a CELT frame, which has none."""
    toc = parse_toc(toc_byte)
    if toc.mode == "CELT":
        return 0
    silk_frames = max(1, toc.frame_48k // SILK_FRAME_48K)
    channels = 2 if toc.stereo else 1
    return sum(0x80 >> (number * (silk_frames + 1) - 1) for number in range(1, channels + 1))


LBRR_MASK = tuple(_lbrr_mask(byte) for byte in range(256))
"""TOC byte -> mask of the LBRR bits, mid and side, in the first byte of each Opus frame."""


def frames_lbrr(packet: Packet) -> Iterator[bool]:
    """Yield for each Opus frame whether LBRR of either channel stands in it."""
    mask = LBRR_MASK[packet.toc.byte]
    for frame in packet.frames:
        yield bool(frame.data[:1] and frame.data[0] & mask)


def has_lbrr(packet: Packet) -> bool:
    """Return whether the packet's first frame holds LBRR: a copy of the audio before the packet.

    LBRR of a later frame repeats the frame before it in the same packet, which serves no receiver.
    """
    return next(frames_lbrr(packet))


__all__ = ["LBRR_MASK", "SILK_FRAME_48K", "frames_lbrr", "has_lbrr"]
