"""``python -m tools.fuzz``: see the package."""

from __future__ import annotations

import hashlib
import random
import sys
import time
import traceback
from pathlib import Path

import click

from tools.fuzz.draw import drawn, seeds
from tools.fuzz.targets import TARGETS, Target

SLOW_SECONDS = 10.0
"""An input of at most 256 KiB that takes longer is a finding, too."""
SHRINK_SECONDS = 5.0


def trouble(target: Target, data: bytes) -> str:
    """What is wrong with a target's end, in one line; empty if nothing is."""
    start = time.monotonic()
    try:
        target(data)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error}"
    seconds = time.monotonic() - start
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


def fuzz(name: str, seconds: float, seed: int, folder: Path) -> tuple[int, dict[str, Path]]:
    """Fuzz one target; inputs taken, and findings by what went wrong with a file of each."""
    rng, known, target = random.Random(f"{seed} {name}"), seeds(name), TARGETS[name]
    found: dict[str, Path] = {}
    count, limit = 0, time.monotonic() + seconds
    while time.monotonic() < limit or count == 0:
        data = drawn(rng, known)
        count += 1
        wrong = trouble(target, data)
        kind = wrong.partition(": ")[0]
        if wrong and kind not in found:
            data = shrunk(target, data)
            folder.mkdir(parents=True, exist_ok=True)
            found[kind] = folder / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
            found[kind].write_bytes(data)
            click.echo(f"{name}: {wrong} ({found[kind]})")
    return count, found


@click.command()
@click.option("--minutes", type=click.FloatRange(0), default=1.0, show_default=True)
@click.option("--target", "names", multiple=True, type=click.Choice(list(TARGETS)))
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same inputs.")
@click.option("--findings", type=click.Path(path_type=Path), default=Path("build/fuzz"))
def main(minutes: float, names: tuple[str, ...], seed: int, findings: Path) -> None:
    """Fuzz the readers, each for its share of the time. Exit code 1 if there is a finding."""
    chosen = names or tuple(TARGETS)
    bad = 0
    click.echo(f"{'target':<10} {'inputs':>9} {'findings':>9}")
    for name in chosen:
        count, found = fuzz(name, 60 * minutes / len(chosen), seed, findings)
        bad += len(found)
        click.echo(f"{name:<10} {count:>9} {len(found):>9}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
