"""Calling the command line within a test's process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from dredref.conformance.main import cli
from dredref.spec.errors import DredError


def run(*arguments: object, data: bytes | None = None) -> Result:
    """The command line, with ``data`` on stdin; the project's errors come out as they are."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=data)


def code(result: Result) -> str:
    """The code of the error that a command ended with."""
    assert isinstance(result.exception, DredError)
    return result.exception.code
