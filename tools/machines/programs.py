"""What is run on another machine, and what has to come out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.errors import InputError

ROOT = Path(__file__).parents[2]
RUN = """
import runpy, sys
import dredref
root, module, *words = sys.argv[1:]
dredref.__path__.append(root)
sys.argv = [module, *words]
runpy.run_module(module, run_name="__main__")
"""
"""Runs a module of the source tree as it is installed: the folders beside dredref are inside it."""
STREAMS = "v12-frame-20ms.bit", "v10-frame-20ms.bit", "v12-rtp.pcap"


@dataclass(frozen=True, slots=True)
class Program:
    """A module with its arguments, and the JSON file that says what it has to print.

    Without such a file it has to print what it prints here.
    """

    module: str
    recorded: str = ""
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a person sees."""
        return " ".join([self.module.removeprefix("dredref."), *self.arguments[:1]])


DIGESTS = (
    Program("dredref.vocoder.tests.digests", "dredref/vocoder/tests/data/digests.json"),
    Program("dredref.rdovae.tests.digests", "dredref/rdovae/tests/data/digests.json"),
    Program("dredref.payload.tests.digests", "dredref/payload/tests/data/digests.json"),
)
"""Speech of clips, features of streams, encoded clips; on integers, for machines that compile."""
OPERATIONS = "dredref.arithmetic.tests.operations"
COMPILED = Program(OPERATIONS, arguments=("compiled",))
"""Every recorded operation on both carriers, and little work of each network on both."""
UNCOMPILED = Program(OPERATIONS, arguments=("uncompiled",))
"""The same without a compiler; the networks on integers alone."""
BITSTREAM = Program(
    "dredref.conformance.main",
    arguments=("validate", "--json", *(f"spec/streams/{name}" for name in STREAMS)),
)


def printed(
    program: Program, interpreter: Sequence[str], environment: Mapping[str, str] | None = None
) -> str:
    """What a program prints, run by an interpreter.

    Raises:
        InputError: ``machine.failed`` if it fails.
    """
    command = [*interpreter, "-c", RUN, str(ROOT), program.module, *program.arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise InputError("machine.failed", f"{program.name}: {done.stderr[-500:]}")
    return done.stdout


def differing(
    program: Program, interpreter: Sequence[str], environment: Mapping[str, str] | None = None
) -> list[str]:
    """Names of what differs from what is recorded, or from what comes out here.

    Raises:
        InputError: ``machine.failed`` if the program does, there or here.
    """
    found = printed(program, interpreter, environment)
    if program.recorded:
        expected = (ROOT / program.recorded).read_text()
    else:
        here = {**os.environ, "PYTHONPATH": str(ROOT)}
        expected = printed(program, [sys.executable], here)
    if found == expected:
        return []
    return sorted(_names(json.loads(found), json.loads(expected))) or ["text"]


def _names(found: object, expected: object) -> set[str]:
    """Keys of two objects whose values differ."""
    if not isinstance(found, dict) or not isinstance(expected, dict):
        return {"answer"} if found != expected else set()
    return {name for name in {*found, *expected} if found.get(name) != expected.get(name)}
