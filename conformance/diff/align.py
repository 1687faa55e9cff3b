"""Which record of one stream is which of another: by content, in order.

A forwarding server renumbers packets, leaves some out and starts late, so that places say nothing.
Records that are alike in both and occur once anchor the rest; between two anchors equal records are
paired in order, and others by place where both sides have as many.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONTENT = ("bytes", "toc", "nb_frames", "frame_ms", "extensions", "dred", "errors")
"""What makes a record what it is, whatever its place, time and number are."""

Record = Mapping[str, Any]
Pair = tuple[int | None, int | None]
"""Indices of records that belong together; None where one has no counterpart."""


def align(left: Sequence[Record], right: Sequence[Record]) -> list[Pair]:
    """Pair two lists of records, in order."""
    keys = [[_key(one) for one in records] for records in (left, right)]
    pairs: list[Pair] = []
    before = (0, 0)
    for anchor in (*_anchors(*keys), (len(left), len(right))):
        pairs += _between(keys[0], keys[1], before, anchor)
        if anchor[0] < len(left):
            pairs.append(anchor)
        before = (anchor[0] + 1, anchor[1] + 1)
    return pairs


def _key(record: Record) -> str:
    return json.dumps([record.get(name) for name in CONTENT], sort_keys=True)


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
) -> Iterator[Pair]:
    """Pairs of what stands between two anchors."""
    one, other = start
    while one < end[0] and other < end[1] and left[one] == right[other]:
        yield one, other
        one, other = one + 1, other + 1
    tail: list[Pair] = []
    last, last_other = end
    while last > one and last_other > other and left[last - 1] == right[last_other - 1]:
        last, last_other = last - 1, last_other - 1
        tail.append((last, last_other))
    if last - one == last_other - other:
        yield from zip(range(one, last), range(other, last_other), strict=True)
    else:
        yield from ((index, None) for index in range(one, last))
        yield from ((None, index) for index in range(other, last_other))
    yield from reversed(tail)
