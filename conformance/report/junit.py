"""JUnit XML, which build servers read: a suite for each group, a case for each vector."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dredref.conformance.outcome import Outcome, Result
from dredref.conformance.record import Run
from dredref.vectors.model import GROUPS

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Text without what XML cannot carry."""
    return _FORBIDDEN.sub("\ufffd", text)


def junit(run: Run) -> str:
    """A run as JUnit XML. A missed SHOULD passes, with a line in ``system-out``."""
    root = Element("testsuites", name=clean(f"dredref {run.implementation.name}"))
    for group in GROUPS:
        results = [result for result in run.results if result.group == group]
        if results:
            _suite(root, group, results, run)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, "unicode") + "\n"


def _suite(root: Element, group: str, results: list[Result], run: Run) -> None:
    """One group."""

    def tally(*outcomes: Outcome) -> str:
        return str(sum(result.outcome in outcomes for result in results))

    suite = SubElement(
        root,
        "testsuite",
        name=group,
        timestamp=run.started,
        tests=str(len(results)),
        failures=tally(Outcome.FAIL),
        errors=tally(Outcome.ERROR, Outcome.TIMEOUT),
        skipped=tally(Outcome.UNSUPPORTED, Outcome.SKIPPED),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = SubElement(
            suite, "testcase", name=result.id, classname=group, time=f"{result.seconds:.3f}"
        )
        where = str(result.divergence["text"]) if result.divergence else result.reason
        if result.outcome is Outcome.FAIL:
            failure = SubElement(case, "failure", type="fail", message=clean(where))
            failure.text = clean(f"{result.title}\nexpected: {result.expectation}")
        elif result.outcome in (Outcome.ERROR, Outcome.TIMEOUT):
            SubElement(case, "error", type=str(result.outcome), message=clean(where))
        elif result.outcome in (Outcome.UNSUPPORTED, Outcome.SKIPPED):
            SubElement(case, "skipped", message=clean(f"{result.outcome}: {where}"))
        elif result.outcome is Outcome.NONSTRICT:
            SubElement(case, "system-out").text = clean(f"nonstrict: {where}")
