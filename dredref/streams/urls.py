"""Inputs that are named by a URL, opened by its protocol: ``https://``, ``s3://``, ``file://``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from dredref.extras import needs
from dredref.spec.errors import InputError


def is_url(source: str) -> bool:
    """Whether a source is to be opened by its protocol."""
    return "://" in source


def import_fsspec() -> Any:
    """The library that opens URLs.

    Raises:
        MissingExtraError: it is not installed.
    """
    with needs("survey", "reading from URLs"):
        import fsspec
    return fsspec


def open_url(url: str) -> BinaryIO:
    """Open a URL; one of a file as a browser shows it, percent-encoded, or plain.

    Raises:
        InputError: ``input.unreadable``.
        MissingExtraError: fsspec is not installed.
    """
    path = url.removeprefix("file://")
    if path != url and not Path(path).exists():
        url = f"file://{unquote(path)}"
    try:
        opened: BinaryIO = import_fsspec().open(url, "rb").open()
    except (OSError, ValueError, ImportError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError("input.unreadable", f"cannot open {url}: {reason}") from error
    return opened
