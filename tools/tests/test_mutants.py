"""Mutants: all can still be made, some are killed here, and no mutant is not killed."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.spec.errors import InputError
from dredref.spec.tables import LEVELS, VERSIONS, QuantizerTable, quantizer_tables
from dredref.vectors.answers import answer_payload
from dredref.vectors.model import GROUPS, Exact, PayloadInput
from dredref.vectors.suite import load_suite
from tools.mutants.__main__ import main
from tools.mutants.mutant import Mutant, mutants
from tools.mutants.mutate import ROOT, Kill, installed, judge, mutated

STRIDE = 3
"""Of the coded table entries, every so manieth is changed."""


def named(name: str) -> Mutant:
    """The mutant of that name."""
    return next(mutant for mutant in mutants() if mutant.name == name)


def test_there_are_mutants_of_every_layer() -> None:
    assert len(mutants()) >= 90
    assert len({mutant.name for mutant in mutants()}) == len(mutants())
    asked = {group for mutant in mutants() for group in mutant.groups}
    assert asked == set(GROUPS) - {"hostile"}


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_every_mutant_can_be_made(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text("utf-8")
    changed = mutant.mutate(text)
    assert changed != text
    if mutant.path.endswith(".py"):
        compile(changed, mutant.path, "exec")


def test_a_copy_differs_in_one_file() -> None:
    mutant = named("offset.sign")
    with mutated(mutant) as folder:
        copy = folder / installed(Path(mutant.path))
        assert copy.read_text() != (ROOT / mutant.path).read_text()
        assert (folder / "dredref/spec/packet.py").samefile(ROOT / "spec/packet.py")
    assert not folder.exists()


@pytest.mark.parametrize("name", ["offset.frame", "repeat.laced", "packet.padding", "find.last"])
def test_a_mutant_is_killed(name: str) -> None:
    kill = judge(named(name), only=True)
    assert kill.killed
    assert kill.how


def test_what_changes_nothing_is_not_killed() -> None:
    line = '"""120 ms."""'
    harmless = Mutant("none", "nothing", "spec/packet.py", ("packet",), line, line + "  # same")
    kill = judge(harmless, only=True)
    assert not kill.killed
    assert kill.asked == sum(1 for _ in load_suite().vectors(["packet"]))


def test_a_crash_and_a_broken_import_are_told_apart() -> None:
    old, new = "if not data:", "if data[10**9:] or 1 / 0:"
    crash = Mutant("x", "x", "spec/packet.py", ("packet",), old, new)
    assert judge(crash, only=True).killed
    broken = replace(crash, old="from __future__ import annotations", new="import no_such_module")
    with pytest.raises(InputError, match=r"mutants\.judge"):
        judge(broken, only=True)


def test_a_mutant_that_hangs_is_killed_by_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.mutants.mutate.SECONDS", 6)
    old, new = "if not data:", "while data:\n        pass\n    if not data:"
    hanging = Mutant("x", "x", "spec/packet.py", ("packet",), old, new)
    kill = judge(hanging, only=True)
    assert kill.how == "no answer in time"
    assert kill.asked == len(kill.killed) == 1


def test_a_stale_mutant_is_an_error() -> None:
    with pytest.raises(InputError, match=r"mutants\.stale"):
        replace(named("offset.sign"), old="not there").mutate("text")


def test_the_command_says_what_killed_which(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(main, ["packet.odd", "--json"])
    assert result.exit_code == 0, result.output
    form = json.loads(result.output)
    assert form["mutant"] == "packet.odd"
    assert form["killed"][0].startswith("packet.")
    monkeypatch.setattr("tools.mutants.__main__.judge", lambda mutant, all_: _missed(mutant))
    result = CliRunner().invoke(main, ["packet.odd"])
    assert result.exit_code == 1
    assert "NOT KILLED" in result.output
    assert CliRunner().invoke(main, ["no-such-mutant"]).exit_code == 2


def _missed(mutant: Mutant) -> Kill:
    return Kill(mutant, (), 7)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["latent", "state"])
@pytest.mark.parametrize("column", ["r", "p0"])
def test_a_change_of_any_table_entry_is_noticed(
    monkeypatch: pytest.MonkeyPatch, version: int, kind: str, column: str
) -> None:
    """1 more in any coded entry of the tables gives another answer to some vector of its level."""
    whole = quantizer_tables(version)
    table: QuantizerTable = getattr(whole, kind)
    places = [
        (level, place)
        for level in range(LEVELS)
        for place in range(table.dimension)
        if table.coded[level, place]
    ]
    for vectors in symbol_vectors(version).values():
        assert all(answer_payload(given, version) == wanted for given, wanted in vectors)
    missed = []
    for level, place in places[::STRIDE]:
        values = getattr(table, column).copy()
        values[level, place] += 1
        other = replace(table, r=values) if column == "r" else replace(table, p0=values)
        changed = replace(whole, latent=other) if kind == "latent" else replace(whole, state=other)
        monkeypatch.setattr("dredref.spec.dred.quantizer_tables", lambda _, found=changed: found)
        vectors = symbol_vectors(version)[level]
        if all(answer_payload(given, version) == wanted for given, wanted in vectors):
            missed.append((level, place))
    assert missed == []


@cache
def symbol_vectors(version: int) -> dict[int, list[tuple[PayloadInput, object]]]:
    """The vectors of values by table entry, by level: input and expected answer."""
    by_level: dict[int, list[tuple[PayloadInput, object]]] = {}
    for vector in load_suite().vectors(["payload"], [f"payload.v{version}.symbols.*"]):
        assert isinstance(vector.input, PayloadInput)
        assert isinstance(vector.expected, Exact)
        level = int(vector.id.split(".level-")[1][:2])
        by_level.setdefault(level, []).append((vector.input, dict(vector.expected.value)))
    return by_level
