"""Telling whether payloads are Opus, RED with Opus, or as random as encrypted ones are.

Payload types for Opus are dynamic: only signalling, which a capture need not hold, says which. But
Opus keeps to a few configurations, its framing is sound, and RTP timestamps count 48 kHz samples
(RFC 7587, section 4.1): they advance by what each packet lasts. For encrypted payloads all bytes
are equally likely. So packet by packet the likelihood of what is seen under Opus is set against
that under random bytes. The product of these ratios passes a bound A on random bytes with a chance
of at most 1/A, however long one looks (Ville's inequality): that is the rate of mistakes chosen
here. `dredref.streams.rtp.simulate` counts them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from math import log

from dredref.spec.errors import ParseError
from dredref.spec.packet import MAX_DURATION_48K, parse_packet
from dredref.streams.clock import FRAME_48K
from dredref.streams.rtp.packet import RedBlock, RtpPacket, parse_red

DYNAMIC = range(96, 128)
"""Payload types for dynamic use (RFC 3551, section 3)."""

JUDGED = frozenset((*range(35, 72), *range(77, 128)))
"""Payload types that may be anything: dynamic ones, and those that are unassigned; browsers use 35
to 63 when the dynamic ones do not suffice."""

ACCEPT = log(500)
"""Logarithm of the ratio at which a source is taken for Opus."""

ACCEPT_SHORT = log(150)
"""The same for a source that ended after at most `SHORT` packets: more will not come."""

SHORT = 4

REJECT = -8.0
"""Logarithm at which it is taken for something else; it does not fall further."""

SURE = 12.0
"""It does not rise further either, so that a change shows soon."""

DOUBT = 2.0
"""Below this a source that was taken for Opus is held back again."""

HOPE = REJECT + 3
"""Above this a source that was rejected is held back, as it may be Opus now."""

_SAME_KIND, _KNOWN_KIND, _NEW_KIND = 0.75, 0.1, 0.15
"""Chances that a packet has the configuration of the one before, an earlier one, or a new one."""

_WRONG_STEP = -6.0
"""What a time step that is not the packet's length costs where every step should be one."""

_PAUSE_48K = 4800
"""Timestamps that leap by this, and five packets at least, tell of silence left out."""


def framing_odds(payload: bytes) -> float:
    """Logarithm of how much likelier Opus is than random bytes by the framing, TOC given."""
    code = payload[0] & 3
    if code == 0:
        chance = 1.0
    elif code == 1:
        chance = 0.5
    elif code == 2:
        chance = min(0.95, len(payload) / 256)
    else:
        frames = max(1, payload[1] & 63) if len(payload) > 1 else 1
        vbr, padded = (payload[1] & 0x80, payload[1] & 0x40) if len(payload) > 1 else (0, 0)
        chance = max(0.01, min(0.95, len(payload) / 256) ** (frames - 1) / 4) if vbr else 1 / frames
        chance *= min(0.95, len(payload) / 256) if padded else 1
    return (
        log(0.998 / min(chance, 0.998))
        if _is_sound(payload)
        else log(0.002 / max(1 - chance, 0.05))
    )


def _is_sound(payload: bytes) -> bool:
    """Whether the framing is that of an Opus packet."""
    try:
        parse_packet(payload)
    except ParseError:
        return False
    return True


@cache
def _first_kind_odds(frame: int, step: int | None) -> float:
    """The same for the configuration of a first packet, by its frame size and the time step."""
    if step is None:
        return 0.0
    single = sum(2 for size in FRAME_48K if size == step)
    several = sum(2 for size in FRAME_48K if size != step and step % size == 0)
    if frame == step:
        return log(0.8 / single * 64)
    if 0 < step <= MAX_DURATION_48K and step % frame == 0:
        return log(0.15 / several * 64)
    return log(0.05)


@cache
def _step_odds(step: int) -> float:
    """The same for a packet of any configuration that lasts exactly as long as a time step."""
    matching = 0.0
    for frame in FRAME_48K:
        for code, count in ((0, 1), (1, 2), (2, 2), *((3, count) for count in range(1, 49))):
            if count * frame == step <= MAX_DURATION_48K:
                matching += 2 / 256 if code < 3 else 2 / 256 / 64
    return -log(matching) if matching else _WRONG_STEP


@cache
def _layout_odds(code: int, count: int, frame: int, step: int | None) -> float:
    """The same for code and frame count, by the time until the next packet."""
    random = 1 / 4 if code < 3 else 1 / 256
    common = (0.45, 0.05, 0.05, 0.45 / (MAX_DURATION_48K // frame))[code]
    if not 0 < count * frame <= MAX_DURATION_48K:
        return log(0.0005 / random)
    if step is None:
        return log(common / random)
    duration = count * frame
    if step == duration:
        shares = {1: (0.5, 0, 0, 0.5), 2: (0, 0.3, 0.3, 0.4)}.get(count, (0, 0, 0, 1.0))
        return log(0.9 * shares[code] / random)
    if step >= max(_PAUSE_48K, 5 * duration) and step % 120 == 0 and step < 1 << 31:
        return log(0.06 * common / random)
    likely = 0.004 if 0 < step < 1 << 31 and step % 120 == 0 else 0.0005
    return log(likely * common / random)


@dataclass(slots=True)
class Evidence:
    """The logarithm of the ratio, for packets of one source and payload type in order.

    Under Opus one of two things holds, with equal chance: configurations stay the same for a while
    (``steady``), or they change at will, but no silence is left out (``exact``).
    """

    steady: float = 0.0
    exact: float = 0.0
    packets: int = 0
    _kinds: Counter[int] = field(default_factory=Counter)
    _last_kind: int = -1
    _last: tuple[int, int, bytes] | None = None
    _step: int | None = None

    def add(self, sequence: int, timestamp: int, payload: bytes) -> float:
        """Take the next packet; the logarithm with it."""
        if self._last is not None:
            steps = (sequence - self._last[0]) & 0xFFFF
            time = (timestamp - self._last[1]) & 0xFFFFFFFF
            self._step = time // steps if steps and time % steps == 0 else None
            before = self._last[2]
            if before:
                self.steady, self.exact = self._with(before, self._step)
                self._last_kind = before[0] >> 2
                self._kinds[self._last_kind] += 1
        self._last = sequence, timestamp, payload
        self.packets += 1
        return self.total

    @property
    def total(self) -> float:
        """The logarithm, the newest packet included; how long that lasts is not known yet."""
        steady, exact = self.steady, self.exact
        if self._last is not None and self._last[2]:
            steady, exact = self._with(self._last[2], self._step)
        return max(steady, exact) - log(2)

    def is_routine(self, payload: bytes) -> bool:
        """Whether a packet looks like those before it, and all is well: it need not be judged."""
        return self.steady > SURE - 1 and bool(payload) and payload[0] >> 2 in self._kinds

    @property
    def routine_kinds(self) -> int:
        """For the six highest bits of such packets' first byte a bit each."""
        return sum(1 << kind for kind in self._kinds) if self.steady > SURE - 1 else 0

    def _with(self, payload: bytes, step: int | None) -> tuple[float, float]:
        """Both logarithms with one more packet."""
        kind, code = payload[0] >> 2, payload[0] & 3
        frame = FRAME_48K[payload[0] >> 3]
        count = payload[1] & 63 if code == 3 and len(payload) > 1 else (1, 2, 2, 0)[code]
        framing = framing_odds(payload)
        if not self._kinds:
            odds = _first_kind_odds(frame, step)
        elif kind == self._last_kind:
            odds = log(_SAME_KIND * 64)
        elif kind in self._kinds:
            odds = log(_KNOWN_KIND / len(self._kinds) * 64)
        else:
            odds = log(_NEW_KIND) + _first_kind_odds(frame, step)
        steady = self.steady + odds + _layout_odds(code, count, frame, step) + framing
        exact = self.exact + framing
        if step is not None:
            exact += _step_odds(step) if step == count * frame else _WRONG_STEP
        return min(SURE, max(REJECT, steady)), min(SURE, max(REJECT, exact))


@dataclass(slots=True)
class RedEvidence:
    """The same for RED with Opus inside."""

    primary: Evidence = field(default_factory=Evidence)
    headers: float = 0.0
    inner: int = -1

    def add(self, packet: RtpPacket, blocks: list[RedBlock] | None) -> float:
        """Take the next packet and its blocks; the logarithm with it."""
        if blocks is None or blocks[-1].payload_type not in DYNAMIC or not blocks[-1].data:
            self.headers = max(REJECT, min(0.0, self.headers) - 5)
            return self.total
        inner = blocks[-1].payload_type
        if self.inner < 0:
            self.inner = inner
        elif inner == self.inner:
            self.headers = min(SURE, self.headers + log(0.95 * 128))
        else:
            self.headers = max(REJECT, self.headers - 4)
        self.primary.add(packet.sequence, packet.timestamp, blocks[-1].data)
        return self.total

    @property
    def total(self) -> float:
        """The logarithm; without sound headers nothing speaks for RED."""
        return min(self.primary.total, 0.0 if self.headers < 0 else SURE) + min(0.0, self.headers)


def red_blocks(packet: RtpPacket) -> list[RedBlock] | None:
    """The blocks of a packet that may be RED: all of one payload type, and not its own."""
    blocks = parse_red(packet.payload)
    if blocks is None or blocks[-1].payload_type == packet.payload_type:
        return None
    return blocks


def looks_random(payloads: list[bytes]) -> bool:
    """Whether the first bytes of payloads differ as much as those of encrypted ones.

    A codec or a payload format begins with bytes that come again and again.
    """
    for place in range(2):
        values = [payload[place] for payload in payloads if len(payload) > place]
        different = 256 * (1 - (1 - 1 / 256) ** len(values))
        if len(set(values)) < 0.8 * different - 0.5:
            return False
    return True
