"""Streams from an encoder: valid, aligned, and near to the recording's features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dredref.conformance.checkers.alignment import (
    UNIT_MS,
    Array,
    DredFeatures,
    Placement,
    place,
    rows_at,
)
from dredref.conformance.checkers.features import judge_features
from dredref.conformance.checkers.kind import Kind, Question, Values, limits_text
from dredref.conformance.checkers.values import UnreadableError
from dredref.conformance.outcome import Measure, Verdict
from dredref.dtx import is_dtx
from dredref.metrics.divergence import Divergence
from dredref.metrics.features import compare_features, features_from_bytes
from dredref.spec.errors import DredError
from dredref.spec.packet import parse_packet
from dredref.vectors.model import Encoded, Vector

if TYPE_CHECKING:
    from dredref.conformance.checkers.kind import Seen

REACH = 240
"""Shifts looked at either way, in 2.5 ms: 600 ms."""
MS_PER_VECTOR = 10.0
SILENT = 18.0
"""A vector is of silence if its first cepstrum lies this much below the recording's largest. In the
recordings that are judged by it silence lies 23 below, and the quietest speech 15."""


class EncodedKind(Kind[Encoded]):
    """A valid stream whose DRED says what the speech was, where it was."""

    def check(self, question: Question[Encoded], answer: Values) -> Verdict:
        """Judge the packets of an answer as a stream of the vector's recording."""
        from dredref.conformance.checkers.decoding import (
            view_stream,  # the decoder takes time to load
        )

        try:
            packets = _packets(answer)
        except UnreadableError as problem:
            return Verdict(False, problem.divergence)
        view = view_stream(packets, question.vector.version)
        if view.violation is not None:
            packet, what = view.violation
            return Verdict(
                False, Divergence("validity", "no violation of a MUST", what, frame=packet)
            )
        if wrong := _check_packets(packets, question.expected):
            return Verdict(False, wrong)
        return judge_stream(view.dred, question.expected)

    def describe(self, expected: Encoded) -> str:
        """Return what is expected, in words for a report."""
        words = (
            f"a valid stream, {expected.min_packets} packets or more with DRED, each within "
            f"{expected.align_ms:g} ms of its place; features within {limits_text(expected.limits)}"
        )
        if expected.packet_bytes is not None:
            words += f"; every packet of {expected.packet_bytes} bytes"
        if expected.start_ms is not None:
            words += f"; every packet with DRED reaching to {expected.start_ms:g} ms from the start"
        if expected.silence_ms is not None:
            words += f"; no more than {expected.silence_ms:g} ms of silence at an end of its DRED"
        if expected.silent_packets:
            words += f"; {expected.silent_packets} packets or more that say nothing"
        return words

    def draw(self, vector: Vector, expected: Encoded, answer: Values) -> Seen:
        """Draw the bits of the answer's packets, and where their DRED stands, if it can be read."""
        from dredref.conformance.report.alignment import see_alignment

        plots, _ = super().draw(vector, expected, answer)
        try:
            packets = [bytes.fromhex(one) for one in answer.get("packets", ())]
            said, curves = see_alignment(packets, vector.version, expected)
        except (DredError, ValueError, TypeError, AttributeError):
            return plots, ()
        return replace(plots, curves=(*plots.curves, *curves)), said


def _check_packets(packets: Sequence[bytes], expected: Encoded) -> Divergence | None:
    """Size of every packet, and packets that say nothing."""
    if expected.packet_bytes is not None:
        for index, packet in enumerate(packets):
            if len(packet) != expected.packet_bytes:
                return Divergence("packet bytes", expected.packet_bytes, len(packet), frame=index)
    silent = sum(is_dtx(parse_packet(packet)) for packet in packets)
    if silent < expected.silent_packets:
        return Divergence("silent packets", expected.silent_packets, silent)
    return None


def judge_stream(dred: Sequence[DredFeatures], expected: Encoded) -> Verdict:
    """Judge amount, alignment and features, in this order."""
    if len(dred) < expected.min_packets:
        return Verdict(False, Divergence("packets with DRED", expected.min_packets, len(dred)))
    covered = max(len(one.features) for one in dred) * MS_PER_VECTOR
    if covered < expected.min_ms:
        return Verdict(False, Divergence("ms covered", expected.min_ms, covered))
    ruler = features_from_bytes(expected.features.read())
    clear = clear_places(dred, ruler, expected.step)
    if not clear:
        return Verdict(False, Divergence("alignment", "a place that stands out", "none"))
    delay = common_delay(clear)
    aligned = _check_alignment(clear, delay, expected)
    early = _check_start(dred, delay, expected)
    silent = _check_silence(dred, ruler, delay, expected)
    nearness = _check_features(dred, ruler, delay, expected)
    parts = (aligned, early, silent, nearness)
    return Verdict(
        all(part.ok for part in parts),
        next((part.divergence for part in parts if part.divergence), None),
        tuple(measure for part in parts for measure in part.measures),
    )


def clear_places(dred: Sequence[DredFeatures], ruler: Array, step: int) -> list[Placement]:
    """Where each packet's DRED lies over the recording, of those for which a place stands out."""
    shifts = range(-REACH, REACH + 1)
    placed = (place(one, ruler, step, shifts) for one in dred)
    return [found for found in placed if found is not None and found.clear]


def common_delay(clear: Sequence[Placement]) -> int:
    """The delay of most packets, in units of 2.5 ms."""
    return int(np.median([found.delay for found in clear]))


def _check_alignment(clear: Sequence[Placement], delay: int, expected: Encoded) -> Verdict:
    """Every clear packet near the median delay, and the median in its range."""
    reach = expected.align_ms / UNIT_MS
    off = [found for found in clear if found.is_off(delay, reach)]
    within = [one for one in clear if abs(one.delay - delay) <= reach] or list(clear)
    worst = max(abs(one.delay - delay) * UNIT_MS for one in (off or within))
    measures = (
        Measure("packets out of place", len(off), 0),
        Measure("worst of them ms" if off else "misalignment ms", worst),
        Measure("delay ms", delay * UNIT_MS),
    )
    if off:
        return Verdict(
            False,
            Divergence(
                "alignment ms",
                delay * UNIT_MS,
                off[0].delay * UNIT_MS,
                frame=off[0].packet,
                limit=expected.align_ms,
            ),
            measures,
        )
    low, high = expected.delay_ms
    if not low <= delay * UNIT_MS <= high:
        place_ = Divergence("delay ms", f"{low:g} to {high:g}", delay * UNIT_MS)
        return Verdict(False, place_, measures)
    return Verdict(True, None, measures)


def _check_start(dred: Sequence[DredFeatures], delay: int, expected: Encoded) -> Verdict:
    """How near to the recording's start the oldest vector of every packet begins."""
    if expected.start_ms is None:
        return Verdict(True)
    starts = [float(one.positions(delay)[-1]) * UNIT_MS for one in dred]
    measure = Measure("oldest vector from the start ms", max(starts), expected.start_ms)
    for one, start in zip(dred, starts, strict=True):
        if start > expected.start_ms:
            found = Divergence(
                "start ms", "the recording's start", start, one.packet, None, expected.start_ms
            )
            return Verdict(False, found, (measure,))
    return Verdict(True, None, (measure,))


def _check_silence(
    dred: Sequence[DredFeatures], ruler: Array, delay: int, expected: Encoded
) -> Verdict:
    """How much silence the redundancy of a packet ends or begins with."""
    if expected.silence_ms is None:
        return Verdict(True)
    loud = ruler[:, 0] > ruler[:, 0].max() - SILENT
    worst, owner = 0.0, None
    for one in dred:
        rows, inside = rows_at(loud[:, None], expected.step, one.positions(delay))
        sounding = np.flatnonzero(rows[:, 0].astype(bool) & inside)
        edge = len(inside)
        if sounding.size:
            edge = max(int(sounding[0]), len(inside) - 1 - int(sounding[-1]))
        if edge * MS_PER_VECTOR > worst:
            worst, owner = edge * MS_PER_VECTOR, one.packet
    measure = Measure("silence at an end ms", worst, expected.silence_ms)
    if measure.kept:
        return Verdict(True, None, (measure,))
    found = Divergence("silence ms", 0.0, worst, frame=owner, limit=expected.silence_ms)
    return Verdict(False, found, (measure,))


def _check_features(
    dred: Sequence[DredFeatures], ruler: Array, delay: int, expected: Encoded
) -> Verdict:
    """The feature metric over all vectors of all packets that lie over the recording."""
    wanted, got, owner = [], [], []
    for one in dred:
        rows, inside = rows_at(ruler, expected.step, one.positions(delay))
        wanted.append(rows[inside])
        got.append(one.features[inside])
        owner.extend([one.packet] * int(inside.sum()))
    if not owner:
        return Verdict(False, Divergence("features", "vectors over the recording", "none"))
    result = compare_features(np.concatenate(wanted), np.concatenate(got))
    verdict = judge_features(result, expected.limits)
    if verdict.divergence is None or verdict.divergence.frame is None:
        return verdict
    found = verdict.divergence
    packet = owner[found.frame] if found.frame is not None else None
    return Verdict(
        False,
        Divergence("features", found.expected, found.got, packet, found.index, found.limit),
        verdict.measures,
    )


def _packets(answer: Values) -> list[bytes]:
    """The packets, given as a list of hex strings.

    Raises:
        UnreadableError: if they are not.
    """
    listed = answer.get("packets")
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise UnreadableError(Divergence("packets", "a list of hex strings", "something else"))
    try:
        return [bytes.fromhex(one) for one in listed]
    except ValueError:
        raise UnreadableError(Divergence("packets", "hex", "something else")) from None
