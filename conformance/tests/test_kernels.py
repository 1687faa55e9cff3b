"""Compiled functions are made ready as a whole, and a person is told while that happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dredref.conformance.adapters.registry import ADAPTERS

from dredref import notices

QUESTIONS = """
import numba.core.event as event
from dredref.kernels import make_ready

make_ready()
late = []

class Late(event.Listener):
    def on_start(self, happening):
        late.append(happening.data["dispatcher"].py_func.__qualname__)
    def on_end(self, happening):
        pass

event.register("numba:compile", Late())
from dredref.conformance.adapters.reference import answer
from dredref.vectors.suite import load_suite

wanted = {"decode": 9, "records": 2, "vocode": 6, "encode": 3, "conceal": 1}
for vector in load_suite(None).vectors(("decode", "vocoder", "encode", "stream"), ()):
    if wanted.get(vector.operation, 0):
        wanted[vector.operation] -= 1
        answer(vector.operation, vector.request())
print(late)
"""


def test_nothing_is_left_to_compile() -> None:
    """After making ready, questions of every kind find their functions compiled."""
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_someone_who_listens_is_told_once(tmp_path: Path) -> None:
    """Of compiling, not of what is kept already; in a pipe nothing is said."""
    code = (
        "from dredref import notices; notices.listen(print)\n"
        "import numpy as np\n"
        "from dredref.arithmetic.significand import PACKED, numbers\n"
        "x = numbers(np.ones(3, np.int32), PACKED)\n"
        "x + x; x * x\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        told.append(done.stdout.splitlines())
    assert len(told[0]) == 1
    assert told[0][0].startswith("compiling")
    assert told[1] == []


def test_notices_reach_every_listener() -> None:
    """In the order in which they came to listen."""
    heard: list[str] = []
    notices.listen(lambda notice: heard.append(f"first {notice}"))
    notices.listen(lambda notice: heard.append(f"second {notice}"))
    notices.tell("word")
    del notices._listeners[-2:]
    assert heard == ["first word", "second word"]


def test_the_runner_prepares_what_needs_it() -> None:
    """Parsing alone does not wait for compilers; the command of the reference exists."""
    reference = ADAPTERS["reference"]
    assert reference.ready[1:] == ("-m", "dredref.kernels")
    assert not reference.ready_for & {"packet", "extension", "payload", "query"}
    assert ADAPTERS["libopus-1.6.1"].ready_for == frozenset()
