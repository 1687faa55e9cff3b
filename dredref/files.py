"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dredref.spec.errors import InputError


@contextmanager
def atomic_output(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it there if the block succeeds.

    On any failure the temporary file is removed and what stood at ``path`` stays as it was.
    The temporary name ends as ``path`` does, so that libraries that look at the name agree.

    Raises:
        InputError: ``output.unwritable`` if the folder cannot be written to.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix
        )
    except OSError as error:
        raise InputError(
            "output.unwritable", f"cannot write {target}: {error.strerror or error}"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        try:
            temporary.replace(target)
        except OSError as error:
            raise InputError(
                "output.unwritable", f"cannot write {target}: {error.strerror or error}"
            ) from error
    finally:
        temporary.unlink(missing_ok=True)


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
