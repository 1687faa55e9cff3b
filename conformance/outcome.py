"""What can come of a vector, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dredref.metrics.divergence import Divergence


class Outcome(StrEnum):
    """How a vector ended; each is counted apart."""

    PASS = "pass"
    """The answer is what the specification asks for."""
    NONSTRICT = "nonstrict"
    """A vector of level SHOULD was missed."""
    FAIL = "fail"
    """A vector of level MUST was missed."""
    ERROR = "error"
    """The implementation crashed, wrote garbage or broke the protocol: there is no answer."""
    TIMEOUT = "timeout"
    """No answer came in time."""
    UNSUPPORTED = "unsupported"
    """The implementation says that it does not do this."""
    SKIPPED = "skipped"
    """It was not put to the implementation, for a stated reason."""


BAD = (Outcome.FAIL, Outcome.ERROR, Outcome.TIMEOUT)
"""Outcomes that make an implementation not conformant."""
NOT_RUN = (Outcome.UNSUPPORTED, Outcome.SKIPPED)
"""Outcomes that say nothing of an answer."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and what it may be at most."""

    name: str
    value: float
    limit: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the limit, if any, is kept; NaN keeps none."""
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a checker says of an answer."""

    ok: bool
    divergence: Divergence | None = None
    """What differs first; always there when not ``ok``."""
    measures: tuple[Measure, ...] = ()
    note: str = ""
    """A remark for people, for example on equality beyond what is asked."""
    refused: bool = False
    """Whether the input was refused, so that there is no answer that could differ."""
    binding: bool = True
    """Whether missing it is a failure; where not, it counts as a missed SHOULD."""

    def __post_init__(self) -> None:
        """A refusal without a place would help nobody."""
        assert self.ok or self.divergence is not None


@dataclass(frozen=True, slots=True)
class Result:
    """One vector's end."""

    id: str
    group: str
    operation: str
    title: str
    level: str
    version: int | None
    clauses: tuple[str, ...]
    requirements: tuple[str, ...]
    flags: tuple[str, ...]
    expectation: str
    """What was expected, in words."""
    outcome: Outcome
    reason: str = ""
    """Why there is no verdict, or a remark on it."""
    measures: tuple[Measure, ...] = ()
    divergence: Mapping[str, Any] | None = None
    seconds: float = 0.0
    causes: tuple[str, ...] = ()
    """Those of ``flags`` whose fault the answer shows; see causes.py."""
    said: str = ""
    """The end of what the implementation wrote on standard error before it failed."""
    answer: Mapping[str, Any] | None = field(default=None, compare=False)
    """What was answered, where it is kept for plots and for people."""
