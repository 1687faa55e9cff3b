"""Compiled functions are made ready as a whole, and a person is told while that happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

QUESTIONS = """
import numba.core.event as event
from dredref.kernels import make_ready

make_ready("integer")
late = []

class Late(event.Listener):
    def on_start(self, happening):
        late.append(happening.data["dispatcher"].py_func.__qualname__)
    def on_end(self, happening):
        pass

event.register("numba:compile", Late())
from dredref.conformance.adapters.reference import answer
from dredref.vectors.suite import load_suite

wanted = {"decode": 4, "records": 1, "vocode": 1, "encode": 1, "conceal": 1, "plc": 2}
for vector in load_suite().vectors(("decode", "vocoder", "encode", "stream", "plc")):
    if wanted.get(vector.operation, 0):
        wanted[vector.operation] -= 1
        answer(vector.operation, vector.request())
print(late, sum(wanted.values()))
"""
TOLD = """
from dredref import notices
notices.listen(print)
import numpy as np
from dredref.analysis.voicing import subtract_half
subtract_half(np.zeros(3, np.int32))
"""


def run(code: str, **environment: str) -> str:
    command = [sys.executable, "-c", code]
    given = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=given).stdout


@pytest.mark.slow
def test_nothing_is_left_to_compile() -> None:
    """After making ready, questions of every kind find their functions compiled."""
    assert run(QUESTIONS).strip() == "[] 0"


def test_someone_who_listens_is_told_once(tmp_path: Path) -> None:
    """Of compiling, not of what is kept already."""
    first, second = (run(TOLD, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.startswith("compiling")
    assert len(first.splitlines()) == 1
    assert second == ""
