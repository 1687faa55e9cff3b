"""A small draw of the comparison with libopus, and proof that it can fail."""

import dataclasses
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.spec import dred as spec_dred
from dredref.spec.delivered import Delivered
from dredref.spec.dred import DredPayload
from dredref.spec.errors import ParseError
from dredref.spec.extension import ExtensionArea, parse_area
from dredref.spec.tables import quantizer_tables
from dredref.streams import open_stream
from tools.libopus import compare, differ, draw

pytestmark = pytest.mark.peer


def test_the_draw_says_every_header_and_offset() -> None:
    combinations = draw.headers()
    assert len(combinations) == 863
    assert len({(q0, dQ) for q0, dQ, _ in combinations}) == 128
    offsets = {number * 2731 % draw.OFFSETS for number in range(15_000)}
    assert offsets == set(range(8192))


def test_the_draw_is_the_same_again(peer_161: Peer) -> None:
    for number in range(40):
        assert draw.payload(3, number, 12) == draw.payload(3, number, 12)
        assert draw.area(3, number, peer_161) == draw.area(3, number, peer_161)
        assert draw.packet(3, number) == draw.packet(3, number)


def test_the_draw_goes_past_the_escape_and_to_26_chunks(peer_161: Peer) -> None:
    batch = peer_161.payloads([draw.payload(1, number, 12).payload for number in range(120)])
    assert batch.summary["nb_chunks"].min() == 0
    assert batch.summary["nb_chunks"].max() == 26
    assert np.abs(batch.latents).max() > 14


@pytest.mark.parametrize("version", [10, 12])
def test_payloads_are_read_as_libopus_does(version: int, peer_161: Peer, peer_152: Peer) -> None:
    tally = compare.compare_payloads(version, 1, range(300))
    assert tally.examples == []
    assert tally.counts["DRED headers"] == 300
    assert tally.counts["chunks"] > 2000


def test_areas_are_read_as_libopus_does(peer_161: Peer) -> None:
    tally = compare.compare_areas(1, range(4000))
    assert tally.examples == []
    assert tally.counts["broken areas"] > 800
    assert tally.counts["sound areas"] > 2000


def test_packets_are_cut_as_libopus_does(peer_161: Peer) -> None:
    tally = compare.compare_packets(1, range(1000))
    assert tally.examples == []
    assert min(tally.counts["refused"], tally.counts["taken"]) > 150


STREAMS = ("v12-frame-60ms.bit", "v10-frame-120ms.bit", "v12-pause.bit", "v12-multistream.ogg")


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_read_as_libopus_does(name: str, peer_161: Peer, peer_152: Peer) -> None:
    tally = compare.compare_stream(compare.STREAMS / name)
    assert tally.examples == []
    assert tally.counts["DRED headers"] > 10


# Each takes what this project read and changes it as little as can be.
PAYLOAD_FAULTS: dict[str, Callable[[DredPayload], DredPayload]] = {
    "q0": lambda p: dataclasses.replace(p, q0=p.q0 ^ 1),
    "dQ": lambda p: dataclasses.replace(p, dQ=p.dQ ^ 1),
    "qmax": lambda p: dataclasses.replace(p, qmax=p.qmax - 1),
    "offset": lambda p: dataclasses.replace(p, offset=p.offset ^ 1),
    "extra offset": lambda p: dataclasses.replace(p, extra_offset=(p.extra_offset or 0) + 1),
    "dred_offset": lambda p: dataclasses.replace(p, frame_offset=p.frame_offset + 1),
    "state": lambda p: dataclasses.replace(p, state=(p.state[0] + 1, *p.state[1:])),
    "chunks": lambda p: dataclasses.replace(p, chunks=p.chunks[:-1]),
    "level of chunk": lambda p: with_chunk(p, level=p.chunks[-1].level + 1),
    "latents of chunk": lambda p: with_chunk(p, latents=(9, *p.chunks[-1].latents[1:])),
    "1/8 bits up to chunk": lambda p: with_chunk(p, cost=p.chunks[-1].cost + 1),
}


def with_chunk(payload: DredPayload, **changes: Any) -> DredPayload:
    """A payload whose oldest chunk is changed."""
    last = dataclasses.replace(payload.chunks[-1], **changes)
    return dataclasses.replace(payload, chunks=(*payload.chunks[:-1], last))


@pytest.mark.parametrize("what", PAYLOAD_FAULTS)
def test_a_payload_misread_is_found(
    what: str, monkeypatch: pytest.MonkeyPatch, peer_161: Peer
) -> None:
    drawn = draw.payload(1, 1105, 12)
    theirs = peer_161.payloads([drawn.payload], [drawn.frame_offset])[0]
    assert theirs.nb_chunks > 2
    assert differ.payload(drawn.payload, drawn.frame_offset, theirs, 12) is None

    def misread(*arguments: Any, **options: Any) -> DredPayload:
        return PAYLOAD_FAULTS[what](spec_dred.parse_payload(*arguments, **options))

    monkeypatch.setattr(differ, "parse_payload", misread)
    line = differ.payload(drawn.payload, drawn.frame_offset, theirs, 12)
    assert line is not None
    assert line.startswith(what)


def test_a_wrong_table_entry_is_found(monkeypatch: pytest.MonkeyPatch, peer_161: Peer) -> None:
    real = quantizer_tables(12)
    r = real.latent.r.copy()
    r[7, 2] += 1
    latent = dataclasses.replace(real.latent, r=r)
    wrong = dataclasses.replace(real, latent=latent)
    monkeypatch.setattr(spec_dred, "quantizer_tables", lambda version: wrong)
    assert compare.compare_payloads(12, 1, range(40)).differing > 0


def areas_with(change: Callable[[ExtensionArea], ExtensionArea], peer: Peer) -> str | None:
    """The difference of one area with extensions in three frames after a change."""
    data = bytes([6, 2, 255, 1, 9, 2, 8])
    found, returned = peer.extensions(data, 3)
    assert (len(found), returned) == (3, 0)
    area = change(parse_area(data, 3))
    return differ.extensions(area, [(e.id, e.frame, e.data) for e in found], returned)


def test_an_area_misread_is_found(peer_161: Peer) -> None:
    def replaced(**changes: Any) -> Callable[[ExtensionArea], ExtensionArea]:
        def change(area: ExtensionArea) -> ExtensionArea:
            second = dataclasses.replace(area.extensions[1], **changes)
            three = (area.extensions[0], second, area.extensions[2])
            return dataclasses.replace(area, extensions=Delivered([three]))

        return change

    def broken(area: ExtensionArea) -> ExtensionArea:
        error = ParseError("x.y", "planted", byte=0, clause="")
        return dataclasses.replace(area, error=error)

    def shorter(area: ExtensionArea) -> ExtensionArea:
        return dataclasses.replace(area, extensions=Delivered([area.extensions[:-1]]))

    assert areas_with(lambda area: area, peer_161) is None
    for change in (replaced(id=5), replaced(frame=2), replaced(data=b"x")):
        line = areas_with(change, peer_161)
        assert line is not None
        assert line.startswith("extension 1")
    assert "number" in (areas_with(shorter, peer_161) or "")
    assert "breaks" in (areas_with(broken, peer_161) or "")


def test_a_packet_cut_elsewhere_is_found(peer_161: Peer) -> None:
    data = bytes([0x0B, 0x41, 3, 1, 2, 0, 0, 0])
    cut = peer_161.packet(data)
    assert not isinstance(cut, int)
    assert differ.packet(data, cut) is None
    assert differ.packet(data, -4) is not None
    assert differ.packet(b"", cut) is not None
    for changes in ({"toc": 0}, {"frames": ((3, 1),)}, {"padding": None}, {"padding": (5, 2)}):
        assert differ.packet(data, dataclasses.replace(cut, **changes)) is not None


def test_a_stream_without_its_dred_is_found(peer_161: Peer) -> None:
    data = next(p for p in packets("v12-rate-16k.bit") if len(p) > 60)
    theirs = peer_161.parse([data])[0]
    assert differ.streamed(data, theirs, 12, peer_161) is None
    theirs.found = False
    assert (differ.streamed(data, theirs, 12, peer_161) or "").startswith("DRED")


def packets(name: str) -> list[bytes]:
    """The packets of a committed stream."""
    with open_stream(compare.STREAMS / name) as stream:
        return [record.packet for record in stream if record.packet is not None]


def test_the_command_prints_counts_and_ends_with_its_verdict(
    monkeypatch: pytest.MonkeyPatch, peer_161: Peer, peer_152: Peer
) -> None:
    monkeypatch.setattr(compare, "stream_paths", lambda: [Path(compare.STREAMS / STREAMS[0])])
    small = ["--payloads", "8", "--areas", "16", "--packets", "8", "--jobs", "1"]
    done = CliRunner().invoke(compare.main, small)
    assert done.exit_code == 0
    assert "extension areas" in done.output
    counts = json.loads(CliRunner().invoke(compare.main, [*small, "--json"]).output)
    assert counts["payloads, version 10"]["cases"] == 8
    assert counts["packets"]["differing"] == 0
    monkeypatch.setattr(differ, "area", lambda *_: "planted")
    done = CliRunner().invoke(compare.main, small)
    assert done.exit_code == 1
    assert "area 0 (loose): planted" in done.output


def test_processes_count_as_one_does(peer_161: Peer) -> None:
    runs = [partial(compare.compare_packets, 1, run) for run in draw.numbers(60, 3)]
    part = compare.Part("packets", "packets", 60, runs)
    alone = compare.compare(part, 1, lambda: None)
    together = compare.compare(part, 2, lambda: None)
    assert alone.counts == together.counts
