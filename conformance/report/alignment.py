"""Where the DRED of each packet of an encoder stands, in words and as a curve."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dredref.conformance.checkers.alignment import UNIT_MS, Placement
from dredref.conformance.checkers.encoded import clear_places, common_delay
from dredref.conformance.report.plots import Curve, curve
from dredref.metrics.features import features_from_bytes
from dredref.vectors.model import Encoded

NAMED = 4
"""Runs of packets out of place that are told one by one."""


def see_alignment(
    packets: Sequence[bytes], version: int | None, expected: Encoded
) -> tuple[tuple[str, ...], tuple[Curve, ...]]:
    """What to say and to draw of the alignment; nothing where no place stands out."""
    from dredref.conformance.checkers.decoding import view_stream  # the decoder takes time to load

    ruler = features_from_bytes(expected.features.read())
    clear = clear_places(view_stream(packets, version).dred, ruler, expected.step)
    if not clear:
        return (), ()
    delay = common_delay(clear)
    return (words(clear, delay, expected.align_ms),), (_curve(clear, delay, expected.align_ms),)


def words(clear: Sequence[Placement], delay: int, align_ms: float) -> str:
    """Which packets stand elsewhere, by how much, and on which side."""
    off = [one for one in clear if one.is_off(delay, align_ms / UNIT_MS)]
    kept = f"with a delay of {delay * UNIT_MS:g} ms"
    if not off:
        return f"All {len(clear)} packets that can be placed stand within {align_ms:g} ms, {kept}."
    runs = _runs([one.packet for one in clear], off)
    told = [_told(run, delay) for run in runs[:NAMED]]
    if len(runs) > NAMED:
        told.append(f"{sum(map(len, runs[NAMED:]))} more stand elsewhere")
    rest = len(clear) - len(off)
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}. The other {rest} stand within {align_ms:g} ms, {kept}."


def _runs(placed: Sequence[int], off: Sequence[Placement]) -> list[list[Placement]]:
    """Packets out of place, those that follow each other together."""
    rank = {packet: number for number, packet in enumerate(placed)}
    runs = [[off[0]]]
    for before, one in pairwise(off):
        if rank[one.packet] == rank[before.packet] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _told(run: Sequence[Placement], delay: int) -> str:
    """One run in words."""
    shifts = [(one.delay - delay) * UNIT_MS for one in run]
    sides = {"too recent" if shift > 0 else "too old" for shift in shifts}
    sizes = sorted({abs(shift) for shift in shifts})
    span = f"{sizes[0]:g}" if len(sizes) == 1 else f"{sizes[0]:g} to {sizes[-1]:g}"
    first, last = run[0].packet, run[-1].packet
    if first == last:
        return f"packet {first} stands {span} ms {sides.pop()}"
    return f"packets {first} to {last} stand {span} ms {' or '.join(sorted(sides))}"


def _curve(clear: Sequence[Placement], delay: int, align_ms: float) -> Curve:
    """How far each packet's DRED stands from its place."""
    values = np.zeros(clear[-1].packet - clear[0].packet + 1)
    for one in clear:
        values[one.packet - clear[0].packet] = abs(one.delay - delay) * UNIT_MS
    ticks = ((0.0, f"packet {clear[0].packet}"), (1.0, f"{clear[-1].packet}"))
    return curve("ms from its place, packet by packet", values, align_ms, ticks)
