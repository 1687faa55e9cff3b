"""SRTP whose keys DTLS agreed on is decrypted with a key log: a real handshake of OpenSSL's."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dredref.spec.errors import InputError
from dredref.streams import open_stream
from dredref.streams.rtp.dtls import PROFILES, expand
from dredref.streams.tests import make
from dredref.streams.tests.inputs import packets
from dredref.streams.tests.wraps import ip4

CLIENT, SERVER = b"\xc0\0\2\1", b"\xc0\0\2\2"
NAMES = {
    "SRTP_AES128_CM_SHA1_80": 1,
    "SRTP_AES128_CM_SHA1_32": 2,
    "SRTP_AEAD_AES_128_GCM": 7,
    "SRTP_AEAD_AES_256_GCM": 8,
}
"""OpenSSL's name of a protection profile -> its number."""
SUITES = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")


def datagram(data: bytes, up: bool) -> bytes:
    """A frame between both ends."""
    ports = (4000, 5000) if up else (5000, 4000)
    packet = ip4(17, struct.pack(">HHHH", *ports, 8 + len(data), 0) + data)
    ends = CLIENT + SERVER if up else SERVER + CLIENT
    return make.ethernet(packet[:12] + ends + packet[20:])


def contexts(ssl: Any, profile: str, suite: str) -> tuple[Any, Any]:
    """Client and server with a fresh certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(1))
    ).sign(key, hashes.SHA256())
    made = [ssl.Context(ssl.DTLS_METHOD) for _ in range(2)]
    for context in made:
        context.set_cipher_list(suite.encode())
        context.set_tlsext_use_srtp(profile.encode())
    made[1].use_certificate(certificate)
    made[1].use_privatekey(key)
    return made[0], made[1]


def call(profile: str, suite: str) -> tuple[bytes, str]:
    """A capture of a handshake and a call in SRTP from the client, and the key log."""
    import pylibsrtp
    from OpenSSL import SSL as ssl  # noqa: N811

    lines: list[str] = []
    client_side, server_side = contexts(ssl, profile, suite)
    client_side.set_keylog_callback(lambda _, line: lines.append(line.decode()))
    client, server = (ssl.Connection(one, None) for one in (client_side, server_side))
    client.set_connect_state()
    server.set_accept_state()
    frames: list[bytes] = []
    open_ends = [client, server]
    for _ in range(20):
        for one, other in ((client, server), (server, client)):
            if one in open_ends:
                try:
                    one.do_handshake()
                    open_ends.remove(one)
                except ssl.WantReadError:
                    pass
            try:
                while data := one.bio_read(1500):
                    frames.append(datagram(data, one is client))
                    other.bio_write(data)
            except ssl.WantReadError:
                continue
    assert not open_ends
    number = NAMES[profile]
    name, key, salt = PROFILES[number]
    material = client.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
    chosen = {1: "AES128_CM_SHA1_80", 2: "AES128_CM_SHA1_32"}.get(number, name)
    policy = pylibsrtp.Policy(
        key=material[:key] + material[2 * key : 2 * key + salt],
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=getattr(pylibsrtp.Policy, f"SRTP_PROFILE_{chosen}"),
    )
    session = pylibsrtp.Session(policy=policy)
    frames += [datagram(session.protect(one), True) for one in make.call(packets())]
    return make.pcap(frames), "# a comment\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("profile", NAMES)
@pytest.mark.parametrize("suite", SUITES)
def test_a_key_log_decrypts(profile: str, suite: str) -> None:
    data, keylog = call(profile, suite)
    with open_stream(io.BytesIO(data), keylog=keylog) as stream:
        assert [record.packet for record in stream] == [*packets()]
        assert stream.census is not None
        assert stream.census.packets["DTLS"] >= 4


def test_the_key_log_of_another_call_does_not() -> None:
    (data, _), (_, other) = (
        call("SRTP_AES128_CM_SHA1_80", SUITES[0]),
        call("SRTP_AES128_CM_SHA1_80", SUITES[0]),
    )
    for keylog in ("", other):
        with pytest.raises(InputError) as caught:
            open_stream(io.BytesIO(data), keylog=keylog)
        assert caught.value.code == "input.encrypted"
        assert "--keylog" in str(caught.value)


def test_a_file_that_is_no_key_log() -> None:
    with pytest.raises(InputError) as caught:
        open_stream(io.BytesIO(call("SRTP_AES128_CM_SHA1_80", SUITES[0])[0]), keylog="hello\n")
    assert caught.value.code == "keylog.empty"


def test_the_pseudo_random_function() -> None:
    """A known answer for SHA-256 that is passed around among implementers of TLS 1.2."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = b"test label" + bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    expected = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
    assert expand(secret, seed, 32, "sha256").hex() == expected
