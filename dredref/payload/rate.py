"""How many bits DRED gets, and which levels and how many chunks it spends them on.

The rule, for a bit rate R in bit/s, an expected loss of L percent, packets of T ms and a wanted
reach in ms:

1. 9 kb/s belong to the Opus frames. Of the rest, the part ``L / (L + 8)`` goes to DRED, at most
   three quarters: 20 % at a loss of 2 %, 38 % at 5 %, 56 % at 10 %.
2. A packet may then take ``share * T`` bits, less 5 bytes of framing (frame count, padding length,
   extension id and prefix).
3. The finest first level from 4 on is taken, and with it the slowest rise from 1/8 to 1/2 level
   a chunk, whose expected cost for the whole reach fits. Expected costs are means over speech.
4. If even level 15 does not fit, chunks are given up, the oldest first.
   With fewer than two chunks DRED is left out.

Payloads vary around their expected size; one may take up to one and a half times its share.
"""

from __future__ import annotations

from dataclasses import dataclass

from dredref.payload.writer import MAX_PAYLOAD_BYTES, Levels
from dredref.spec.dred import DECODER_CHUNKS

OPUS_BITRATE = 9000
"""What the Opus frames get before DRED gets anything, in bit/s."""

LOSS_SCALE = 8
"""Loss, in percent, at which DRED gets half."""

LARGEST_SHARE = (3, 4)

FRAMING_BITS = 40
"""Frame count byte, padding length, extension id and the two bytes of the prefix."""

LEAST_BYTES = 8
"""Smaller payloads are not tried."""

LEVELS_TRIED = range(4, 16)
RISES_TRIED = range(1, 6)

CHUNK_BITS = (86, 78, 71, 63, 55, 47, 39, 32, 28, 19, 15, 11, 8, 7, 7, 6)
"""Mean cost of a chunk of speech at each level (version 12; measured on the project's clips)."""

STATE_BITS = (190, 178, 165, 154, 144, 134, 125, 117, 107, 116, 106, 98, 89, 78, 69, 59)
"""Mean cost of an initial state at each level (likewise)."""

HEADER_BITS = 18


@dataclass(frozen=True, slots=True)
class RatePlan:
    """What a packet spends on DRED; no chunks mean no DRED."""

    levels: Levels
    chunks: int
    max_bytes: int
    """The most bytes of a payload."""
    bits: int
    """Expected bits of a packet, framing included."""


def expected_bits(levels: Levels, chunks: int) -> int:
    """Mean size of a payload of speech, in bits."""
    return (
        HEADER_BITS
        + STATE_BITS[levels.q0]
        + sum(CHUNK_BITS[levels.of_chunk(index)] for index in range(chunks))
    )


def chunks_of(reach_ms: float) -> int:
    """Chunks that cover a reach, the vocoder's 15 ms of look-ahead included; 26 at most."""
    return max(0, min(-int(-(reach_ms + 15) // 40), DECODER_CHUNKS)) if reach_ms > 0 else 0


def share_of_packet(bitrate: int, loss: float, packet_ms: float) -> int:
    """Bits that DRED may take in a packet, framing included."""
    part = min(loss / (loss + LOSS_SCALE), LARGEST_SHARE[0] / LARGEST_SHARE[1]) if loss > 0 else 0
    return int(part * max(bitrate - OPUS_BITRATE, 0) * packet_ms / 1000)


def plan_rate(bitrate: int, loss: float, packet_ms: float, reach_ms: float) -> RatePlan:
    """Levels, chunks and bytes for a total bit rate, by the rule of this module."""
    share = share_of_packet(bitrate, loss, packet_ms)
    budget = share - FRAMING_BITS
    wanted = chunks_of(reach_ms)
    tried = (Levels(q0, rise) for q0 in LEVELS_TRIED for rise in RISES_TRIED)
    levels = next((one for one in tried if expected_bits(one, wanted) <= budget), None)
    if levels is None:
        levels = Levels(LEVELS_TRIED[-1], RISES_TRIED[-1])
    chunks = wanted
    while chunks and expected_bits(levels, chunks) > budget:
        chunks -= 1
    max_bytes = min(3 * budget // 16, MAX_PAYLOAD_BYTES)
    if chunks < 2 or max_bytes < LEAST_BYTES:
        return RatePlan(levels, 0, 0, 0)
    return RatePlan(levels, chunks, max_bytes, expected_bits(levels, chunks) + FRAMING_BITS)


def total_bitrate(opus_bitrate: float, loss: float) -> int:
    """The total bit rate whose Opus part is ``opus_bitrate``: step 1 of the rule, solved for R."""
    part = min(loss / (loss + LOSS_SCALE), LARGEST_SHARE[0] / LARGEST_SHARE[1]) if loss > 0 else 0
    if opus_bitrate <= OPUS_BITRATE:
        return int(opus_bitrate)
    return int((opus_bitrate - part * OPUS_BITRATE) / (1 - part))
