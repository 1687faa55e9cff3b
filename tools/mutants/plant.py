"""A copy of the sources with a fault in it, and what the suite says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.errors import InputError
from tools.mutants.fault import Fault

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("spec", "dredref", "vectors", "conformance", "tools")
INSIDE = ("spec", "vectors", "conformance")
"""Folders that are installed inside ``dredref``, and stand there in the copy."""
LINKED = ("vectors/data", "vectors/material", "vectors/audio", "dredref/model/data")
"""Folders of data that no fault changes: they are linked, not copied."""
SECONDS = 300
"""What one fault may take; a fault that hangs is caught by the vector that it hangs on."""


@dataclass(frozen=True, slots=True)
class Catch:
    """What became of a fault."""

    fault: Fault
    caught: tuple[str, ...]
    """Vectors that caught it: the first, or all."""
    asked: int
    """Vectors asked."""
    how: str = ""
    """What the first said."""


@contextmanager
def planted(fault: Fault | None) -> Iterator[Path]:
    """A folder with the sources and the fault, or none; it goes with the block.

    Raises:
        InputError: ``mutants.stale``.
    """
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        linked = [ROOT / link for link in LINKED]
        for source in (*linked, *(file for top in PACKAGES for file in _sources(ROOT / top))):
            target = folder / installed(source.relative_to(ROOT))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
        if fault is not None:
            text = fault.plant((ROOT / fault.path).read_text("utf-8"))
            target = folder / installed(Path(fault.path))
            target.unlink()
            target.write_text(text, "utf-8")
        yield folder


def installed(path: Path) -> Path:
    """Where a file of the source tree stands in the installed layout."""
    return Path("dredref", path) if path.parts[0] in INSIDE else path


def _sources(package: Path) -> Iterator[Path]:
    """Files of a package but for tests and linked data."""
    linked = tuple(ROOT / link for link in LINKED)
    for folder, names, files in os.walk(package):
        place = Path(folder)
        names[:] = [
            name
            for name in names
            if name not in ("tests", "__pycache__") and place / name not in linked
        ]
        yield from (place / file for file in files)


def judge(fault: Fault, *, all_: bool = False, only: bool = False) -> Catch:
    """Put the suite to a copy with the fault: up to the first vector that catches it, or all.

    With ``only`` the fault's own groups are asked, and no others.

    Raises:
        InputError: ``mutants.stale``; ``mutants.judge`` if the judge itself fails.
    """
    with planted(fault) as folder:
        words = [sys.executable, "-B", "-m", "tools.mutants.judge", *fault.groups]
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        environment |= {"MUTANTS_ALL": "1"} if all_ else {}
        environment |= {"MUTANTS_ONLY": "1"} if only else {}
        try:
            done = subprocess.run(
                words,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            lines = done.stdout.splitlines()
        except subprocess.TimeoutExpired as expired:
            lines = (expired.stdout or b"").decode().splitlines()
            lines.append(json.dumps({"hung": True}))
        else:
            if done.returncode:
                last = (done.stderr.splitlines() or ["no word"])[-1]
                raise InputError("mutants.judge", f"{fault.name}: {last}")
    return _read(fault, lines)


def _read(fault: Fault, lines: list[str]) -> Catch:
    """The judge's lines: a question before it is asked, a catch, the end."""
    caught: list[str] = []
    asked = 0
    last = how = ""
    for line in lines:
        said = json.loads(line)
        if "ask" in said:
            asked += 1
            last = said["ask"]
        elif "caught" in said:
            caught.append(said["caught"])
            how = how or said["how"]
        elif "hung" in said:
            caught.append(last)
            how = how or "no answer in time"
    return Catch(fault, tuple(caught), asked, how)
