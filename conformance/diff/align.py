"""Which record of one stream is which of another: by content, in order.

A forwarding server renumbers packets, leaves some out and starts late, so that places say nothing.
Records that are alike in both and occur once anchor the rest; between two anchors equal records are
paired in order, then those with the same frames (DRED and padding may have changed on the way),
and others by place where both sides have as many.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FRAMES = "frames"
"""The frames' bytes, where a record was read from a stream."""
CONTENT = ("bytes", "toc", "nb_frames", "frame_ms", FRAMES, "extensions", "dred", "errors")
"""What makes a record what it is, whatever its place, time and number are."""

Record = Mapping[str, Any]
Pair = tuple[int | None, int | None]
"""Indices of records that belong together; None where one has no counterpart."""


def align(left: Sequence[Record], right: Sequence[Record]) -> list[Pair]:
    """Pair two lists of records, in order."""
    return _align(left, right, [CONTENT, (FRAMES,)], (0, 0))


def _align(
    left: Sequence[Record],
    right: Sequence[Record],
    parts: Sequence[Sequence[str]],
    start: tuple[int, int],
) -> list[Pair]:
    """Pair two lists that begin at ``start``: by the first of ``parts``, what is left by others."""
    keys = [[_key(one, parts[0]) for one in records] for records in (left, right)]
    pairs: list[Pair] = []
    before = (0, 0)
    for anchor in (*_anchors(*keys), (len(left), len(right))):
        for one, other in _between(keys[0], keys[1], before, anchor):
            if isinstance(one, range) and isinstance(other, range):
                pairs += _loose(left, right, one, other, parts[1:], start)
            elif isinstance(one, int) and isinstance(other, int):
                pairs.append((start[0] + one, start[1] + other))
        if anchor[0] < len(left):
            pairs.append((start[0] + anchor[0], start[1] + anchor[1]))
        before = (anchor[0] + 1, anchor[1] + 1)
    return pairs


def _loose(
    left: Sequence[Record],
    right: Sequence[Record],
    one: range,
    other: range,
    parts: Sequence[Sequence[str]],
    start: tuple[int, int],
) -> list[Pair]:
    """Pairs of two runs of which no record is equal."""
    held = [*(left[i] for i in one), *(right[i] for i in other)]
    first = start[0] + one.start, start[1] + other.start
    if one and other and parts and all(record.get(FRAMES) for record in held):
        lists = left[one.start : one.stop], right[other.start : other.stop]
        return _align(*lists, parts, first)
    mine = range(first[0], first[0] + len(one))
    theirs = range(first[1], first[1] + len(other))
    if len(mine) == len(theirs):
        return list(zip(mine, theirs, strict=True))
    return [*((index, None) for index in mine), *((None, index) for index in theirs)]


def _key(record: Record, names: Sequence[str]) -> str:
    return json.dumps([record.get(name) for name in names], sort_keys=True)


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Places of records that occur once in both, the longest row of them that is in order."""
    counts = [Counter(keys) for keys in (left, right)]
    place = {key: index for index, key in enumerate(right) if counts[1][key] == 1}
    common = [
        (index, place[key])
        for index, key in enumerate(left)
        if counts[0][key] == 1 and key in place
    ]
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int | None] = []
    for number, (_, other) in enumerate(common):
        at = bisect_left(tails, other)
        previous.append(ends[at - 1] if at else None)
        tails[at : at + 1] = [other]
        ends[at : at + 1] = [number]
    found: list[tuple[int, int]] = []
    step: int | None = ends[-1] if ends else None
    while step is not None:
        found.append(common[step])
        step = previous[step]
    return found[::-1]


def _between(
    left: Sequence[str], right: Sequence[str], start: tuple[int, int], end: tuple[int, int]
) -> Iterator[tuple[int, int] | tuple[range, range]]:
    """Pairs of what stands between two anchors, and the runs in which nothing is equal."""
    one, other = start
    while one < end[0] and other < end[1] and left[one] == right[other]:
        yield one, other
        one, other = one + 1, other + 1
    tail: list[tuple[int, int]] = []
    last, last_other = end
    while last > one and last_other > other and left[last - 1] == right[last_other - 1]:
        last, last_other = last - 1, last_other - 1
        tail.append((last, last_other))
    yield range(one, last), range(other, last_other)
    yield from reversed(tail)
