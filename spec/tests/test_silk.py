"""The header bits of SILK frames, after the figures of RFC 6716 section 4.2.3."""

import pytest

from dredref.spec.packet import Frame, Packet, Toc
from dredref.spec.silk import LBRR_MASK, frames_lbrr, has_lbrr

# config of 10, 20, 40 and 60 ms SILK NB, and of 10 and 20 ms hybrid -> the mask, mono and stereo.
MASKS = {
    0: (0b0100_0000, 0b0101_0000),
    1: (0b0100_0000, 0b0101_0000),
    2: (0b0010_0000, 0b0010_0100),
    3: (0b0001_0000, 0b0001_0001),
    12: (0b0100_0000, 0b0101_0000),
    15: (0b0100_0000, 0b0101_0000),
    16: (0, 0),
    31: (0, 0),
}


def packet(config: int, stereo: bool, *frames: bytes) -> Packet:
    """A code-3 packet."""
    return Packet(Toc(config, stereo, 3), tuple(Frame(data) for data in frames))


@pytest.mark.parametrize("config", MASKS)
@pytest.mark.parametrize("stereo", [False, True])
def test_where_the_bits_stand(config: int, stereo: bool) -> None:
    mask = MASKS[config][stereo]
    assert LBRR_MASK[Toc(config, stereo, 0).byte] == mask
    for byte in range(256):
        assert has_lbrr(packet(config, stereo, bytes([byte, 1]))) == bool(byte & mask)


def test_only_the_first_frame_tells_of_the_packet_before() -> None:
    later = packet(9, False, b"\0\0", b"\x40\0")
    assert not has_lbrr(later)
    assert list(frames_lbrr(later)) == [False, True]


def test_an_empty_frame_holds_nothing() -> None:
    assert not has_lbrr(packet(9, False, b""))
