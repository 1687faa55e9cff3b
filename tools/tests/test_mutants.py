"""Planted faults: all can still be planted, some are caught here, and no fault is not caught."""

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
from tools.mutants.fault import Fault, faults
from tools.mutants.plant import ROOT, Catch, installed, judge, planted

STRIDE = 3
"""Of the coded table entries, every so manieth is changed."""


def named(name: str) -> Fault:
    """The fault of that name."""
    return next(fault for fault in faults() if fault.name == name)


def test_there_are_faults_of_every_layer() -> None:
    assert len(faults()) >= 90
    assert len({fault.name for fault in faults()}) == len(faults())
    asked = {group for fault in faults() for group in fault.groups}
    assert asked == set(GROUPS) - {"hostile"}


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_every_fault_can_be_planted(fault: Fault) -> None:
    text = (ROOT / fault.path).read_text("utf-8")
    planted_text = fault.plant(text)
    assert planted_text != text
    if fault.path.endswith(".py"):
        compile(planted_text, fault.path, "exec")


def test_a_copy_differs_in_one_file() -> None:
    fault = named("offset.sign")
    with planted(fault) as folder:
        copy = folder / installed(Path(fault.path))
        assert copy.read_text() != (ROOT / fault.path).read_text()
        assert (folder / "dredref/spec/packet.py").samefile(ROOT / "spec/packet.py")
    assert not folder.exists()


@pytest.mark.parametrize("name", ["offset.frame", "repeat.laced", "packet.padding", "find.last"])
def test_a_fault_is_caught(name: str) -> None:
    catch = judge(named(name), only=True)
    assert catch.caught
    assert catch.how


def test_what_is_no_fault_is_not_caught() -> None:
    line = '"""120 ms."""'
    harmless = Fault("none", "nothing", "spec/packet.py", ("packet",), line, line + "  # same")
    catch = judge(harmless, only=True)
    assert not catch.caught
    assert catch.asked == sum(1 for _ in load_suite().vectors(["packet"]))


def test_a_crash_and_a_broken_import_are_told_apart() -> None:
    old, new = "if not data:", "if data[10**9:] or 1 / 0:"
    crash = Fault("x", "x", "spec/packet.py", ("packet",), old, new)
    assert judge(crash, only=True).caught
    broken = replace(crash, old="from __future__ import annotations", new="import no_such_module")
    with pytest.raises(InputError, match=r"mutants\.judge"):
        judge(broken, only=True)


def test_a_stale_fault_is_an_error() -> None:
    with pytest.raises(InputError, match=r"mutants\.stale"):
        replace(named("offset.sign"), old="not there").plant("text")


def test_the_command_says_what_caught_which(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(main, ["packet.odd", "--json"])
    assert result.exit_code == 0, result.output
    form = json.loads(result.output)
    assert form["fault"] == "packet.odd"
    assert form["caught"][0].startswith("packet.")
    monkeypatch.setattr("tools.mutants.__main__.judge", lambda fault, all_: _missed(fault))
    result = CliRunner().invoke(main, ["packet.odd"])
    assert result.exit_code == 1
    assert "NOT CAUGHT" in result.output
    assert CliRunner().invoke(main, ["no-such-fault"]).exit_code == 2


def _missed(fault: Fault) -> Catch:
    return Catch(fault, (), 7)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["latent", "state"])
@pytest.mark.parametrize("column", ["r", "p0"])
def test_a_change_of_any_table_entry_is_caught(
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
