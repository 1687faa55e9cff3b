"""A run on disk: JSON lines with a header, one line for each result, and a footer.

Each line is strict JSON in ASCII. A run in progress writes each result as it comes
(:class:`Journal`); at its end the file is written again, in the suite's order and with a footer
that holds the counts and a SHA-256 over all lines before it. A file without a footer is what a
broken-off run leaves: it is read only by who asks for it. One with a footer that does not fit was
edited, and is refused.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from dredref.conformance.classes import ClassVerdict, verdicts
from dredref.conformance.outcome import BAD, NOT_RUN, Measure, Outcome, Result
from dredref.conformance.running import strict
from dredref.conformance.running.replies import (
    PROTOCOL,
    Capabilities,
    FaultError,
    capabilities_from_json,
)
from dredref.files import atomic_output, unwritable
from dredref.spec.errors import InputError
from dredref.text import clean
from dredref.vectors.model import GROUPS

FORMAT = 1
"""Version of the file format."""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that is known of a run."""

    implementation: Capabilities
    suite: Mapping[str, Any]
    """``version``, ``digest``, ``totals`` (of classes.py), ``notes`` (on flags)."""
    environment: Mapping[str, str]
    selection: Mapping[str, Any]
    """``groups`` and ``ids`` that were asked for, empty for everything."""
    started: str
    """UTC, ISO 8601."""
    seconds: float
    results: tuple[Result, ...]
    label: str = ""
    """What the user calls the run, to tell it from others."""
    planned: int = 0
    """Vectors that were to be put, 0 where that is not known."""
    broken: bool = False
    """It broke off, so that vectors are missing."""

    @property
    def missing(self) -> str:
        """What is missing of a run that broke off, in words; empty if nothing is."""
        if not self.broken:
            return ""
        of = f" of {self.planned}" if self.planned else ""
        return f"incomplete: the run broke off after {len(self.results)}{of} vectors"

    @property
    def title(self) -> str:
        """The implementation's name, with the label if there is one."""
        name = self.implementation.name
        return f"{name} ({self.label})" if self.label else name

    @property
    def counts(self) -> dict[str, int]:
        """How many vectors had each outcome."""
        found = Counter(result.outcome for result in self.results)
        return {str(outcome): found[outcome] for outcome in Outcome}

    @property
    def verdicts(self) -> tuple[ClassVerdict, ...]:
        """The verdict on each conformance class."""
        return verdicts(self.results, self.suite["totals"], self.implementation.versions)

    @property
    def failed(self) -> int:
        """Vectors that failed or gave no answer. None is no conformance: see ``verdicts``."""
        return sum(result.outcome in BAD for result in self.results)

    @property
    def tested(self) -> int:
        """Vectors that were put and judged, or that gave no answer."""
        return len(self.results) - sum(result.outcome in NOT_RUN for result in self.results)

    def summary(self) -> dict[str, Any]:
        """What came out, as the footer of the results and ``dredref run --json`` say it."""
        return {
            "vectors": len(self.results),
            "counts": self.counts,
            "tested": self.tested,
            "failed": self.failed,
            "verdicts": {one.name: str(one.claim) for one in self.verdicts},
        }


def write_run(run: Run, path: str | Path) -> None:
    """Write a run; the file appears whole or not at all.

    Raises:
        InputError: ``output.unwritable``.
    """
    lines = [header_line(run), *map(result_line, run.results)]
    if run.broken:
        with atomic_output(path) as temporary:
            temporary.write_text("".join(lines), "ascii")
        return
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    footer = {
        "type": "footer",
        **run.summary(),
        "seconds": run.seconds,
        "sha256": digest,
    }
    with atomic_output(path) as temporary:
        temporary.write_text("".join(lines) + _line(footer), "ascii")


class Journal:
    """The file of a run in progress: a header, and each result as it comes.

    What stood at its place is kept as ``results.previous.jsonl``.
    """

    def __init__(self, path: Path, run: Run) -> None:
        """Begin the file with the header of a run and the results that it has.

        Raises:
            InputError: ``output.unwritable``.
        """
        self.path = path
        self._lock = Lock()
        try:
            if path.exists():
                path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
            self._file = path.open("x", encoding="ascii", newline="\n")
            self._file.writelines([header_line(run), *map(result_line, run.results)])
            self._file.flush()
        except OSError as error:
            raise unwritable(path, error) from error

    def add(self, result: Result) -> None:
        """Write a result; from any thread.

        Raises:
            InputError: ``output.unwritable``.
        """
        with self._lock:
            try:
                self._file.write(result_line(result))
                self._file.flush()
            except OSError as error:
                raise unwritable(self.path, error) from error

    def close(self) -> None:
        """End the file."""
        with suppress(OSError):
            self._file.close()


def read_run(path: str | Path, *, broken: bool = False) -> Run:
    """Read a run.

    Args:
        path: its file.
        broken: read one without a footer, too, as far as its lines are whole.

    Raises:
        InputError: ``results.unreadable`` if it cannot be read, ``results.form`` if it is no such
            file, ``results.footer`` if the footer is missing or does not fit.
    """
    try:
        text = Path(path).read_bytes().decode()
    except OSError as error:
        raise InputError(
            "results.unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError("results.form", f"{path} is not UTF-8") from error
    lines = [f"{line}\n" for line in text.split("\n")]
    cut = lines.pop().strip()
    forms = [_form(line, path) for line in lines]
    if not forms or forms[0].get("type") != "header" or forms[0].get("format") != FORMAT:
        raise InputError("results.form", f"{path} is no record of a run")
    footer = forms[-1]
    if footer.get("type") != "footer" or cut:
        if broken:
            return _read(forms[0], forms[1:], {"seconds": 0.0}, path, broken=True)
        detail = f"{path} has no footer: the run broke off (run --resume goes on with it)"
        raise InputError("results.footer", detail)
    if footer.get("sha256") != hashlib.sha256("".join(lines[:-1]).encode()).hexdigest():
        raise InputError("results.footer", f"{path} was changed after the run")
    run = _read(forms[0], forms[1:-1], footer, path)
    if footer.get("vectors") != len(run.results) or footer.get("counts") != run.counts:
        raise InputError("results.footer", f"{path}: the footer does not fit the results")
    return run


def header_line(run: Run) -> str:
    """The first line of a run."""
    return _line({"type": "header", "format": FORMAT, **_header(run)})


def result_line(result: Result) -> str:
    """The line of one result."""
    return _line({"type": "result", **_result(result)})


def _line(form: Mapping[str, Any]) -> str:
    return strict.dumps(form) + "\n"


def _form(line: str, path: str | Path) -> dict[str, Any]:
    """One line as an object."""
    try:
        form = strict.loads(line)
    except ValueError:
        raise InputError("results.form", f"{path} holds a line that is not JSON") from None
    if not isinstance(form, dict):
        raise InputError("results.form", f"{path} holds a line that is no object")
    return form


def _header(run: Run) -> dict[str, Any]:
    return {
        "implementation": run.implementation.to_json(),
        "suite": dict(run.suite),
        "environment": dict(run.environment),
        "selection": dict(run.selection),
        "started": run.started,
        "label": run.label,
        "planned": run.planned,
    }


def _result(result: Result) -> dict[str, Any]:
    form = asdict(result)
    form["measures"] = [
        {"name": one.name, "value": one.value, "limit": one.limit} for one in result.measures
    ]
    return form


def _read(
    header: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    footer: Mapping[str, Any],
    path: str | Path,
    *,
    broken: bool = False,
) -> Run:
    """A run of its forms, which may hold anything.

    Raises:
        InputError: ``results.form``.
    """
    try:
        run = _run(header, results, footer, broken)
        # Asked for here, so that what is odd is found before a report is under way.
        _ = (run.counts, run.summary(), float(run.seconds), run.suite["digest"].encode())
        for result in run.results:
            _check_result(result)
        _check_header(run)
    except (KeyError, TypeError, ValueError, AttributeError, FaultError) as error:
        detail = clean(f"{type(error).__name__}: {error}", 200)
        raise InputError("results.form", f"{path} is no record of a run: {detail}") from error
    return run


def _check_header(run: Run) -> None:
    """Refuse what reports could not show."""
    for name, form in (("suite", run.suite), ("notes", run.suite["notes"])):
        if not isinstance(form, Mapping):
            raise TypeError(f"{name} is no object")
    texts = [*run.environment.items(), (run.started, run.suite["version"])]
    if not all(isinstance(one, str) for pair in texts for one in pair):
        raise TypeError("the header holds something else where text belongs")
    chosen = [*run.selection.get("groups", ()), *run.selection.get("ids", ())]
    if not all(isinstance(one, str) for one in chosen):
        raise TypeError("the selection holds something else than text")


def _check_result(result: Result) -> None:
    """Refuse a result of other types than :class:`Result` states."""
    texts = (result.id, result.group, result.operation, result.title, result.level)
    more = (result.expectation, result.reason, result.said)
    several = (*result.clauses, *result.requirements, *result.flags, *result.causes)
    if not all(isinstance(one, str) for one in (*texts, *more, *several)):
        raise TypeError(f"result {result.id!r} holds something else where text belongs")
    if result.group not in GROUPS or result.level not in ("MUST", "SHOULD"):
        raise ValueError(f"result {result.id!r} is of no known group or level")
    if not isinstance(result.version, int | None) or not math.isfinite(result.seconds):
        raise TypeError(f"result {result.id!r} has no version or no time")
    for one in (result.answer, result.divergence):
        if not isinstance(one, Mapping | None):
            raise TypeError(f"result {result.id!r} holds something else where an object belongs")
    if result.divergence is not None and not isinstance(result.divergence["text"], str):
        raise TypeError(f"result {result.id!r} does not say what differs")


def _run(
    header: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    footer: Mapping[str, Any],
    broken: bool,
) -> Run:

    return Run(
        implementation=capabilities_from_json({"protocol": PROTOCOL, **header["implementation"]}),
        suite=header["suite"],
        environment=header["environment"],
        selection=header["selection"],
        started=header["started"],
        seconds=footer["seconds"],
        results=tuple(_read_result(form) for form in results),
        label=str(header.get("label", "")),
        planned=int(header.get("planned", 0)),
        broken=broken,
    )


def _read_result(form: Mapping[str, Any]) -> Result:
    values = {key: value for key, value in form.items() if key != "type"}
    values["outcome"] = Outcome(values["outcome"])
    values["measures"] = tuple(map(_measure, values["measures"]))
    for name in ("clauses", "requirements", "flags", "causes"):
        values[name] = tuple(values.get(name, ()))
    return Result(**values)


def _measure(form: Mapping[str, Any]) -> Measure:
    """A measure; numbers that JSON has not stand as their names."""
    limit = form["limit"]
    return Measure(str(form["name"]), float(form["value"]), None if limit is None else float(limit))
