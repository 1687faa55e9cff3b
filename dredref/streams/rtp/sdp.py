"""What SDP (RFC 8866) says of RTP: payload types, how much DRED, and keys of SRTP (RFC 4568)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeAlias

from dredref.spec.errors import InputError

MAX_MEDIA = 1024
"""Media descriptions that are kept of one capture."""


@dataclass(frozen=True, slots=True)
class SrtpKey:
    """A master key with its salt.

    Attributes:
        suite: name of the crypto suite, as in SDP.
        key: master key and salt, end to end.
    """

    suite: str
    key: bytes


KEY_BYTES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AES_256_CM_HMAC_SHA1_80": 46,
    "AES_256_CM_HMAC_SHA1_32": 46,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"""Crypto suite -> bytes of master key and salt (RFC 4568, 6188, 7714)."""


SENDS, TAKES = "sprop-ext32-dred-duration", "ext32-dred-duration"
"""Media type parameters of DRED (draft-ietf-mlcodec-opus-dred-01, Opus Media Type Update)."""
LONGEST_MS = 1 << 31


@dataclass(frozen=True, slots=True)
class DredDurations:
    """How much DRED one end of a session speaks of; None where it does not.

    Attributes:
        sends_ms: the most that its encoder will provide.
        takes_ms: the most that it can use of what it is sent.
    """

    sends_ms: int | None = None
    takes_ms: int | None = None


End: TypeAlias = tuple[str, int]
"""Address and port."""


@dataclass(slots=True)
class Media:
    """One ``m=`` section: where it is received, what its payload types are, its keys."""

    port: int
    codecs: dict[int, str] = field(default_factory=dict)
    keys: list[SrtpKey] = field(default_factory=list)
    address: str = ""
    """Where it is received, as ``c=`` says."""
    formats: dict[int, str] = field(default_factory=dict)
    """Payload type -> what its ``a=fmtp`` says."""

    def at(self, end: End, other: End) -> bool:
        """Whether it is received at one end; the address decides where both ports are the same."""
        if self.port != end[1]:
            return False
        return end[1] != other[1] or self.address in ("", end[0])

    def durations(self) -> dict[int, DredDurations]:
        """Payload type -> how much DRED, of those that are Opus."""
        opus = [kind for kind, codec in self.codecs.items() if codec.lower() == "opus"]
        return {kind: _durations(self.formats.get(kind, "")) for kind in opus}


def _durations(text: str) -> DredDurations:
    """The parameters of DRED among those of a format; a value that is no number says nothing."""
    given: dict[str, int] = {}
    for parameter in text.split(";"):
        name, _, value = parameter.partition("=")
        name, value = name.strip().lower(), value.strip()
        if value.isascii() and value.isdecimal() and int(value[:11]) < LONGEST_MS:
            given.setdefault(name, int(value[:11]))
    return DredDurations(given.get(SENDS), given.get(TAKES))


def parse_sdp(text: str) -> list[Media]:
    """The audio sections of a session description; what else it says is left alone."""
    media: list[Media] = []
    audio = False
    address = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("m="):
            fields = line[2:].split()
            audio = len(fields) >= 3 and fields[0] == "audio"
            if audio:
                port = fields[1].partition("/")[0]
                media.append(Media(int(port) if port.isdecimal() else 0, address=address))
        elif found := re.match(r"c=IN IP[46] ([^\s/]+)", line):
            if audio:
                media[-1].address = _text(found[1])
            elif not media:
                address = _text(found[1])
        elif audio and (found := re.match(r"a=rtpmap:(\d+)\s+([^\s/]+)", line)):
            if int(found[1]) < 128:
                media[-1].codecs[int(found[1])] = found[2]
        elif audio and (found := re.match(r"a=fmtp:(\d{1,3})\s+(.*)", line)):
            if int(found[1]) < 128:
                media[-1].formats.setdefault(int(found[1]), found[2])
        elif audio and (found := re.match(r"a=crypto:\d+\s+(\S+)\s+inline:([^\s|]+)", line)):
            key = _key(found[1], found[2])
            if key is not None:
                media[-1].keys.append(key)
        if len(media) >= MAX_MEDIA:
            break
    return media


def _text(address: str) -> str:
    """An address as flows name it."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return "" if found.is_unspecified else str(found) if found.version == 4 else f"[{found}]"


def _key(suite: str, text: str) -> SrtpKey | None:
    """A key in base64 or hexadecimal; None if it is neither or of another length."""
    wanted = KEY_BYTES.get(suite.upper())
    if wanted is None:
        return None
    for decode in (bytes.fromhex, lambda value: base64.b64decode(value, validate=True)):
        try:
            key = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == wanted:
            return SrtpKey(suite.upper(), key)
    return None


def parse_key(text: str) -> SrtpKey:
    """A key as users give it: ``[SUITE:]KEY`` with the key in base64 or hexadecimal.

    Raises:
        InputError: ``srtp.key``.
    """
    suite, colon, value = text.rpartition(":")
    suites = [suite] if colon else list(KEY_BYTES)
    for one in suites:
        key = _key(one, value.removeprefix("inline").lstrip(":").partition("|")[0])
        if key is not None:
            return key
    known = ", ".join(f"{name} ({size} bytes)" for name, size in KEY_BYTES.items())
    raise InputError("srtp.key", f"no SRTP key in base64 or hexadecimal for any of {known}")


class Signalling:
    """All session descriptions of a capture, and those that the user gives."""

    def __init__(self, given: str = "") -> None:
        """Begin with the text of a session description.

        Raises:
            InputError: ``sdp.empty`` if it has no audio section.
        """
        self.given = parse_sdp(given)
        if given and not self.given:
            raise InputError("sdp.empty", "the SDP has no audio section (m=audio ...)")
        self.media: list[Media] = []

    def add(self, message: bytes) -> None:
        """Take a message of SIP or RTSP, which may hold a description."""
        _, _, body = message.partition(b"\r\n\r\n")
        if body.lstrip().startswith(b"v=0") and len(self.media) < MAX_MEDIA:
            self.media += parse_sdp(body.decode("utf-8", "replace"))

    def codecs(self, ports: tuple[int, ...]) -> dict[int, str]:
        """Payload type -> codec for a source between two ports."""
        found: dict[int, str] = {}
        for media in self.media:
            if media.port in ports:
                found |= media.codecs
        for media in self.given:
            found |= media.codecs
        return found

    def durations(self, source: End, target: End) -> dict[int, DredDurations]:
        """Payload type -> how much DRED was announced for what goes from one end to the other.

        The description of the end that sends says what is sent, that of the other what can be
        used. One that the user gives and that names neither is taken for both.
        """
        sends: dict[int, int | None] = {}
        takes: dict[int, int | None] = {}
        for media in (*self.media, *self.given):
            anywhere = media in self.given and media.port not in (source[1], target[1])
            for kind, found in media.durations().items():
                if anywhere or media.at(source, target):
                    sends[kind] = found.sends_ms
                if anywhere or media.at(target, source):
                    takes[kind] = found.takes_ms
        return {
            kind: DredDurations(sends.get(kind), takes.get(kind)) for kind in sends.keys() | takes
        }

    @property
    def keys(self) -> list[SrtpKey]:
        """All keys."""
        return [key for media in (*self.given, *self.media) for key in media.keys]
