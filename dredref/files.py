"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dredref.spec.errors import InputError
from dredref.temporary import clear_stale, own_prefix


@contextmanager
def atomic_output(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it there if the block succeeds.

    On any failure the temporary file is removed and what stood at ``path`` stays as it was.
    The temporary name ends as ``path`` does, so that libraries that look at the name agree.

    Raises:
        InputError: ``output.unwritable`` if the folder cannot be written to.
    """
    target = Path(path)
    clear_stale(target.parent, f".{target.stem}.", target.suffix)
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=own_prefix(f".{target.stem}."), suffix=target.suffix
        )
    except OSError as error:
        raise unwritable(target, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        try:
            temporary.chmod(0o666 & ~umask)
            temporary.replace(target)
        except OSError as error:
            raise unwritable(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> InputError:
    """The error that says why a file cannot be written."""
    return InputError("output.unwritable", f"cannot write {path}: {error.strerror or error}")


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, if need be.

    Raises:
        InputError: ``output.unwritable``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "output.unwritable", f"cannot make {folder}: {error.strerror or error}"
        ) from error
