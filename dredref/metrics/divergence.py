"""Where two results part: one place, with what was expected and what was got there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first (or worst) place at which a result is not what it should be."""

    stage: str
    """What was compared: ``toc``, ``state``, ``latents``, ``features``, ``pcm`` ..."""
    expected: Any
    got: Any
    frame: int | None = None
    """Index of the packet, chunk, extension or 10 ms frame."""
    index: int | None = None
    """Index within the frame: latent, dimension, sample."""
    limit: float | None = None
    """How much was allowed; None where equality is asked for."""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, without what does not apply."""
        return {key: value for key, value in asdict(self).items() if value is not None} | {
            "expected": self.expected,
            "got": self.got,
        }

    def __str__(self) -> str:
        """One line for people: ``latents[3][7]: expected -2, got -1``."""
        place = self.stage
        if self.frame is not None:
            place += f"[{self.frame}]"
        if self.index is not None:
            place += f"[{self.index}]"
        line = f"{place}: expected {_short(self.expected)}, got {_short(self.got)}"
        return line if self.limit is None else f"{line} (limit {self.limit:g})"


def _short(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
