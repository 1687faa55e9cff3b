"""SRTP is decrypted with the keys given, or those in SDP, and told as encrypted without."""

from __future__ import annotations

import base64
import io

import pytest

from dredref.spec.errors import InputError
from dredref.streams import open_stream
from dredref.streams.tests import make
from dredref.streams.tests.inputs import capture, packets

KEY = bytes(range(30))
SUITE = "AES_CM_128_HMAC_SHA1_80"


def encrypted() -> bytes:
    """A call in SRTP."""
    library = pytest.importorskip("pylibsrtp")
    profile = library.Policy.SRTP_PROFILE_AES128_CM_SHA1_80
    kind = library.Policy.SSRC_ANY_OUTBOUND
    policy = library.Policy(key=KEY, ssrc_type=kind, srtp_profile=profile)
    session = library.Session(policy=policy)
    return capture([session.protect(one) for one in make.call(packets())])


@pytest.mark.parametrize(
    "key",
    [
        KEY.hex(),
        base64.b64encode(KEY).decode(),
        f"{SUITE}:{base64.b64encode(KEY).decode()}",
    ],
)
def test_keys_decrypt(key: str) -> None:
    with open_stream(io.BytesIO(encrypted()), srtp_keys=[key]) as stream:
        assert [record.packet for record in stream] == [*packets()]


def test_keys_in_sdp_decrypt() -> None:
    inline = base64.b64encode(KEY).decode()
    sdp = "v=0\nm=audio 9 RTP/SAVP 111\na=rtpmap:111 opus/48000/2\n"
    sdp += f"a=crypto:1 {SUITE} inline:{inline}\n"
    with open_stream(io.BytesIO(encrypted()), sdp=sdp) as stream:
        assert [record.packet for record in stream] == [*packets()]


@pytest.mark.parametrize("keys", [[], [bytes(30).hex()]])
def test_without_the_key_it_is_encrypted(keys: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        open_stream(io.BytesIO(encrypted()), srtp_keys=keys)
    assert caught.value.code == "input.encrypted"


def test_a_key_that_is_none() -> None:
    with pytest.raises(InputError) as caught:
        open_stream(io.BytesIO(encrypted()), srtp_keys=["abc"])
    assert caught.value.code == "srtp.key"
