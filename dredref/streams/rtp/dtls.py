"""Keys of SRTP that DTLS agreed on (RFC 5764), from a key log and the handshake in the capture.

A key log (``SSLKEYLOGFILE``, as browsers and OpenSSL write it) names the master secret of a
DTLS 1.2 handshake by the random number of its ClientHello. That of the ServerHello, and the
protection profile, stand in the capture unencrypted. DTLS 1.3 encrypts it, and is not read.
"""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from dredref.spec.errors import InputError
from dredref.streams.capture.segment import Segment
from dredref.streams.rtp.sdp import SrtpKey

PROFILES = {
    0x0001: ("AES_CM_128_HMAC_SHA1_80", 16, 14),
    0x0002: ("AES_CM_128_HMAC_SHA1_32", 16, 14),
    0x0007: ("AEAD_AES_128_GCM", 16, 12),
    0x0008: ("AEAD_AES_256_GCM", 32, 12),
}
"""Number of a protection profile (RFC 5764, 7714) -> suite, bytes of key and of salt."""

SHA384_SUITES = frozenset((*range(0x009D, 0x00B4, 2), *range(0xC024, 0xC033, 2)))
"""Cipher suites whose pseudo-random function is of SHA-384 (RFC 5288, 5289, 5487); of the others
SHA-256 (RFC 5246, section 5)."""

LABEL = b"EXTRACTOR-dtls_srtp"
USE_SRTP = 14
RECORD, MESSAGE = 13, 12
"""Bytes of the headers of a DTLS record and of a handshake message (RFC 6347)."""

HANDSHAKE, CLIENT_HELLO, SERVER_HELLO = 22, 1, 2
MAX_HANDSHAKES = 4096
"""Handshakes that are followed at a time."""

_LINE = re.compile(r"CLIENT_RANDOM ([0-9a-fA-F]{64}) ([0-9a-fA-F]{96})")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a ServerHello chose."""

    random: bytes
    suite: int
    profile: int


class DtlsKeys:
    """Follows the handshakes of a capture."""

    def __init__(self, keylog: str = "") -> None:
        """Take the text of a key log.

        Raises:
            InputError: ``keylog.empty`` if it names no master secret.
        """
        lines = (_LINE.fullmatch(line.strip()) for line in keylog.splitlines())
        self._masters = {
            bytes.fromhex(line[1]): bytes.fromhex(line[2]) for line in lines if line is not None
        }
        if keylog and not self._masters:
            detail = "the key log has no line CLIENT_RANDOM with a master secret (DTLS 1.2)"
            raise InputError("keylog.empty", detail)
        self._clients: OrderedDict[object, bytes] = OrderedDict()
        self.keys: list[SrtpKey] = []

    def add(self, segment: Segment) -> None:
        """Take a datagram of DTLS; ``keys`` holds what follows from it."""
        if not self._masters:
            return
        sender = segment.source, segment.source_port
        target = segment.target, segment.target_port
        for kind, body in _messages(segment.payload):
            if kind == CLIENT_HELLO and len(body) >= 34:
                self._clients[sender, target] = body[2:34]
                if len(self._clients) > MAX_HANDSHAKES:
                    self._clients.popitem(last=False)
            elif kind == SERVER_HELLO:
                hello = _server_hello(body)
                client = self._clients.get((target, sender))
                master = self._masters.get(client or b"")
                if hello is not None and client is not None and master is not None:
                    self.keys += [
                        key for key in srtp_keys(master, client, hello) if key not in self.keys
                    ]


def srtp_keys(master: bytes, client_random: bytes, hello: Hello) -> list[SrtpKey]:
    """The keys of client and server (RFC 5764, section 4.2); none of a profile not known here."""
    if hello.profile not in PROFILES:
        return []
    suite, key, salt = PROFILES[hello.profile]
    digest = "sha384" if hello.suite in SHA384_SUITES else "sha256"
    seed = LABEL + client_random + hello.random
    material = expand(master, seed, 2 * (key + salt), digest)
    salts = material[2 * key :]
    return [
        SrtpKey(suite, material[place * key :][:key] + salts[place * salt :][:salt])
        for place in (0, 1)
    ]


def expand(secret: bytes, seed: bytes, size: int, digest: str) -> bytes:
    """The pseudo-random function of TLS 1.2 (RFC 5246, section 5)."""
    made, step = b"", seed
    while len(made) < size:
        step = hmac.digest(secret, step, digest)
        made += hmac.digest(secret, step + seed, digest)
    return made[:size]


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The handshake messages that begin in a datagram and are not encrypted: kind and body."""
    at = 0
    while at + RECORD <= len(data):
        size = int.from_bytes(data[at + 11 : at + 13], "big")
        body = data[at + RECORD : at + RECORD + size]
        if data[at] == HANDSHAKE and data[at + 3 : at + 5] == b"\0\0":
            yield from _in_record(body)
        at += RECORD + size


def _in_record(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of a record; of one in several parts, its first part."""
    at = 0
    while at + MESSAGE <= len(data):
        offset = int.from_bytes(data[at + 6 : at + 9], "big")
        size = int.from_bytes(data[at + 9 : at + 12], "big")
        if not offset:
            yield data[at], data[at + MESSAGE : at + MESSAGE + size]
        at += MESSAGE + size


def _server_hello(body: bytes) -> Hello | None:
    """What a ServerHello chose; None if it speaks of no SRTP."""
    if len(body) < 38:
        return None
    at = 35 + body[34]
    suite, at = int.from_bytes(body[at : at + 2], "big"), at + 5
    while at + 4 <= len(body):
        kind, size = (int.from_bytes(body[place : place + 2], "big") for place in (at, at + 2))
        if kind == USE_SRTP and size >= 4:
            return Hello(body[2:34], suite, int.from_bytes(body[at + 6 : at + 8], "big"))
        at += 4 + size
    return None
