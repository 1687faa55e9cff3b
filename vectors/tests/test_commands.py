"""``dredref vectors`` on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dredref.conformance.main import cli
from dredref.vectors.suite import DATA


def run(*words: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(cli, ["vectors", *words])


def small(tmp_path: Path) -> Path:
    """A folder with one group."""
    shutil.copytree(DATA / "packet", tmp_path / "packet")
    return tmp_path


def test_list_names_each_vector_once() -> None:
    result = run("list", "--group", "packet")
    assert result.exit_code == 0
    names = [line.split()[0] for line in result.output.splitlines()]
    assert "packet.code0.basic" in names
    assert len(names) == len(set(names))


def test_list_as_json_selects() -> None:
    result = run("list", "--json", "--ids", "*.q0-06.dq-3.qmax-11")
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert [line["version"] for line in lines] == [10, 12]
    assert lines[0]["operation"] == "payload"


@pytest.mark.parametrize(
    "name",
    [
        "payload.v12.carried.skip.version-11",
        "vocoder.read.1",
        "encode.v12.plain",
        "decode.v12.zeros.q0-00",
    ],
)
def test_show_tells_what_is_asked_and_expected(name: str) -> None:
    result = run("show", name)
    assert result.exit_code == 0, result.output
    assert name in result.output
    assert "expected" in result.output


def test_show_explains_flags() -> None:
    words = " ".join(run("show", "payload.v12.carried.skip.version-11").output.split())
    assert "other tables and networks" in words


def test_show_as_json_is_the_vector() -> None:
    form = json.loads(run("show", "--json", "packet.code0.basic").output)
    assert form["input"] == {"packet": {"hex": "08aabbcc"}}


def test_an_unknown_vector_is_an_error() -> None:
    result = run("show", "packet.none")
    assert result.exit_code != 0
    assert getattr(result.exception, "code", "") == "vectors.id"


def test_verify_and_generate(tmp_path: Path) -> None:
    folder = str(small(tmp_path))
    assert run("verify", "--group", "packet", "--vectors", folder).exit_code == 0
    (tmp_path / "packet" / "rules.json").write_text("{}")
    result = run("verify", "--group", "packet", "--vectors", folder)
    assert result.exit_code == 1
    assert "rules.json" in result.output
    assert "1 files changed" in run("generate", "--group", "packet", "--vectors", folder).output
    assert run("verify", "--group", "packet", "--vectors", folder).exit_code == 0


def test_coverage_fails_where_something_is_missing(tmp_path: Path) -> None:
    result = run("coverage", "--json", "--vectors", str(small(tmp_path)))
    assert result.exit_code == 1
    form = json.loads(result.output)
    rows = {row["what"]: row for row in form["cases"]}
    assert not rows["config and channels"]["missing"]
    assert rows["id and L"]["missing"]
    kept = {row["id"]: row["covered"] for row in form["requirements"]}
    assert kept["packet.r3"]
    assert not kept["dred.chunks-none"]
    table = run("coverage", "--vectors", str(tmp_path))
    assert "missing" in table.output
