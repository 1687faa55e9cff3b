"""A person is told while functions are compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

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


def test_someone_who_listens_is_told_once(tmp_path: Path) -> None:
    """Of compiling, not of what is kept already."""
    first, second = (run(TOLD, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.startswith("compiling")
    assert len(first.splitlines()) == 1
    assert second == ""
