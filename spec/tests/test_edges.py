"""What no other test of the format reaches: the last branches."""

from __future__ import annotations

import pytest

from dredref.spec import packet
from dredref.spec.dred import (
    CURRENT_VERSION,
    DredPayload,
    build_payload,
    make_payload,
    parse_payload,
    reach_ms,
)
from dredref.spec.errors import BuildError, MissingExtraError, UsageError
from dredref.spec.requirements import requirement_of_code, requirements
from dredref.spec.tables import quantizer_tables

ZEROS = make_payload(12, 6, 3, 6, [0] * 50, [[0, 0, 3] + [0] * 22] * 2)


def test_reach_is_never_negative() -> None:
    assert reach_ms(6, 10) == 215
    assert reach_ms(1, 30) == 0


def test_a_payload_made_by_hand_has_no_symbols() -> None:
    bare = DredPayload(12, 6, 3, 15, 6, None, (0,) * 50, (), 0, 10)
    assert bare.used == 8


def test_a_payload_of_more_chunks_than_are_read_says_so() -> None:
    payload = build_payload(ZEROS)
    assert parse_payload(payload, 12).complete
    assert not parse_payload(payload, 12, limit=1).complete


def test_errors_print_their_code() -> None:
    assert str(UsageError("a.code", "what is wrong")) == "what is wrong [a.code]"
    missing = MissingExtraError("plots", "drawing")
    assert (missing.code, missing.extra) == ("extra.missing", "plots")


def test_a_frame_length_that_cannot_be_built() -> None:
    too_long = packet.Packet(packet.Toc(9, False, 2), (packet.Frame(b"x"),) * 2)
    with pytest.raises(BuildError):
        packet.PACKET.build(
            {"toc": {"config": 9, "stereo": False, "code": 2}, "header": {"lengths": [1276, 1]}}
        )
    assert packet.build_packet(too_long)[1] == 1


def test_padding_is_taken_away() -> None:
    padded = packet.Packet(packet.Toc(9, False, 3), (packet.Frame(b"x"),), False, b"\0\0")
    assert packet.with_padding(padded, None).padding is None


def test_requirements_know_their_group_and_code() -> None:
    first = next(iter(requirements().values()))
    assert first.group == first.id.split(".")[0]
    with pytest.raises(KeyError):
        requirement_of_code("no.such.code")


def test_tables_of_known_versions_only() -> None:
    assert quantizer_tables(CURRENT_VERSION).state.dimension == 50
    with pytest.raises(UsageError, match="version 11"):
        quantizer_tables(11)
