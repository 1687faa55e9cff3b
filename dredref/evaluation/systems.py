"""The systems that are compared: how each is sent, and what its receiver may use.

The same speech is coded at ``OPUS_BITRATE``, wideband, in packets of 20 ms; what a system adds
comes on top, at the total rate that is stated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dredref.spec.errors import UsageError

OPUS_BITRATE = 24_000
"""Of the speech alone, in bit/s."""


@dataclass(frozen=True, slots=True)
class System:
    """A way of sending and receiving."""

    name: str
    title: str
    bitrate: int
    """Of everything together, in bit/s."""
    use: tuple[str, ...]
    """What the receiver uses besides packets and the codec (:data:`.receiver.SOURCES`)."""
    fec: bool = False
    dred: bool = False
    red: int = 0
    """Copies of earlier packets in each packet."""
    lossless: bool = False

    @property
    def opus_bitrate(self) -> int:
        """Bit rate that the encoder is asked for: copies come on top."""
        return self.bitrate // (1 + self.red)


SYSTEMS = (
    System("clean", "no loss", 24_000, (), lossless=True),
    System("classic", "classic PLC", 24_000, ()),
    System("plc", "neural PLC", 24_000, ("plc",)),
    System("lbrr", "LBRR + neural PLC", 40_000, ("lbrr", "plc"), fec=True),
    System("red1", "RED, 1 copy + neural PLC", 48_000, ("red", "plc"), red=1),
    System("red2", "RED, 2 copies + neural PLC", 72_000, ("red", "plc"), red=2),
    System("dred", "DRED + neural PLC", 56_000, ("dred", "plc"), dred=True),
    System("lbrr+dred", "LBRR + DRED", 72_000, ("lbrr", "dred", "plc"), fec=True, dred=True),
)
"""In the order of the table."""


def systems_named(names: Iterable[str]) -> tuple[System, ...]:
    """Return the systems of these names, all if there are none, in the table's order.

    Raises:
        UsageError: ``evaluate.system``.
    """
    wanted = set(names)
    known = {system.name for system in SYSTEMS}
    if wanted - known:
        raise UsageError(
            "evaluate.system",
            f"no system {', '.join(sorted(wanted - known))}: there are {', '.join(sorted(known))}",
        )
    return tuple(system for system in SYSTEMS if not wanted or system.name in wanted)
