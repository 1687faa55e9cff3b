"""What a difference in DRED means to who listens, and what a forwarder did to a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

CHUNK_MS = 40
SOURCE_RUN = 3
"""Packets in a row that make a source: fewer are packets that were changed on the way."""
_LATENT = re.compile(r"dred\.chunks")


def consequence(stage: str, frame: int | None = None) -> str:
    """What changes for a receiver where two DRED payloads part first; empty for anything else."""
    name = stage.partition("[")[0]
    if name == "frames":
        return "the packet's own audio is another"
    if name == "dred":
        return "the redundancy is gone or new: losses before this packet are no longer mended alike"
    if name in ("dred.q0", "dred.dQ", "dred.qmax"):
        return "other quantizer levels: every chunk is read as something else"
    if name in ("dred.offset", "dred.extra_offset", "dred.dred_offset"):
        return "the recovered speech stands at another time, in steps of 2.5 ms"
    if name == "dred.state":
        return "the decoder starts elsewhere: all of the recovered speech changes"
    if _LATENT.match(name):
        newest = 0 if frame is None else CHUNK_MS * frame
        return f"recovered speech changes from {newest} ms before its newest end on back"
    if name == "dred.nb_chunks":
        return "the reach is another: older speech is lost or gained"
    return ""


def forwarding_notes(
    reference: Sequence[Mapping[str, Any]],
    candidate: Sequence[Mapping[str, Any]],
    pairs: Sequence[tuple[int | None, int | None]],
) -> Iterator[str]:
    """Whether DRED survived, and whether it tells of what was before the stream's first packet."""
    carried = [
        (reference[one], candidate[other])
        for one, other in pairs
        if one is not None and other is not None and reference[one].get("dred")
    ]
    survived = sum(bool(other.get("dred")) for _, other in carried)
    if carried:
        yield f"DRED survives in {survived} of {len(carried)} packets that carried it"
    paired = [(one, other) for one, other in pairs if one is not None and other is not None]
    if paired and all("frames" in record for record in (*reference, *candidate)):
        alike = sum(reference[one]["frames"] == candidate[other]["frames"] for one, other in paired)
        yield f"the frames are the same in {alike} of {len(paired)} packets that are in both"
    reach = max((reach_before(one) for one in candidate), default=0.0)
    if reach > 0:
        yield (
            f"DRED of the candidate reaches {reach:g} ms before its first packet: audio that was "
            "not sent in it can be heard"
        )


def splice_notes(
    reference: Sequence[Mapping[str, Any]],
    candidate: Sequence[Mapping[str, Any]],
    pairs: Sequence[tuple[int | None, int | None]],
) -> Iterator[str]:
    """Whether DRED tells of another time of its source, over a change of source in mid-stream.

    What the candidate holds of the reference is one source, runs of other packets are another one.
    """
    order = sorted(
        (other, one is not None and reference[one].get("frames") == candidate[other].get("frames"))
        for one, other in pairs
        if other is not None
    )
    runs = [
        [index for index, _ in run]
        for _, run in groupby(order, lambda item: (item[1], candidate[item[0]].get("stream")))
    ]
    runs = [run for run in runs if len(run) >= SOURCE_RUN]
    worst, over, changes = 0.0, 0, 0
    for before, run in pairwise(runs):
        if candidate[before[-1]].get("stream") != candidate[run[0]].get("stream"):
            continue
        changes += 1
        start = candidate[run[0]].get("time_ms")
        reaches = [reach_before(candidate[index], start) for index in run]
        worst = max(worst, *reaches)
        over += sum(reach > 0 for reach in reaches)
    if over:
        yield (
            f"DRED reaches over a change of source in {over} packets, by {worst:g} ms at most "
            f"({changes} changes): audio that was not sent in it can be heard"
        )
    elif changes:
        yield f"no DRED reaches over a change of source ({changes} changes)"


def reach_before(record: Mapping[str, Any], start: float | None = 0.0) -> float:
    """Milliseconds by which a record's DRED reaches before a time, the start of its stream."""
    dred, time = record.get("dred"), record.get("time_ms")
    if not dred or not isinstance(time, int | float) or start is None:
        return 0.0
    back = CHUNK_MS * dred["nb_chunks"] - 2.5 * dred["dred_offset"]
    return float(max(0.0, back - (time - start)))
