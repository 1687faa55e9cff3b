"""``dredref run`` and ``dredref smoke``: exit codes, selection, output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dredref.conformance.cli.run import run
from dredref.conformance.cli.smoke import smoke
from dredref.conformance.record import read_run
from dredref.spec.errors import DredError

HARNESS = Path(__file__).parents[1] / "running" / "tests" / "harnesses.py"
SELECTION = ["--ids", "extension.short.*", "--ids", "packet.r?.*"]


def invoke(command: object, *arguments: str | Path) -> Result:
    """Run a command."""
    return CliRunner().invoke(command, [str(one) for one in arguments])  # type: ignore[arg-type]


def code_of(done: Result) -> str:
    """The code of the error that ended a command; such errors become exit code 2."""
    assert isinstance(done.exception, DredError), done.output
    return done.exception.code


def test_reference_passes_a_selection(tmp_path: Path) -> None:
    done = invoke(run, "--impl", "reference", *SELECTION, "--jobs", "2", "--report", tmp_path)
    assert done.exit_code == 0, done.output
    assert "partly tested" in done.output
    found = read_run(tmp_path / "results.jsonl")
    assert not found.failed
    assert found.tested == len(found.results)
    assert list(found.selection["ids"]) == SELECTION[1::2]
    assert {result.group for result in found.results} == {"packet", "extension"}
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_failures_give_exit_code_1_and_are_listed() -> None:
    command = f"{sys.executable} {HARNESS} good"
    done = invoke(run, "--command", command, "--groups", "extension", "--ids", "*short*")
    assert done.exit_code == 1
    assert "not conformant" in done.output
    assert "extensions count: expected" in done.output
    done = invoke(run, "--command", command, "--ids", "extension.short.*", "--json")
    said = json.loads(done.output)
    assert said["failed"]
    assert said["verdicts"]["bitstream"] == "not conformant"


def test_nothing_supported_is_no_failure_and_no_conformance() -> None:
    command = f"{sys.executable} {HARNESS} good"
    done = invoke(run, "--command", command, "--groups", "packet")
    assert done.exit_code == 0
    assert "nothing was tested" in done.output
    done = invoke(run, "--command", command, "--groups", "packet", "--json")
    said = json.loads(done.output)
    assert said["tested"] == 0
    assert set(said["verdicts"].values()) == {"not tested"}


def test_one_passed_vector_is_not_called_conformant() -> None:
    done = invoke(run, "--impl", "reference", "--ids", "packet.code0.basic", "--json")
    said = json.loads(done.output)
    assert "conformant" not in said
    assert said["counts"]["pass"] == said["tested"] == 1
    assert said["verdicts"]["bitstream"] == "partly tested"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "run.impl"),
        (["--impl", "reference", "--command", "x"], "run.impl"),
        (["--impl", "none"], "run.impl"),
        (["--command", ""], "run.impl"),
        (["--command", "false"], "run.start"),
        (["--command", "./no-such-program"], "run.start"),
        (["--command", "x {input} {output}"], "run.operation"),
        (["--impl", "reference", "--groups", "none"], "vectors.group"),
        (["--impl", "reference", "--ids", "none.*"], "run.selection"),
        (["--impl", "reference", "--vectors", "no-such-folder"], "vectors.missing"),
    ],
)
def test_wrong_usage(arguments: list[str], code: str) -> None:
    assert code_of(invoke(run, *arguments)) == code


def test_smoke() -> None:
    done = invoke(smoke, "--impl", "reference")
    assert done.exit_code == 0, done.output
    for operation in ("packet", "extension", "payload", "decode", "vocode", "query"):
        assert operation in done.output
    command = f"{sys.executable} {HARNESS} good"
    as_json = invoke(smoke, "--command", command, "--json")
    assert as_json.exit_code == 0
    form = json.loads(as_json.stdout)
    assert form["answered"]
    assert form["operations"]["extension"]["outcome"] == "fail"
    assert code_of(invoke(smoke, "--command", f"{sys.executable} {HARNESS} start-exit"))


def test_command_templates_run(tmp_path: Path) -> None:
    program = tmp_path / "p.py"
    program.write_text("import sys\nopen(sys.argv[2], 'w').write('{\"reject\": {}}')\n")
    command = f"{sys.executable} {program} {{input}} {{output}}"
    done = invoke(
        run, "--command", command, "--operation", "packet", "--ids", "packet.r?.*", "--jobs", "2"
    )
    assert done.exit_code == 0, done.output
