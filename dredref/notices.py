"""What the library has to say to a person who waits; heard only where a program listens."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str], None]
"""Takes one line."""

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have every notice told to ``listener``."""
    _listeners.append(listener)


def tell(notice: str) -> None:
    """Say one line to whoever listens."""
    for listener in _listeners:
        listener(notice)
