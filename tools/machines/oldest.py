"""An environment with the oldest numpy and numba that pyproject.toml asks for."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

from dredref.files import atomic_output
from dredref.spec.errors import InputError
from tools.machines.programs import ROOT

NUMPY = "1.26.0"
NEEDED = (f"numpy=={NUMPY}", "numba==0.60.0", "click", "construct", "jinja2", "rich", "soundfile")
"""What the programs import, with its oldest versions."""


def cache() -> Path:
    """Where machines are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dredref" / "machines"


def interpreter() -> list[str]:
    """The Python of the environment, which is made if there is none.

    Raises:
        InputError: ``machine.install`` if the packages cannot be installed.
    """
    folder, ready = cache() / "oldest", cache() / "oldest.ready"
    python = str(folder / "bin" / "python")
    if ready.is_file() and ready.read_text().split() == [*NEEDED]:
        return [python]
    folder.parent.mkdir(parents=True, exist_ok=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "--quiet", *NEEDED]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError("machine.install", f"cannot install numpy {NUMPY}: {done.stderr[-500:]}")
    with atomic_output(ready) as temporary:
        temporary.write_text(" ".join(NEEDED))
    return [python]


def environment(threads: str) -> dict[str, str]:
    """Variables for that Python: the source tree, BLAS threads, a folder for compiled functions.

    The folder is its own, as one version of numba throws away what another has compiled.
    """
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": threads,
        "NUMBA_CACHE_DIR": str(cache() / "oldest.compiled"),
    }
