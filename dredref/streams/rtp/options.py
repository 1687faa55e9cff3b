"""What the user says of a capture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dredref.streams.rtp.sdp import SrtpKey


@dataclass(frozen=True, slots=True)
class RtpOptions:
    """What the user says of a capture.

    Attributes:
        payload_type: take this payload type to be Opus, instead of looking for one.
        ssrc: follow this source only.
        sdp: text of a session description that tells payload types and SRTP keys.
        srtp_keys: keys of SRTP.
        keylog: text of a key log, from which keys of SRTP follow where DTLS agreed on them.
    """

    payload_type: int | None = None
    ssrc: int | None = None
    sdp: str = ""
    srtp_keys: Sequence[SrtpKey] = ()
    keylog: str = ""
