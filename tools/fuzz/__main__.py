"""``python -m tools.fuzz``: see the package."""

from __future__ import annotations

import hashlib
import math
import random
import signal
import sys
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from dredref.cli.options import Finite
from tools.fuzz.draw import drawn, seeds
from tools.fuzz.targets import TARGETS, Target

SLOW_SECONDS = 10.0
"""An input of at most 256 KiB that takes longer is a finding, too."""
SHRINK_SECONDS = 5.0
TURN_SECONDS = 15.0
"""Processor time after which another target has its turn."""
MEMORY_BYTES = 8 << 30
"""Address space of the process."""


def trouble(target: Target, data: bytes) -> str:
    """What is wrong with a target's end, in one line; empty if nothing is."""
    start = time.process_time()
    try:
        target(data)
    except Exception as error:  # MemoryError is one as well
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error}"
    seconds = time.process_time() - start
    return f"{seconds:.1f} s" if seconds > SLOW_SECONDS else ""


def shrunk(target: Target, data: bytes) -> bytes:
    """Fewer bytes that end as badly."""
    limit = time.monotonic() + SHRINK_SECONDS
    step = len(data) // 2
    while step and time.monotonic() < limit:
        for at in range(0, len(data), step):
            shorter = data[:at] + data[at + step :]
            if trouble(target, shorter):
                data = shorter
                break
        else:
            step //= 2
    return data


@dataclass(slots=True)
class Tally:
    """How far fuzzing of one target has come."""

    name: str
    rng: random.Random
    known: list[bytes]
    inputs: int = 0
    seconds: float = 0.0
    """Of processor time."""
    found: dict[str, Path] = field(default_factory=dict)
    """What went wrong -> a file that shows it."""

    def fuzz(self, seconds: float, folder: Path) -> None:
        """Fuzz on for some seconds of processor time, at least one input."""
        target, start = TARGETS[self.name], time.process_time()
        while True:
            data = drawn(self.rng, self.known)
            self.inputs += 1
            wrong = trouble(target, data)
            kind = wrong.partition(": ")[0]
            if wrong and kind not in self.found:
                self.found[kind] = keep(self.name, shrunk(target, data), folder)
                click.echo(f"{self.name}: {wrong} ({self.found[kind]})")
            if time.process_time() - start >= seconds:
                break
        self.seconds += time.process_time() - start


def keep(name: str, data: bytes, folder: Path) -> Path:
    """Write an input that shows a finding into a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def limit_memory() -> None:
    """Let an input that asks for too much memory fail, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


@click.command()
@click.option("--minutes", type=Finite(0), default=1.0, show_default=True)
@click.option("--target", "names", multiple=True, type=click.Choice(list(TARGETS)))
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same inputs.")
@click.option("--findings", type=click.Path(path_type=Path), default=Path("build/fuzz"))
def main(minutes: float, names: tuple[str, ...], seed: int, findings: Path) -> None:
    """Fuzz the readers for some minutes of processor time, each for its share, taking turns.

    Exit code 1 if there is a finding. Ctrl-C and SIGTERM end it with the figures so far.
    """
    warnings.simplefilter("ignore")  # warnings about inputs are due, and would bury the findings
    chosen = names or tuple(TARGETS)
    tallies = [Tally(name, random.Random(f"{seed} {name}"), seeds(name)) for name in chosen]
    share = 60 * minutes / len(tallies)
    turns = math.ceil(share / TURN_SECONDS) or 1
    with suppress(KeyboardInterrupt):
        for _ in range(turns):
            for tally in tallies:
                tally.fuzz(share / turns, findings)
    click.echo(f"{'target':<10} {'inputs':>10} {'seconds':>8} {'findings':>9}")
    for tally in tallies:
        figures = f"{tally.inputs:>10} {tally.seconds:>8.1f} {len(tally.found):>9}"
        click.echo(f"{tally.name:<10} {figures}")
    sys.exit(1 if any(tally.found for tally in tallies) else 0)


if __name__ == "__main__":
    limit_memory()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first
        signal.signal(number, signal.default_int_handler)
    main()
