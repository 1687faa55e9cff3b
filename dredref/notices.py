"""What the library has to say to a person who waits; heard only where a program listens."""

from __future__ import annotations

import warnings
from collections.abc import Callable

Listener = Callable[[str], None]
"""Takes one line."""

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have every notice told to ``listener``."""
    _listeners.append(listener)


def warn(warning: str) -> None:
    """Say one line about an input that is not what it seems; it is always shown.

    Python's `warnings` take it, so that programs can catch it; the command line prints it plainly.
    """
    warnings.warn(warning, InputWarning, stacklevel=2)


class InputWarning(UserWarning):
    """Something about an input that its user should know."""


def tell(notice: str) -> None:
    """Say one line to whoever listens."""
    for listener in _listeners:
        listener(notice)
