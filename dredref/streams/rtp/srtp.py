"""SRTP (RFC 3711) decrypted with libsrtp, through pylibsrtp."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from dredref.extras import needs
from dredref.streams.rtp.sdp import SrtpKey

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": "SRTP_PROFILE_AES128_CM_SHA1_80",
    "AES_CM_128_HMAC_SHA1_32": "SRTP_PROFILE_AES128_CM_SHA1_32",
    "AES_256_CM_HMAC_SHA1_80": "SRTP_PROFILE_AES256_CM_SHA1_80",
    "AES_256_CM_HMAC_SHA1_32": "SRTP_PROFILE_AES256_CM_SHA1_32",
    "AEAD_AES_128_GCM": "SRTP_PROFILE_AEAD_AES_128_GCM",
    "AEAD_AES_256_GCM": "SRTP_PROFILE_AEAD_AES_256_GCM",
}
"""Crypto suite -> pylibsrtp's name of it."""

MAX_SESSIONS = 4096
"""Sources that are decrypted at a time."""

TRIES = 32
"""Packets of a source on which all keys are tried."""


class Decryptor:
    """Decrypts the packets of all sources, each with the first key that authenticates it."""

    def __init__(self, keys: Sequence[SrtpKey]) -> None:
        """Take the keys.

        Raises:
            MissingExtraError: pylibsrtp is not installed.
        """
        with needs("srtp", "decrypting SRTP"):
            import pylibsrtp
        self._library: Any = pylibsrtp
        self._keys = list(dict.fromkeys(keys))
        self._sessions: OrderedDict[object, Any] = OrderedDict()
        self._failed: dict[object, int] = {}

    def decrypt(self, source: object, packet: bytes) -> bytes | None:
        """The RTP packet in an SRTP packet; None if no key fits."""
        session = self._sessions.get(source)
        if session is not None:
            self._sessions.move_to_end(source)
            return self._unprotect(session, packet)
        if self._failed.get(source, 0) >= TRIES:
            return None
        for key in self._keys:
            session = self._session(key)
            plain = None if session is None else self._unprotect(session, packet)
            if plain is not None:
                self._sessions[source] = session
                if len(self._sessions) > MAX_SESSIONS:
                    self._sessions.popitem(last=False)
                return plain
        if len(self._failed) < MAX_SESSIONS:
            self._failed[source] = self._failed.get(source, 0) + 1
        return None

    def _session(self, key: SrtpKey) -> Any:
        """A session for one source; None if this libsrtp lacks the suite."""
        profile = getattr(self._library.Policy, PROFILES[key.suite], None)
        if profile is None:
            return None
        kind = self._library.Policy.SSRC_ANY_INBOUND
        policy = self._library.Policy(key=key.key, ssrc_type=kind, srtp_profile=profile)
        policy.window_size = 1024
        try:
            return self._library.Session(policy=policy)
        except self._library.Error:
            return None

    def _unprotect(self, session: Any, packet: bytes) -> bytes | None:
        try:
            plain: bytes = session.unprotect(packet)
        except self._library.Error:
            return None
        return plain
