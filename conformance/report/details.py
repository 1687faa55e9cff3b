"""What a page shows of one vector beyond its line: bytes, plots, sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dredref.conformance.outcome import Result
from dredref.conformance.report.alignment import see_alignment
from dredref.conformance.report.fields import SHOWN_BYTES, dump_of, rows
from dredref.conformance.report.plots import (
    Curve,
    Plots,
    audio_plots,
    feature_plots,
    payload_plots,
    stream_plots,
)
from dredref.conformance.running.replies import FaultError
from dredref.metrics.features import NUM_FEATURES, features_from_bytes
from dredref.spec.dred import DredPayload
from dredref.spec.errors import DredError
from dredref.spec.reading import read_dred, read_packet
from dredref.vectors.model import Audio, DecodeInput, Encoded, Features, PayloadInput, Vector
from dredref.vectors.wire import remarks_on


@dataclass(frozen=True, slots=True)
class Detail:
    """The inside of a card."""

    size: int
    """Bytes of the dumped input; 0 without a dump."""
    rows: list[dict[str, object]]
    legend: tuple[tuple[str, str], ...]
    """Kind and name of the fields in the dump, each name once."""
    cut: bool
    """Whether the dump leaves bytes out."""
    plots: Plots
    remarks: tuple[str, ...] = ()
    """What there is to say beside the figures."""
    problem: str = ""
    """Why something is missing."""


NOTHING = Detail(0, [], (), False, Plots())


def detail(vector: Vector, result: Result, *, plots: bool) -> Detail:
    """Everything to show of one vector; never fails for what an implementation answered."""
    try:
        dump = dump_of(vector)
        seen = _plots(vector, result) if plots else Plots()
    except (DredError, FaultError, ValueError, ArithmeticError) as error:
        return Detail(0, [], (), False, Plots(), problem=str(error))
    remarks = remarks_on(vector)
    if plots and isinstance(vector.expected, Encoded):
        said, curves = _alignment(vector, vector.expected, result)
        remarks, seen = (*remarks, *said), replace(seen, curves=(*seen.curves, *curves))
    if dump is None:
        return Detail(0, [], (), False, seen, remarks)
    data, spans = dump
    legend: dict[str, str] = {}
    for span in spans:
        if span.start < SHOWN_BYTES:
            legend.setdefault(span.name, span.kind)
    names = tuple((kind, name) for name, kind in legend.items())
    cut = len(data) > SHOWN_BYTES
    return Detail(len(data), rows(data, spans), names[:40], cut, seen, remarks)


def _alignment(
    vector: Vector, expected: Encoded, result: Result
) -> tuple[tuple[str, ...], tuple[Curve, ...]]:
    """Where the packets of an encoder stand, if any can be read."""
    try:
        packets = [bytes.fromhex(one) for one in (result.answer or {}).get("packets", ())]
        return see_alignment(packets, vector.version, expected)
    except (DredError, ValueError, TypeError, AttributeError):
        return (), ()


def _plots(vector: Vector, result: Result) -> Plots:
    """The plots that go with what is expected."""
    expected = vector.expected
    answer = result.answer or {}
    if isinstance(expected, Features):
        reference = features_from_bytes(expected.features.read())
        candidate = _features(answer)
        if candidate is None or not len(candidate) or not len(reference):
            return _payload(vector)
        common = min(len(reference), len(candidate))
        newest = isinstance(vector.input, DecodeInput)
        return feature_plots(reference[:common], candidate[:common], expected.limits, newest=newest)
    if isinstance(expected, Audio):
        spoken = _bytes(answer, "pcm")
        if spoken is None:
            return Plots()
        pcm = np.frombuffer(expected.pcm.read(), "<i2")
        return audio_plots(pcm, np.frombuffer(spoken, "<i2"), expected.limits)
    if vector.operation == "encode":
        return stream_plots(_stream(answer))
    return _payload(vector)


def _payload(vector: Vector) -> Plots:
    """Bits of each chunk of the payload in question."""
    given = vector.input
    if not isinstance(given, PayloadInput | DecodeInput):
        return Plots()
    dred: DredPayload | None
    if given.payload is not None:
        dred = read_dred(given.payload.read(), vector.version or 12).dred
    else:
        assert given.packet is not None
        dred = read_packet(given.packet.read()).dred
    return payload_plots(dred) if dred else Plots()


def _stream(answer: Mapping[str, Any]) -> list[tuple[int, DredPayload]]:
    """The DRED of an answer's packets."""
    packets = answer.get("packets")
    if not isinstance(packets, list):
        return []
    found = []
    for index, packet in enumerate(packets):
        dred = read_packet(bytes.fromhex(packet)).dred
        if dred is not None:
            found.append((index, dred))
    return found


def _features(answer: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    content = _bytes(answer, "features")
    if content is None or len(content) % (4 * NUM_FEATURES):
        return None
    return features_from_bytes(content)


def _bytes(answer: Mapping[str, Any], name: str) -> bytes | None:
    """A byte string of an answer, if it is one."""
    text = answer.get(name)
    if not isinstance(text, str):
        return None
    content = bytes.fromhex(text)
    return content[: len(content) // 2 * 2]
