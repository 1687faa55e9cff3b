"""What SDP (RFC 8866) says of RTP: payload types, and the keys of SRTP (RFC 4568)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Media:
    """One ``m=`` section: where it is received, what its payload types are, its keys."""

    port: int
    codecs: dict[int, str] = field(default_factory=dict)
    keys: list[SrtpKey] = field(default_factory=list)


def parse_sdp(text: str) -> list[Media]:
    """The audio sections of a session description; what else it says is left alone."""
    media: list[Media] = []
    audio = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("m="):
            fields = line[2:].split()
            audio = len(fields) >= 3 and fields[0] == "audio"
            if audio:
                port = fields[1].partition("/")[0]
                media.append(Media(int(port) if port.isdecimal() else 0))
        elif audio and (found := re.match(r"a=rtpmap:(\d+)\s+([^\s/]+)", line)):
            if int(found[1]) < 128:
                media[-1].codecs[int(found[1])] = found[2]
        elif audio and (found := re.match(r"a=crypto:\d+\s+(\S+)\s+inline:([^\s|]+)", line)):
            key = _key(found[1], found[2])
            if key is not None:
                media[-1].keys.append(key)
        if len(media) >= MAX_MEDIA:
            break
    return media


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

    @property
    def keys(self) -> list[SrtpKey]:
        """All keys."""
        return [key for media in (*self.given, *self.media) for key in media.keys]
