"""The same bits with the oldest numpy and numba supported: ``python -m tools.numpy_versions``.

Makes a virtual environment with them in the user's cache, runs there the programs that print
digests of what the reference computes, and compares with what is recorded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import click

from dredref.files import atomic_output
from dredref.spec.errors import DredError, InputError

OLDEST = "1.26.0"
"""What pyproject.toml asks for at least."""
NEEDED = ("click", "construct", "jinja2", "numba==0.60.0", "rich", "soundfile")
"""What the reference imports beside numpy; numba's oldest version supported too."""
ROOT = Path(__file__).parents[1]
RUN = """
import runpy, sys
import dredref
root, module = sys.argv[1:]
dredref.__path__.append(root)
sys.argv = [module]
runpy.run_module(module, run_name="__main__")
"""
"""Runs a module of the source tree as it is installed: the folders beside dredref are inside it."""
THREADS = ("1", "2")
"""BLAS threads that every program runs with."""


@dataclass(frozen=True, slots=True)
class Program:
    """A module that prints digests as JSON, and the file that says what they have to be."""

    module: str
    recorded: str


PROGRAMS = (
    Program("dredref.vocoder.tests.digests", "dredref/vocoder/tests/data/digests.json"),
    Program("dredref.rdovae.tests.digests", "dredref/rdovae/tests/data/digests.json"),
    Program("dredref.payload.tests.digests", "dredref/payload/tests/data/digests.json"),
)


def cache() -> Path:
    """Where the environment is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dredref" / "numpy"


def interpreter() -> Path:
    """The Python of the environment, whether there is one or not."""
    return cache() / OLDEST / "bin" / "python"


def available() -> bool:
    """Whether the environment is complete."""
    ready = cache() / f"{OLDEST}.ready"
    return ready.is_file() and ready.read_text().split() == [*NEEDED]


def make() -> None:
    """Make the environment.

    Raises:
        InputError: ``numpy.install`` if the packages cannot be installed.
    """
    folder = cache() / OLDEST
    folder.parent.mkdir(parents=True, exist_ok=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(interpreter()), "-m", "pip", "install", "--quiet", f"numpy=={OLDEST}", *NEEDED]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError("numpy.install", f"cannot install numpy {OLDEST}: {done.stderr[-500:]}")
    with atomic_output(cache() / f"{OLDEST}.ready") as temporary:
        temporary.write_text(" ".join(NEEDED))


def differing(program: Program, threads: str, python: Path | None = None) -> list[str]:
    """Names of the digests that differ from what is recorded, in that interpreter.

    Raises:
        InputError: ``numpy.failed`` if the program does.
    """
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
    # Of its own, as one version of numba throws away what another has compiled.
    environment["NUMBA_CACHE_DIR"] = str(cache() / f"{OLDEST}.compiled")
    command = [str(python or interpreter()), "-c", RUN, str(ROOT), program.module]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise InputError("numpy.failed", f"{program.module}: {done.stderr[-500:]}")
    found = json.loads(done.stdout)
    recorded = json.loads((ROOT / program.recorded).read_text())
    return sorted(name for name in {*found, *recorded} if found.get(name) != recorded.get(name))


@click.command()
def main() -> None:
    """Compare digests with numpy's oldest supported version."""
    try:
        if not available():
            make()
        for program in PROGRAMS:
            for threads in THREADS:
                wrong = differing(program, threads)
                verdict = f"differ: {', '.join(wrong)}" if wrong else "the same"
                click.echo(f"{program.module}, numpy {OLDEST}, {threads} threads: {verdict}")
                if wrong:
                    sys.exit(1)
    except DredError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
