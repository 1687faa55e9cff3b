"""DRED in its final form is found unasked by whatever reads streams."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dredref.conformance.main import cli
from dredref.payload.insert import insert_dred
from dredref.payload.reader import carried_by
from dredref.scan.values import read_values
from dredref.spec.dred import FINAL_ID
from dredref.spec.reading import read_packet
from dredref.streams import Record, create_stream, open_stream

STREAM = Path(str(files("dredref.spec").joinpath("streams/v12-dred-200ms.bit")))


def records() -> list[Record]:
    with open_stream(STREAM) as stream:
        return list(stream)[:80]


def final(packet: bytes) -> bytes:
    """The packet with its DRED in the final form."""
    payload = read_packet(packet).payload
    return insert_dred(packet, payload, final_id=FINAL_ID) if payload else packet


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream in the final form."""
    target = tmp_path_factory.mktemp("final") / "final.bit"
    with open_stream(STREAM) as stream, create_stream(target, info=stream.info) as writer:
        for record in records():
            assert record.packet is not None
            writer.write(Record(record.index, final(record.packet)))
    return target


def said(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_every_reader_finds_it(path: Path) -> None:
    given = records()
    with open_stream(path) as stream:
        found = list(stream)
    assert sum(one != two for one, two in zip(found, given, strict=True)) > 40
    carried = [(carried_by(one.packet or b""), carried_by(two.packet or b""))
               for one, two in zip(given, found, strict=True)]  # fmt: skip
    assert all(one == two for one, two in carried)
    assert sum(one is not None for one, _ in carried) > 40
    assert [dred for _, dred in read_values(found)] == [dred for _, dred in read_values(given)]


def test_commands_tell_it(path: Path, tmp_path: Path) -> None:
    told = said("validate", path)
    assert told.exit_code == 0, told.output
    assert "in its final form in" in told.output
    figures = json.loads(said("validate", "--json", path).output)["streams"][0]
    assert figures["in_final_form"] == figures["with_dred"] > 40
    rows = [json.loads(line) for line in said("inspect", "--json", path).output.splitlines()]
    assert {row["dred_id"] for row in rows if row["dred"]} == {FINAL_ID}
    assert "no DRED in" in said("inspect", "--summary", "--final-id", "100", path).output
    bare = tmp_path / "bare.bit"
    assert said("strip", path, bare).exit_code == 0
    assert "no DRED in" in said("inspect", "--summary", bare).output
