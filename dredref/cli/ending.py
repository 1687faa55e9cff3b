"""How the command line ends: one line on standard error and an exit code, whatever happened.

=====  ============================================================================
code   meaning
=====  ============================================================================
0, 1   what the command says: valid or invalid, conformant or not, equal or different
2      wrong usage, an input that cannot be read, an output that cannot be written
130    interrupted from the keyboard
141    nobody reads the output any more (a broken pipe); nothing is said
143    asked to end; what was running is ended and temporary files are gone
=====  ============================================================================
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from dredref.spec.errors import DredError
from dredref.text import clean

TROUBLE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141
ENDED_BY = 128
"""Added to the number of the signal that asked to end."""


def run_to_end(command: Callable[[], Any]) -> None:
    """Run a command and end the process with its exit code."""
    _open_streams()
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    code = _flushed(_code(command))
    if code == BROKEN_PIPE:
        _discard_output()
    sys.exit(code)


def _code(command: Callable[[], Any]) -> int:
    """Run a command; its exit code, with what went wrong told in one line."""
    stdout = sys.stdout
    try:
        found = command()
        return found if isinstance(found, int) else 0
    except SystemExit as end:
        if sys.stdout is not stdout:  # click covers the streams when a pipe breaks
            return BROKEN_PIPE
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except EOFError:
        return _told("the input ends too early [input.unreadable]")
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return TROUBLE
    except BrokenPipeError:
        return BROKEN_PIPE
    except DredError as error:
        if _is_pipe(error.__cause__):
            return BROKEN_PIPE
        return _told(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _told(f"{where}{error.strerror or error} [system]")
    except (MemoryError, RecursionError) as error:
        return _told(f"the input takes more than there is: {type(error).__name__} [system]")


def _told(text: str) -> int:
    """Say what went wrong, in one line without control characters."""
    try:
        print(f"dredref: {clean(text)}", file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)
    return TROUBLE


def _is_pipe(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def _flushed(code: int) -> int:
    """Write out what is held back; the exit code, if that fails, of trouble."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    except OSError as error:
        _discard_output()
        if code != TROUBLE:
            return _told(f"standard output: {error.strerror or error} [output.unwritable]")
    return code


def _discard_output() -> None:
    _discard(sys.stdout)


def _discard(stream: Any) -> None:
    """Let nothing more be written, so that the interpreter's end does not fail on it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _open_streams() -> None:
    """Have all standard streams: files that are opened must not become one of them.

    Without standard output a result would be lost unseen, so that is an error.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        number = ("stdin", "stdout", "stderr").index(name)
        nowhere = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
        stream = os.fdopen(number, "r" if number == 0 else "w", closefd=False)
        setattr(sys, name, stream)
    if "stdout" in closed:
        sys.exit(_told("standard output is closed [output.unwritable]"))


def _end(number: int, frame: FrameType | None) -> None:
    """End as an exception does, so that everything is cleared away."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(ENDED_BY + number)
