"""What a page shows of one vector beyond its line: bytes, plots, sound."""

from __future__ import annotations

from dataclasses import dataclass

from dredref.conformance.checkers import KINDS
from dredref.conformance.outcome import Result
from dredref.conformance.report.fields import SHOWN_BYTES, dump_of, rows
from dredref.conformance.report.plots import Plots
from dredref.conformance.running.replies import FaultError
from dredref.spec.errors import DredError
from dredref.vectors.model import Vector
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
        seen, said = _seen(vector, result) if plots else (Plots(), ())
    except (DredError, FaultError, ValueError, ArithmeticError) as error:
        return Detail(0, [], (), False, Plots(), problem=str(error))
    remarks = (*remarks_on(vector), *said)
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


def _seen(vector: Vector, result: Result) -> tuple[Plots, tuple[str, ...]]:
    """What there is to see of the answer, and to say beside it."""
    return KINDS[vector.expected.kind].draw(vector, vector.expected, result.answer or {})
