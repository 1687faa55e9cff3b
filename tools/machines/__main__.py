"""Compare the bits of other machines with those recorded: ``python -m tools.machines [NAME...]``.

``oldest`` is the oldest numpy and numba, the newer Pythons have the newest; ``arm64`` is emulated,
``arm64-sve`` compiles for its long vectors; ``s390x`` stores the high byte first and does not
compile. What is emulated takes minutes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from dredref.spec.errors import DredError
from tools.machines import oldest
from tools.machines.programs import BITSTREAM, COMPILED, DIGESTS, UNCOMPILED, Program, differing
from tools.machines.systems import System

COMPILING = COMPILED, *DIGESTS, BITSTREAM
LOADER = "usr/lib64/ld-linux-x86-64.so.2"
ARM64 = System("bookworm", "3.11", "arm64", "aarch64", cpu="max")
SYSTEMS = {
    "python3.13": (System("trixie", "3.13", "amd64", "x86_64", LOADER), COMPILING),
    "python3.14": (System("sid", "3.14", "amd64", "x86_64", LOADER), COMPILING),
    "arm64": (ARM64, COMPILING),
    "arm64-sve": (replace(ARM64, target="neoverse-v1"), COMPILING),
    "s390x": (
        System("bookworm", "3.11", "s390x", "s390x", compiles=False),
        (UNCOMPILED, BITSTREAM),
    ),
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
    system, programs = SYSTEMS[name]
    command = system.command()
    for program in programs:
        yield _row(name, program, command, system.environment())


def _row(
    machine: str, program: Program, command: list[str], environment: dict[str, str]
) -> dict[str, Any]:
    clock = time.monotonic()
    wrong = differing(program, command, environment)
    seconds = round(time.monotonic() - clock)
    return {"machine": machine, "program": program.name, "differ": wrong, "seconds": seconds}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(["oldest", *SYSTEMS]))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def main(names: tuple[str, ...], as_json: bool) -> None:
    """Compare what other machines compute; all of them without NAMES.

    Exit code 1 if something differs, 2 if a machine cannot be had.
    """
    different = False
    try:
        for name in names or ("oldest", *SYSTEMS):
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
