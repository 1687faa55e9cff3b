"""Models of packet loss: for each packet in turn, whether it is lost.

A model is written ``NAME:PARAMETERS``:

==================  ==============================================================================
``random:P``        each packet on its own, with a chance of P percent
``gilbert:P,B``     two states: P percent in all, in bursts whose mean length is B packets
``lossgen:P``       a network that was trained on real traces (:mod:`dredref.losses.lossgen`)
``trace:FILE``      as recorded: a file of digits, 1 for each lost packet and 0 for others
``mask:DIGITS``     the digits themselves
==================  ==============================================================================
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Protocol

from dredref.spec.errors import InputError, UsageError

SYNTAX = "random:20, gilbert:20,6.5, lossgen:20, trace:FILE or mask:0110"
"""What a loss model may look like, for messages and help."""


class LossModel(Protocol):
    """Says which packets are lost."""

    def draw(self, seed: int = 0) -> Iterator[bool]:
        """Yield, packet by packet, whether it is lost; the same for the same seed.

        It ends where a recorded loss does, and never where loss is drawn.
        """
        ...


@dataclass(frozen=True, slots=True)
class RandomLoss:
    """Each packet is lost with a chance of ``percent``, whatever happened to the others."""

    percent: float

    def draw(self, seed: int = 0) -> Iterator[bool]:
        """As :meth:`LossModel.draw`."""
        chance = random.Random(seed)
        while True:
            yield chance.random() * 100 < self.percent


@dataclass(frozen=True, slots=True)
class GilbertLoss:
    """Two states, one that loses every packet and one that loses none (Gilbert, 1960).

    ``percent`` of the packets are lost, in bursts of ``burst`` packets on average.
    """

    percent: float
    burst: float

    def draw(self, seed: int = 0) -> Iterator[bool]:
        """As :meth:`LossModel.draw`; the first packet is lost with a chance of ``percent``."""
        chance = random.Random(seed)
        end = 1 / self.burst
        begin = end * self.percent / (100 - self.percent)
        lost = chance.random() * 100 < self.percent
        while True:
            yield lost
            lost = chance.random() < (1 - end if lost else begin)


@dataclass(frozen=True, slots=True)
class NetworkLoss:
    """Loss like that of real traces, ``percent`` of the packets; libopus' lossgen."""

    percent: float

    def draw(self, seed: int = 0) -> Iterator[bool]:
        """As :meth:`LossModel.draw`."""
        from dredref.losses.lossgen import LossGenerator

        chance = random.Random(seed)
        generator = LossGenerator.of_percent(self.percent, chance.random)
        while True:
            yield generator.sample()


@dataclass(frozen=True, slots=True)
class RecordedLoss:
    """Loss as it is written down."""

    lost: tuple[bool, ...]

    def draw(self, seed: int = 0) -> Iterator[bool]:
        """As :meth:`LossModel.draw`; a seed changes nothing."""
        return iter(self.lost)


def parse_loss_model(text: str) -> LossModel:
    """Return the model that ``text`` names, as this module's table says.

    Raises:
        UsageError: ``loss.model`` for an unknown model or impossible parameters.
        InputError: ``loss.trace`` if a trace cannot be read or is no row of digits.
    """
    name, _, parameters = text.partition(":")
    makers: dict[str, Callable[[str], LossModel]] = {
        "random": lambda given: RandomLoss(*_numbers(given, 1)),
        "lossgen": lambda given: NetworkLoss(*_numbers(given, 1)),
        "gilbert": _gilbert,
        "trace": _trace,
        "mask": _mask,
    }
    if name not in makers or not parameters:
        raise UsageError("loss.model", f"'{text}' is no loss model: give {SYNTAX}")
    return makers[name](parameters)


def _numbers(text: str, count: int) -> list[float]:
    """Parameters, of which the first is a percentage."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not (0 <= numbers[0] <= 100 and isfinite(numbers[-1])):
        wanted = "a percentage" if count == 1 else "a percentage and a mean burst in packets"
        raise UsageError("loss.model", f"a loss model takes {wanted}, not '{text}'")
    return numbers


def _gilbert(text: str) -> LossModel:
    percent, burst = _numbers(text, 2)
    if not (burst >= 1 and percent < 100 and burst * (100 - percent) >= percent):
        raise UsageError("loss.model", f"no loss of {percent:g} % has a mean burst of {burst:g}")
    return GilbertLoss(percent, burst)


def _trace(path: str) -> LossModel:
    try:
        digits = "".join(Path(path).read_text(encoding="ascii").split())
    except OSError as error:
        raise InputError("loss.trace", f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        digits = ""
    if not digits or set(digits) - {"0", "1"}:
        raise InputError("loss.trace", f"{path} is no trace: it holds other than digits 0 and 1")
    return RecordedLoss(tuple(digit == "1" for digit in digits))


def _mask(text: str) -> LossModel:
    if set(text) - {"0", "1"}:
        raise UsageError("loss.model", "a mask is digits, 1 for a lost packet and 0 for others")
    return RecordedLoss(tuple(digit == "1" for digit in text))
