"""Which latents a packet carries, and the offset that says where they stand.

**Clocks.** A packet's timestamp is that of its first sample on the decoder's clock. What the
decoder plays at time t is the audio of time ``t - pre_skip``. All times here are in samples at
48 kHz; a unit of offsets is 2.5 ms, 120 samples.

**Meaning of the offset.** Speech made from the newest feature vector of a packet fills the 10 ms
that end ``2.5 * dred_offset - 15`` ms after the packet's first sample: the vocoder's output trails
the newest sample that the analysis has seen by 15 ms. So if the newest latent vector was made from
audio up to time ``end``, its offset is ``(end + pre_skip - timestamp) / 120``, rounded.

**Choice.** Audio that lies in the packet itself needs no redundancy. Of the latent vectors whose
audio an encoder knows when it makes the packet, the oldest is taken that still reaches up to the
packet's start (an offset of 6 or more); where none does, the newest. From there, vectors that
would speak silence only are passed over, one by one, and the offset goes back with them. Chunks
then follow to the end of the reach, but not past the one after the last that speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.payload.writer import MAX_PAYLOAD_BYTES, STEPS_PER_CHUNK, Request

UNIT_48K = 120
"""Samples of 2.5 ms."""

STEP_48K = 960
"""Samples from one latent vector to the next: 20 ms."""

LOOKAHEAD_UNITS = 6
"""Offset at which speech from the newest vector ends where the packet starts: 15 ms."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A packet that DRED is to be put into."""

    timestamp: int
    """Its first sample on the decoder's clock, at 48 kHz."""
    duration: int
    """Samples at 48 kHz."""
    max_bytes: int = MAX_PAYLOAD_BYTES
    """The most bytes of its payload."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where latent vectors stand in the audio.

    Vector j was made from audio up to ``960 * (j + 1) - lead``, at 48 kHz.
    """

    pre_skip: int
    lead: int = 0
    """Silence put before the audio, so that ends of vectors fall on whole units."""

    @classmethod
    def aligned(cls, pre_skip: int, timestamp: int = 0) -> Timeline:
        """A timeline whose offsets need no rounding for packets on ``timestamp``'s 2.5 ms grid."""
        return cls(pre_skip, (pre_skip - timestamp) % UNIT_48K)

    def end(self, step: int) -> int:
        """Where the audio that vector ``step`` was made from ends."""
        return STEP_48K * (step + 1) - self.lead

    def offset(self, step: int, timestamp: int) -> int:
        """The dred_offset of vector ``step`` in a packet at ``timestamp``: nearest, halves up."""
        distance = self.end(step) + self.pre_skip - timestamp
        return (2 * distance + UNIT_48K) // (2 * UNIT_48K)

    def newest(self, slot: Slot) -> int:
        """The vector to start from, whether it speaks or not; may be -1 or less at the start."""
        known = slot.timestamp + slot.duration  # in audio time: the codec's own delay comes off
        last = (known + self.lead) // STEP_48K - 1
        reach = slot.timestamp - self.pre_skip + LOOKAHEAD_UNITS * UNIT_48K - UNIT_48K // 2
        first = -(-(reach + self.lead) // STEP_48K) - 1
        return min(first, last)


def speaking(
    activity: NDArray[np.bool_], start: int, steps: range, timeline: Timeline
) -> NDArray[np.bool_]:
    """Whether the chunk that ends with each vector speaks: any activity where it will stand.

    That is in the 40 ms that end 15 ms before the newest audio it was made from.

    Args:
        activity: for each 2.5 ms of the audio.
        start: the first of these units, counted from the audio's start.
        steps: the latent vectors.
        timeline: where they stand.
    """
    running = np.concatenate([[0], np.cumsum(activity)])
    ends = np.array([timeline.end(step) for step in steps], np.int64) - LOOKAHEAD_UNITS * UNIT_48K
    last = -(-ends // UNIT_48K) - start
    first = (ends - STEPS_PER_CHUNK * STEP_48K) // UNIT_48K - start
    count = running[np.clip(last, 0, len(activity))] - running[np.clip(first, 0, len(activity))]
    speaks: NDArray[np.bool_] = count > 0
    return speaks


def requests(
    slots: Sequence[Slot],
    speaks: NDArray[np.bool_],
    timeline: Timeline,
    max_chunks: int,
    max_bytes: int = MAX_PAYLOAD_BYTES,
) -> list[Request | None]:
    """What each packet is to carry; None where there is nothing to say.

    Args:
        slots: the packets.
        speaks: see :func:`speaking`.
        timeline: where latent vectors stand.
        max_chunks: the reach, in chunks of 40 ms, silence that is passed over included.
        max_bytes: the most bytes of a payload.
    """
    index = np.where(speaks, np.arange(len(speaks)), -1)
    latest = np.maximum.accumulate(index) if len(index) else index
    found: list[Request | None] = []
    for slot in slots:
        newest = min(timeline.newest(slot), len(speaks) - 1)
        oldest = max(newest - STEPS_PER_CHUNK * (max_chunks - 1), 0)
        step = int(latest[newest]) if newest >= 0 else -1
        if step < oldest:
            found.append(None)
            continue
        speech = np.flatnonzero(speaks[step : oldest - 1 if oldest else None : -STEPS_PER_CHUNK])
        room = (step - oldest) // STEPS_PER_CHUNK + 1
        chunks = min(int(speech[-1]) + 2, room)
        most = min(max_bytes, slot.max_bytes)
        found.append(Request(step, timeline.offset(step, slot.timestamp), chunks, most))
    return found
