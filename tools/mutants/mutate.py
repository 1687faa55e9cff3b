"""A copy of the sources that is mutated in one place, and what the suite says of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.errors import InputError
from tools.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("spec", "dredref", "vectors", "conformance", "tools")
INSIDE = ("spec", "vectors", "conformance")
"""Folders that are installed inside ``dredref``, and stand there in the copy."""
LINKED = ("vectors/data", "vectors/material", "vectors/audio", "dredref/model/data")
"""Folders of data that no mutant changes: they are linked, not copied."""
SECONDS = 300
"""Processor time that one mutant may take, so that a busy machine makes none look as if it hung; a
mutant that hangs is killed by the vector that it hangs on."""
ASLEEP = 20
"""How many times as long it may wait, for whatever that is."""


@dataclass(frozen=True, slots=True)
class Kill:
    """What became of a mutant."""

    mutant: Mutant
    killed: tuple[str, ...]
    """Vectors that killed it: the first, or all."""
    asked: int
    """Vectors asked."""
    how: str = ""
    """What the first said."""


@contextmanager
def mutated(mutant: Mutant | None) -> Iterator[Path]:
    """A folder with the sources, mutated or not; it goes with the block.

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
        if mutant is not None:
            text = mutant.mutate((ROOT / mutant.path).read_text("utf-8"))
            target = folder / installed(Path(mutant.path))
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


def judge(mutant: Mutant, *, all_: bool = False, only: bool = False) -> Kill:
    """Put the suite to a copy with the mutant: up to the first vector that kills it, or all.

    With ``only`` the mutant's own groups are asked, and no others.

    Raises:
        InputError: ``mutants.stale``; ``mutants.judge`` if the judge itself fails.
    """
    with mutated(mutant) as folder:
        words = [sys.executable, "-B", "-m", "tools.mutants.judge", *mutant.groups]
        environment = {**os.environ, "PYTHONPATH": str(folder), "MUTANTS_SECONDS": str(SECONDS)}
        environment |= {"MUTANTS_ALL": "1"} if all_ else {}
        environment |= {"MUTANTS_ONLY": "1"} if only else {}
        try:
            done = subprocess.run(
                words,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=ASLEEP * SECONDS,
            )
            lines = done.stdout.splitlines()
        except subprocess.TimeoutExpired as expired:
            lines = (expired.stdout or b"").decode().splitlines()
            lines.append(json.dumps({"hung": True}))
        else:
            if done.returncode == -signal.SIGXCPU:
                lines.append(json.dumps({"hung": True}))
            elif done.returncode:
                last = (done.stderr.splitlines() or ["no word"])[-1]
                raise InputError("mutants.judge", f"{mutant.name}: {last}")
    return _read(mutant, lines)


def _read(mutant: Mutant, lines: list[str]) -> Kill:
    """The judge's lines: a question before it is asked, a kill, the end."""
    killed: list[str] = []
    asked = 0
    last = how = ""
    for line in lines:
        said = json.loads(line)
        if "ask" in said:
            asked += 1
            last = said["ask"]
        elif "killed" in said:
            killed.append(said["killed"])
            how = how or said["how"]
        elif "hung" in said:
            killed.append(last)
            how = how or "no answer in time"
    return Kill(mutant, tuple(killed), asked, how)
