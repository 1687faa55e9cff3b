"""Running many vectors: workers with an implementation each, results in the order of the suite."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dredref.conformance.causes import causes_of
from dredref.conformance.checkers import Answer, Refusal, check, describe
from dredref.conformance.outcome import BAD, Outcome, Result, Verdict
from dredref.conformance.running.harness import Implementation
from dredref.conformance.running.replies import (
    Capabilities,
    FaultError,
    FaultKind,
    Reply,
    Unsupported,
)
from dredref.spec.errors import DredError
from dredref.vectors.model import Vector

KEPT = 800_000
"""Characters of an answer that are kept for the report, at most."""
SHOWN = ("decode", "vocoder", "encode", "stream")
"""Groups of which some passing answers are kept as well, to be seen and heard."""
SHOWN_EACH = 3
"""How many of each."""

CLEARING_SECONDS = 5.0
"""Time for workers to end once their implementations have."""

OnResult = Callable[[Result], None]


def run_vectors(
    vectors: Sequence[Vector],
    make: Callable[[], Implementation],
    capabilities: Capabilities,
    *,
    jobs: int = 1,
    on_result: OnResult | None = None,
    fail_fast: bool = False,
) -> list[Result]:
    """Put all vectors to an implementation.

    Args:
        vectors: what to ask, in order.
        make: gives one instance for each worker; they are closed at the end.
        capabilities: what the implementation said of itself.
        jobs: workers.
        on_result: called with each result, in any order, from the workers.
        fail_fast: put no more vectors once one has failed.

    Returns:
        One result for each vector that was put, in their order.
    """
    results: list[Result | None] = [None] * len(vectors)
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(vectors)):
        waiting.put(index)
    problems: list[BaseException] = []
    running: list[Implementation] = []
    failed = threading.Event()

    def work() -> None:
        implementation = make()
        running.append(implementation)
        try:
            while not problems and not (fail_fast and failed.is_set()):
                try:
                    index = waiting.get_nowait()
                except queue.Empty:
                    return
                result = run_one(vectors[index], implementation, capabilities)
                results[index] = result
                if result.outcome in BAD:
                    failed.set()
                if on_result is not None:
                    on_result(result)
        except BaseException as problem:
            problems.append(problem)
        finally:
            implementation.close()

    count = max(1, min(jobs, len(vectors)))
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as stop:  # interrupted, or asked to end
        problems.append(stop)
        for implementation in list(running):
            implementation.close()
        for thread in threads:  # so that each clears away what it made
            thread.join(timeout=CLEARING_SECONDS)
    if problems:
        raise problems[0]
    return _drop_surplus([result for result in results if result is not None])


def run_one(
    vector: Vector, implementation: Implementation, known: Capabilities, *, keep: bool = False
) -> Result:
    """Put one vector to an implementation and judge what comes back.

    The answer is kept in the result if it misses, if it is to be seen, or with ``keep``.
    """
    if vector.operation not in known.operations:
        return _result(vector, Outcome.UNSUPPORTED, f"no operation {vector.operation}")
    if vector.version is not None and vector.version not in known.versions:
        return _result(vector, Outcome.UNSUPPORTED, f"no DRED version {vector.version}")
    start = time.monotonic()
    try:
        baseline, reply = put(vector, implementation.ask)
    except FaultError as fault:
        seconds = time.monotonic() - start
        late = fault.kind is FaultKind.HANG
        outcome = Outcome.TIMEOUT if late else Outcome.ERROR
        return _result(vector, outcome, str(fault), seconds=seconds, said=fault.said)
    except DredError as error:
        return _result(vector, Outcome.SKIPPED, f"the vector is broken: {error}")
    seconds = time.monotonic() - start
    if isinstance(reply, Unsupported):
        return _result(vector, Outcome.UNSUPPORTED, reply.reason, seconds=seconds)
    try:
        verdict = check(vector, reply, codes=known.codes, baseline=baseline)
    except DredError as error:
        # A missing file, a wrong digest.
        return _result(vector, Outcome.SKIPPED, f"the vector is broken: {error}", seconds=seconds)
    return _judged(vector, reply, verdict, seconds, keep=keep)


def put(vector: Vector, ask: Callable[[Vector], Reply]) -> tuple[Answer | None, Reply]:
    """Ask a vector's question, and the one that comes first if there is one.

    Returns:
        The first answer, where there is one, and the reply to be judged: that to the first question
        where that was no answer.
    """
    first = vector.baseline()
    if first is None:
        return None, ask(vector)
    reply = ask(first)
    return (reply, ask(vector)) if isinstance(reply, Answer) else (None, reply)


def _judged(
    vector: Vector, reply: Reply, verdict: Verdict, seconds: float, *, keep: bool
) -> Result:
    """The result of an answer that could be checked."""
    if verdict.ok:
        outcome = Outcome.PASS
    else:
        binding = vector.level == "MUST" and verdict.binding
        outcome = Outcome.FAIL if binding else Outcome.NONSTRICT
    keep = keep or not verdict.ok or vector.group in SHOWN
    kept = _kept(reply) if keep else None
    return _result(vector, outcome, verdict.note, verdict, seconds, kept)


def _result(
    vector: Vector,
    outcome: Outcome,
    reason: str = "",
    verdict: Verdict | None = None,
    seconds: float = 0.0,
    answer: dict[str, Any] | None = None,
    said: str = "",
) -> Result:
    """A result with what the vector says of itself."""
    place = verdict.divergence if verdict else None
    return Result(
        id=vector.id,
        group=vector.group,
        operation=vector.operation,
        title=vector.title,
        level=vector.level,
        version=vector.version,
        clauses=vector.clauses,
        requirements=vector.requirements,
        flags=vector.flags,
        expectation=describe(vector.expected),
        outcome=outcome,
        reason=reason,
        measures=verdict.measures if verdict else (),
        divergence=None if place is None else {**place.to_json(), "text": str(place)},
        seconds=round(seconds, 6),
        causes=causes_of(vector, verdict) if verdict else (),
        said=said,
        answer=answer,
    )


def _kept(reply: Reply) -> dict[str, Any] | None:
    """An answer as it is kept, unless it is too long."""
    if isinstance(reply, Refusal):
        return {"reject": {"code": reply.code, "detail": reply.detail}}
    assert isinstance(reply, Answer)
    size = sum(_size(value) for value in reply.value.values())
    return dict(reply.value) if size <= KEPT else None


def _size(value: Any) -> int:
    """About how many characters a value takes."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(_size(one) for one in value)
    if isinstance(value, dict):
        return sum(_size(one) for one in value.values())
    return 8


def _drop_surplus(results: list[Result]) -> list[Result]:
    """Keep passing answers of the first few vectors of each operation only."""
    seen: dict[str, int] = {}
    kept = []
    for result in results:
        if result.outcome is Outcome.PASS and result.answer is not None:
            seen[result.operation] = seen.get(result.operation, 0) + 1
            if seen[result.operation] > SHOWN_EACH:
                kept.append(replace(result, answer=None))
                continue
        kept.append(result)
    return kept
