"""Compare the bits of other machines with those recorded: ``python -m tools.machines [NAME...]``.

``oldest`` is the oldest numpy and numba; ``arm64`` and ``arm64-sve`` compile, ``s390x`` stores the
high byte first and does not compile. The emulated ones take minutes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from dredref.spec.errors import DredError
from tools.machines import oldest
from tools.machines.emulated import Processor
from tools.machines.programs import BITSTREAM, COMPILED, DIGESTS, UNCOMPILED, Program, differing

EMULATED = {
    "arm64": (Processor("arm64", "aarch64", True, "cortex-a72"), (COMPILED, *DIGESTS, BITSTREAM)),
    "arm64-sve": (
        Processor("arm64", "aarch64", True, "max", "neoverse-v1"),
        (COMPILED, *DIGESTS, BITSTREAM),
    ),
    "s390x": (Processor("s390x", "s390x", False), (UNCOMPILED, BITSTREAM)),
}
THREADS = "1", "2"
"""BLAS threads that every program runs with on the oldest versions."""


def compare(name: str) -> Iterator[dict[str, Any]]:
    """What differs on a machine, a row for each program.

    Raises:
        InputError: ``machine.tool``, ``machine.install``, ``machine.failed``.
    """
    if name == "oldest":
        python = oldest.interpreter()
        for threads in THREADS:
            for program in DIGESTS:
                where = f"oldest, {threads} thread{'s' * (threads != '1')}"
                yield _row(where, program, python, oldest.environment(threads))
        return
    processor, programs = EMULATED[name]
    python = processor.interpreter()
    for program in programs:
        yield _row(name, program, python, None)


def _row(
    machine: str, program: Program, python: list[str], environment: dict[str, str] | None
) -> dict[str, Any]:
    clock = time.monotonic()
    wrong = differing(program, python, environment)
    seconds = round(time.monotonic() - clock)
    return {"machine": machine, "program": program.name, "differ": wrong, "seconds": seconds}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(["oldest", *EMULATED]))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def main(names: tuple[str, ...], as_json: bool) -> None:
    """Compare what other machines compute; all of them without NAMES.

    Exit code 1 if something differs, 2 if a machine cannot be had.
    """
    different = False
    try:
        for name in names or ("oldest", *EMULATED):
            for row in compare(name):
                different |= bool(row["differ"])
                verdict = f"differ: {', '.join(row['differ'])}" if row["differ"] else "the same"
                words = f"{row['machine']:<18} {row['program']:<38} {verdict}, {row['seconds']} s"
                click.echo(json.dumps(row) if as_json else words)
    except DredError as error:
        click.echo(f"dredref: {error}", err=True)
        sys.exit(2)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
