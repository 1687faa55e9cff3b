"""The comparisons behind ``dredref diff``."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dredref.conformance.checkers.exact import check_exact
from dredref.conformance.diff.align import FRAMES, align
from dredref.conformance.diff.model import Difference
from dredref.conformance.diff.read import read_features, read_speech
from dredref.conformance.diff.words import consequence, forwarding_notes, splice_notes
from dredref.conformance.outcome import Measure
from dredref.inspection import inspections, to_json
from dredref.metrics.audio import WINDOW, compare_audio
from dredref.metrics.divergence import Divergence
from dredref.metrics.features import compare_features
from dredref.spec.errors import InputError
from dredref.streams import open_stream

WORST = 5
"""Places that are listed."""
FEATURE_LIMITS = {"total": 0.5, "max": 0.15, "pitch": 0.02}
"""Upstream's thresholds for decoders."""
BLIND = "the frames' bytes are not compared: what inspect writes holds none"
LATER = ("extensions", "dred", "errors")
"""Parts of a record that are compared behind its framing and frames."""
AUDIO_LIMITS = {"err4": 0.25, "err16": 1.0, "pitch": 0.15}
"""Upstream's thresholds for vocoders against the recording; they hold for its own clips."""


def diff_features(left: str, right: str, limits: Mapping[str, float]) -> Difference:
    """Compare two files of features; a surplus of either is a difference.

    Raises:
        InputError: for files that hold no features.
    """
    reference, candidate = read_features(left), read_features(right)
    common = min(len(reference), len(candidate))
    result = compare_features(reference[:common], candidate[:common])
    length = _length("features count", len(reference), len(candidate))
    over = None if result.within(limits) else result.first_over(limits["total"]) or result.worst()
    order = np.argsort(-np.nan_to_num(result.frame_total, nan=np.inf))[:WORST]
    return Difference(
        kind="features",
        names=(left, right),
        notes=() if length is None else (f"{len(reference)} and {len(candidate)} vectors",),
        measures=_measures(result.measures, limits, judged=result.judges_pitch),
        first=result.first_difference() or length,
        first_over=over or length,
        worst=tuple(result.at(int(frame), None) for frame in order if result.frame_total[frame]),
        counted={
            "vectors": common,
            "differ": int((result.reference != result.candidate).any(axis=1).sum()),
        },
        detail=result,
    )


def diff_audio(
    left: str,
    right: str,
    limits: Mapping[str, float],
    *,
    rate: int | None = None,
    channel: int | None = None,
) -> Difference:
    """Compare two recordings at 16 kHz; a surplus of either is a difference.

    Raises:
        InputError: for files that hold no speech at 16 kHz, or less than 40 ms of it.
    """
    reference, candidate = (read_speech(one, rate=rate, channel=channel) for one in (left, right))
    common = min(reference.size, candidate.size)
    if common < WINDOW:
        raise InputError("audio.short", f"{common} samples are fewer than the {WINDOW} needed")
    result = compare_audio(reference[:common], candidate[:common])
    length = _length("samples count", reference.size, candidate.size)
    over = None
    if not result.within(limits):
        over = result.first_over(limits["err4"]) or result.worst()
    order = np.argsort(-np.nan_to_num(result.frame_error, nan=np.inf))[:WORST]
    notes = [f"{common / 16000:.2f} s; the thresholds hold for the length they were set for"]
    if length is not None:
        notes.append(f"{reference.size} and {candidate.size} samples")
    return Difference(
        kind="audio",
        names=(left, right),
        notes=tuple(notes),
        measures=_measures(result.measures, limits, judged=result.judges_pitch),
        first=result.first_difference() or length,
        first_over=over or length,
        worst=tuple(result.at(int(frame), None) for frame in order if result.frame_error[frame]),
        counted={
            "samples": common,
            "differ": int((result.reference != result.candidate).sum()),
        },
        detail=result,
    )


def diff_packets(left: str, right: str) -> Difference:
    """Compare two streams, or two outputs of ``dredref inspect --json``, aligned by content.

    Raises:
        InputError: for what is neither.
    """
    reference, candidate = list(read_records(left)), list(read_records(right))
    blind = not all(FRAMES in one for held in (reference, candidate) for one in held)
    if blind:
        for record in (*reference, *candidate):
            record.pop(FRAMES, None)
    pairs = align(reference, candidate)
    found: list[Divergence] = []
    for one, other in pairs:
        if one is None or other is None:
            here = None if one is None else reference[one]
            there = None if other is None else candidate[other]
            place = one if one is not None else other
            found.append(Divergence("records", _there(here), _there(there), frame=place))
        elif difference := _record_difference(reference[one], candidate[other], one):
            found.append(difference)
    missing = sum(other is None for _, other in pairs)
    surplus = sum(one is None for one, _ in pairs)
    paired = len(pairs) - missing - surplus
    differ = len(found) - missing - surplus
    fields = Counter(one.stage for one in found if one.stage != "records")
    first = found[0] if found else None
    words = [text for one in found if (text := consequence(one.stage, _chunk(one)))]
    return Difference(
        kind="packets",
        names=(left, right),
        notes=(
            *forwarding_notes(reference, candidate, pairs),
            *splice_notes(reference, candidate, pairs),
            *((BLIND,) if blind else ()),
            *(f"{count} x {stage}" for stage, count in fields.most_common(8)),
            *(f"{text} ({count} packets)" for text, count in Counter(words).most_common(4)),
        ),
        measures=(),
        first=first,
        first_over=first,
        worst=tuple(found[:WORST]),
        counted={
            "records": len(pairs),
            "equal": paired - differ,
            "differ": differ,
            "missing": missing,
            "surplus": surplus,
        },
    )


def _chunk(found: Divergence) -> int | None:
    """The chunk that a difference of latents is in."""
    number = re.search(r"\[(\d+)\]$", found.stage)
    return int(number[1]) if number else None


def read_records(path: str) -> Iterator[dict[str, Any]]:
    """Records in the form of ``dredref inspect --json``.

    Raises:
        InputError: for what is neither a stream nor such output.
    """
    if _is_inspection(path):
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = json.loads(line)
                except ValueError:
                    raise InputError("input.json", f"{path}, line {number}: not JSON") from None
                if not isinstance(record, dict):
                    raise InputError("input.json", f"{path}, line {number}: no object")
                yield record
        return
    with open_stream(path) as stream:
        for inspection in inspections(stream):
            packet = inspection.reading.packet
            frames = [_summary(one.data) for one in packet.frames] if packet else []
            yield to_json(inspection) | {FRAMES: frames}


def _summary(frame: bytes) -> str:
    """A frame's bytes in a few words that tell it from others."""
    return f"{len(frame)} bytes, sha256 {hashlib.sha256(frame).hexdigest()[:12]}"


def _is_inspection(path: str) -> bool:
    """Whether the first line is a record as ``inspect`` writes them."""
    try:
        with Path(path).open("rb") as file:
            if file.read(1) != b"{":
                return False
            file.seek(0)
            record = json.loads(file.readline())
    except OSError as error:
        raise InputError(
            "input.unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from error
    except ValueError:
        return False
    return isinstance(record, dict) and {"index", "extensions", "dred"} <= set(record)


def _record_difference(
    one: Mapping[str, Any], other: Mapping[str, Any], index: int
) -> Divergence | None:
    """The first difference of two records, framing first, then extensions, then DRED."""
    for name in ("lost", "bytes", "toc", "nb_frames", "frame_ms", FRAMES, *LATER):
        if name not in one and name not in other:
            continue
        verdict = check_exact("records", {name: one.get(name)}, {name: other.get(name)}, codes=True)
        if verdict.divergence is not None:
            found = verdict.divergence
            inner = "" if found.frame is None else f"[{found.frame}]"
            return Divergence(found.stage + inner, found.expected, found.got, index, found.index)
    return None


def _there(record: Mapping[str, Any] | None) -> str:
    return "nothing" if record is None else f"a record of {record.get('bytes')} bytes"


def _length(stage: str, left: int, right: int) -> Divergence | None:
    """Unequal lengths as a divergence."""
    return None if left == right else Divergence(stage, left, right)


def _measures(
    values: Mapping[str, float], limits: Mapping[str, float], *, judged: bool
) -> tuple[Measure, ...]:
    """Figures with their limits; pitch only where there is any."""
    return tuple(
        Measure(name, value, limits.get(name))
        for name, value in values.items()
        if name != "pitch" or judged
    )
