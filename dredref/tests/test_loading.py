"""What does not compute loads no compiler; what scans, decodes or speaks does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STREAM = Path(__file__).parents[2] / "spec" / "streams" / "v12-frame-20ms.bit"
PROGRAM = """
import sys
from dredref.conformance.main import main
sys.argv = ["dredref", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code
finally:
    print("numba" in sys.modules, file=sys.stderr)
"""


def loads_numba(*arguments: str) -> bool:
    """Whether a command has the compiler loaded when it ends."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stderr.split()[-1] == "True"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("decode", "--help"),
        ("inspect", "--help"),
        ("validate", "--help"),
        ("spec", "--requirements"),
    ],
)
def test_commands_that_do_not_compute(arguments: tuple[str, ...]) -> None:
    assert not loads_numba(*arguments)


@pytest.mark.parametrize("arguments", [("inspect",), ("validate", "--brief")])
def test_commands_that_scan(arguments: tuple[str, ...]) -> None:
    assert loads_numba(*arguments, str(STREAM))


def test_commands_that_do(tmp_path: Path) -> None:
    out = tmp_path / "out.f32"
    assert loads_numba("decode", str(STREAM), str(out), "--packet", "40")
    assert len(out.read_bytes()) % 320 == 0
