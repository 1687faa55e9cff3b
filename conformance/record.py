"""A run on disk: JSON lines with a header, one line for each result, and a footer.

The footer holds the counts and a SHA-256 over all lines before it. A file without a footer, or
with one that does not fit, is what a broken-off or edited run leaves, and is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dredref.conformance.classes import ClassVerdict, verdicts
from dredref.conformance.outcome import BAD, UNPUT, Measure, Outcome, Result
from dredref.conformance.running.replies import (
    PROTOCOL,
    Capabilities,
    FaultError,
    capabilities_from_json,
)
from dredref.spec.errors import InputError

from dredref.files import atomic_output

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
        return len(self.results) - sum(result.outcome in UNPUT for result in self.results)

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
    lines = [_line({"type": "header", "format": FORMAT, **_header(run)})]
    lines += [_line({"type": "result", **_result(result)}) for result in run.results]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    footer = {
        "type": "footer",
        **run.summary(),
        "seconds": run.seconds,
        "sha256": digest,
    }
    with atomic_output(path) as temporary:
        temporary.write_text("".join(lines) + _line(footer), "utf-8")


def read_run(path: str | Path) -> Run:
    """Read a run.

    Raises:
        InputError: ``results.unreadable`` if it cannot be read, ``results.form`` if it is no such
            file, ``results.footer`` if the footer is missing or does not fit.
    """
    try:
        lines = Path(path).read_text("utf-8").splitlines(keepends=True)
    except OSError as error:
        raise InputError(
            "results.unreadable", f"cannot read {path}: {error.strerror or error}"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError("results.form", f"{path} is not UTF-8") from error
    forms = [_form(line, path) for line in lines]
    if not forms or forms[0].get("type") != "header" or forms[0].get("format") != FORMAT:
        raise InputError("results.form", f"{path} is no record of a run")
    footer = forms[-1]
    if footer.get("type") != "footer":
        raise InputError("results.footer", f"{path} has no footer: the run broke off")
    if footer.get("sha256") != hashlib.sha256("".join(lines[:-1]).encode()).hexdigest():
        raise InputError("results.footer", f"{path} was changed after the run")
    try:
        run = _run(forms[0], forms[1:-1], footer)
    except (KeyError, TypeError, ValueError, FaultError) as error:
        raise InputError("results.form", f"{path}: {error}") from error
    if footer["vectors"] != len(run.results) or footer["counts"] != run.counts:
        raise InputError("results.footer", f"{path}: the footer does not fit the results")
    return run


def _line(form: Mapping[str, Any]) -> str:
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")) + "\n"


def _form(line: str, path: str | Path) -> dict[str, Any]:
    """One line as an object."""
    try:
        form = json.loads(line)
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
    }


def _result(result: Result) -> dict[str, Any]:
    form = asdict(result)
    form["measures"] = [
        {"name": one.name, "value": one.value, "limit": one.limit} for one in result.measures
    ]
    return form


def _run(
    header: Mapping[str, Any], results: Sequence[Mapping[str, Any]], footer: Mapping[str, Any]
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
    )


def _read_result(form: Mapping[str, Any]) -> Result:
    values = {key: value for key, value in form.items() if key != "type"}
    values["outcome"] = Outcome(values["outcome"])
    values["measures"] = tuple(Measure(**one) for one in values["measures"])
    for name in ("clauses", "requirements", "flags", "causes"):
        values[name] = tuple(values.get(name, ()))
    return Result(**values)
