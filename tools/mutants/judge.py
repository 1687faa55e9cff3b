"""The judge, run inside a copy of the sources: ``python -m tools.mutants.judge GROUP...``.

The groups named come first, then all others. Prints JSON lines: each vector before it is asked,
and those that kill a mutant. Ends with the first, unless ``MUTANTS_ALL`` is set; asks no other
groups where ``MUTANTS_ONLY`` is set.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from dredref.conformance.adapters.reference import answer
from dredref.conformance.checkers import check
from dredref.conformance.running.replies import Unsupported
from dredref.conformance.running.runner import put
from dredref.vectors.model import GROUPS, Vector
from dredref.vectors.suite import load_suite


def wrong_in(vector: Vector) -> str:
    """What is wrong with the reference's answer, or the empty string."""
    try:
        baseline, reply = put(vector, lambda one: answer(one.operation, one.request()))
    except Exception as error:  # a mutant may raise anything, and a crash kills it too
        return f"{type(error).__name__}: {error}"
    if isinstance(reply, Unsupported):
        return ""
    verdict = check(vector, reply, codes=True, baseline=baseline)
    return "" if verdict.ok else str(verdict.divergence)


def main() -> None:
    """Ask vector after vector."""
    limit = int(os.environ["MUTANTS_SECONDS"])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    first = sys.argv[1:]
    others = [group for group in GROUPS if group not in first]
    for group in first if os.environ.get("MUTANTS_ONLY") else first + others:
        for vector in load_suite().vectors([group]):
            print(json.dumps({"ask": vector.id}), flush=True)
            wrong = wrong_in(vector)
            if wrong:
                print(json.dumps({"killed": vector.id, "how": wrong}), flush=True)
                if not os.environ.get("MUTANTS_ALL"):
                    return


if __name__ == "__main__":
    main()
