"""Libraries that are not installed by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dredref.spec.errors import MissingExtraError


@contextmanager
def needs(extra: str, feature: str) -> Iterator[None]:
    """Import in the block what an extra installs, for a feature.

    Raises:
        MissingExtraError: an import in the block fails.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(extra, feature) from error
