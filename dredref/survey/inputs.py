"""What a survey is asked to read: files, folders, globs and URLs, all as single paths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dredref.spec.errors import InputError, UsageError
from dredref.streams.urls import import_fsspec, is_url, open_url

GLOB_SIGNS = frozenset("*?[")


def expand(source: str) -> Iterator[str]:
    """The files that a source stands for, in order of their names.

    Raises:
        UsageError: ``survey.input`` if there are none.
        InputError: ``input.unreadable`` if a URL cannot be listed.
    """
    found = _expand_url(source) if is_url(source) else _expand_path(source)
    if not found:
        raise UsageError("survey.input", f"{source}: no such file, and no folder with any")
    yield from found


def _expand_path(source: str) -> list[str]:
    path = Path(source)
    if path.is_dir():
        return _files_below(source)
    if path.exists():
        return [source]
    if GLOB_SIGNS.isdisjoint(source):
        return []
    import glob

    found = glob.glob(source, recursive=True)  # noqa: PTH207 - keeps the form that was typed
    return sorted(one for one in found if Path(one).is_file())


def _files_below(folder: str) -> list[str]:
    """The regular files of a folder and of those in it."""
    found = []
    for root, folders, names in os.walk(folder):
        folders.sort()
        found += [path for name in sorted(names) if Path(path := f"{root}/{name}").is_file()]
    return found


def _expand_url(source: str) -> list[str]:
    fsspec = import_fsspec()
    try:
        files, path = fsspec.core.url_to_fs(source)
        if GLOB_SIGNS.isdisjoint(path):
            if not files.protocol or "http" in files.protocol or files.isfile(path):
                return [source]
            return [files.unstrip_protocol(one) for one in sorted(files.find(path))]
        return [files.unstrip_protocol(one) for one in sorted(files.glob(path))]
    except (OSError, ValueError, ImportError) as error:
        raise InputError("input.unreadable", f"cannot list {source}: {error}") from error


def open_file(path: str) -> BinaryIO:
    """Open one of them.

    Raises:
        InputError: ``input.unreadable``.
    """
    if is_url(path):
        return open_url(path)
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputError("input.unreadable", f"cannot open {path}: {error.strerror}") from error
