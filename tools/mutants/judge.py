"""The judge, run inside a copy of the sources: ``python -m tools.mutants.judge GROUP...``.

The groups named come first, then all others. Prints JSON lines: each vector before it is asked,
and those that catch a fault. Ends with the first, unless ``MUTANTS_ALL`` is set; asks no other
groups where ``MUTANTS_ONLY`` is set.
"""

from __future__ import annotations

import json
import os
import sys

from dredref.conformance.adapters.reference import answer
from dredref.conformance.checkers import check
from dredref.conformance.running.replies import Unsupported
from dredref.conformance.running.runner import put
from dredref.vectors.model import GROUPS, Vector
from dredref.vectors.suite import load_suite


def fault_of(vector: Vector) -> str:
    """What is wrong with the reference's answer, or the empty string."""
    try:
        baseline, reply = put(vector, lambda one: answer(one.operation, one.request()))
    except Exception as error:  # a fault may raise anything, and a crash is caught too
        return f"{type(error).__name__}: {error}"
    if isinstance(reply, Unsupported):
        return ""
    verdict = check(vector, reply, codes=True, baseline=baseline)
    return "" if verdict.ok else str(verdict.divergence)


def main() -> None:
    """Ask vector after vector."""
    first = sys.argv[1:]
    others = [group for group in GROUPS if group not in first]
    for group in first if os.environ.get("MUTANTS_ONLY") else first + others:
        for vector in load_suite().vectors([group]):
            print(json.dumps({"ask": vector.id}), flush=True)
            wrong = fault_of(vector)
            if wrong:
                print(json.dumps({"caught": vector.id, "how": wrong}), flush=True)
                if not os.environ.get("MUTANTS_ALL"):
                    return


if __name__ == "__main__":
    main()
