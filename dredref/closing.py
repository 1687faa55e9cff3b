"""What is closed at the end of a ``with`` block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Something to be closed: by hand, or by leaving a ``with`` block."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is held."""

    def __enter__(self) -> Self:
        """What the block uses."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Close, whether the block failed or not."""
        self.close()
