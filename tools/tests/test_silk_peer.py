"""The LBRR flag against ``opus_packet_has_lbrr``."""

import random

import pytest

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.spec.errors import ParseError
from dredref.spec.packet import parse_packet
from dredref.spec.silk import has_lbrr

pytestmark = pytest.mark.peer


def packets() -> list[bytes]:
    """Every TOC before every first byte of the payload, and noise of some lengths."""
    draw = random.Random(423)
    every = [bytes([toc, first, 0, 0, 0]) for toc in range(256) for first in range(256)]
    return every + [draw.randbytes(draw.randint(1, 60)) for _ in range(20_000)]


def test_every_packet_that_parses(peer_161: Peer) -> None:
    compared = 0
    for data in packets():
        try:
            flag = has_lbrr(parse_packet(data))
        except ParseError:
            continue
        assert flag == bool(peer_161.library.opus_packet_has_lbrr(data, len(data))), data.hex()
        compared += 1
    assert compared > 30_000
