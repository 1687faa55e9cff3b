"""Temporary files and folders that are known as left behind when their process was killed.

Their names say which process of which machine made them. Whoever makes another of the same kind in
the same place clears those whose process is gone.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

FOLDER = "dredref-"
"""What the names of temporary folders begin with."""


def _machine() -> str:
    return f"{crc32(platform.node().encode()):08x}"


def own_prefix(prefix: str) -> str:
    """A prefix with this process and machine."""
    return f"{prefix}{os.getpid()}-{_machine()}-"


def clear_stale(folder: Path, prefix: str, suffix: str = "") -> None:
    """Remove files and folders of that prefix and suffix whose process is gone.

    Those of other machines, and what cannot be removed, stay.
    """
    form = re.compile(rf"{re.escape(prefix)}(\d+)-{_machine()}-[^.]*{re.escape(suffix)}")
    with suppress(OSError):
        for path in list(folder.iterdir()):
            found = form.fullmatch(path.name)
            if found and not _runs(int(found[1])):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    """Whether there is such a process."""
    if pid == os.getpid():
        return True
    import psutil  # slow to load, and seldom asked

    return bool(psutil.pid_exists(pid))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a temporary folder, which is gone afterwards; earlier ones left behind go now."""
    clear_stale(Path(tempfile.gettempdir()), FOLDER)
    with tempfile.TemporaryDirectory(prefix=own_prefix(FOLDER), ignore_cleanup_errors=True) as name:
        yield Path(name)
