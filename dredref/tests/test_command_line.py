"""What all commands share: suggestions, completion, progress, versions, saying what was done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from dredref.cli.progress import Lines
from dredref.conformance.main import cli
from dredref.spec.errors import UsageError
from dredref.tests.commands import run

STREAM = str(Path(str(files("dredref.spec"))) / "streams" / "v12-dred-200ms.bit")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("inspekt",), "inspect"),
        (("validat",), "validate"),
        (("vectors", "shwo"), "show"),
        (("model", "improt"), "import"),
    ],
)
def test_a_mistyped_command_is_understood(words: tuple[str, ...], meant: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert f"Did you mean {meant}" in result.stderr


def completions(*words: str) -> list[str]:
    """What a shell offers for the last word."""
    *before, last = words
    shell = ShellComplete(cli, {}, "dredref", "_DREDREF_COMPLETE")
    return [f"{one.type}:{one.value}" for one in shell.get_completions(list(before), last)]


def test_completion_of_commands_files_groups_and_ids() -> None:
    assert completions("insp") == ["plain:inspect"]
    for command in ("inspect", "validate", "decode", "conceal", "align", "report"):
        assert completions(command, "x") == ["file:x"]
    assert completions("run", "--groups", "packet,ext") == ["plain:packet,extension"]
    assert completions("run", "--impl", "ref") == ["plain:reference"]
    assert "plain:packet.code3." in completions("vectors", "show", "pack" + "et.c")
    whole = completions("vectors", "show", "packet.code3.cbr.")
    assert whole
    assert all(one.startswith("plain:packet.code3.cbr.") for one in whole)


def test_groups_are_named_in_one_way() -> None:
    def ids(*words: str) -> list[str]:
        lines = run("vectors", "list", "--json", *words).stdout.splitlines()
        return [json.loads(line)["id"] for line in lines]

    both = ids("--groups", "packet,extension")
    assert (
        both
        == ids("--groups", "packet", "--groups", "extension")
        == ids("--group", "packet", "--group", "extension")
    )
    wrong = run("vectors", "list", "--groups", "packets")
    assert isinstance(wrong.exception, UsageError)
    assert wrong.exception.code == "vectors.group"
    assert "no group 'packets'; there are: packet," in str(wrong.exception)


def test_lines_of_progress_come_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines("[bold]reading[/]", None, "records", lambda: now[0])
    for second in range(0, 31):
        now[0] = float(second)
        lines(100 * second, 5000 if second > 15 else None)
    assert capsys.readouterr().err.splitlines() == [
        "dredref: reading: 1000 records, 10 s",
        "dredref: reading: 2000 of 5000 records, 20 s",
        "dredref: reading: 3000 of 5000 records, 30 s",
    ]


def test_without_verbose_a_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "dredref.conformance.main", "validate", "--brief", STREAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert done.stderr == ""


def long_commands() -> list[str]:
    """Commands that show progress."""
    return ["validate", "encode", "inject", "align", "features", "decode", "synthesize",
            "recover", "conceal", "run"]  # fmt: skip


@pytest.mark.parametrize("name", long_commands())
def test_long_work_can_tell_its_progress(name: str) -> None:
    assert "--verbose" in run(name, "--help").stdout


def test_recover_says_what_it_did(tmp_path: Path) -> None:
    speech = tmp_path / "speech.wav"
    sentence = run("recover", STREAM, speech, "--packet", "60").stdout
    assert sentence == (
        f"{speech}: 0.24 s of speech from 6 chunks of packet 60, -215 to +25 ms from its start\n"
    )
    found = json.loads(run("recover", STREAM, speech, "--packet", "60", "--json").stdout)
    assert (found["chunks"], found["starts_ms"], found["ends_ms"]) == (6, -215, 25)


def test_decode_and_synthesize_say_what_they_did(tmp_path: Path) -> None:
    vectors, speech = tmp_path / "one.f32", tmp_path / "one.wav"
    found = json.loads(run("decode", STREAM, vectors, "--packet", "60", "--json").stdout)
    assert (found["payloads"], found["chunks"], found["vectors"]) == (1, 6, 24)
    found = json.loads(run("synthesize", vectors, speech, "--json").stdout)
    assert (found["vectors"], found["seconds"]) == (24, 0.24)
    found = json.loads(run("features", speech, tmp_path / "again.f32", "--json").stdout)
    assert found["vectors"] == 24


LIGHT = """
import sys
sys.modules.update(dict.fromkeys(("numba", "llvmlite")))
from dredref.conformance.main import main
sys.argv[0] = "dredref"
main()
"""


def light(*words: str) -> subprocess.CompletedProcess[str]:
    """The command line where numba is not installed."""
    command = [sys.executable, "-c", LIGHT, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", STREAM, "--range", "50:60"),
        ("inspect", STREAM, "--summary", "--range", "50:60"),
        ("validate", "-", "--json"),
        ("spec", "--requirements"),
        ("vectors", "show", "payload.v12.q0-06.dq-3.qmax-11"),
    ],
)
def test_reading_needs_no_compiler(words: tuple[str, ...], tmp_path: Path) -> None:
    if words[1] == "-":
        few = tmp_path / "few.jsonl"
        few.write_text('{"packet": "4b4106aafc440b010203"}\n')
        words = ("validate", str(few), "--json")
    found = light(*words)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == run(*words).stdout


def test_what_computes_says_what_is_missing_and_what_it_costs(tmp_path: Path) -> None:
    found = light("recover", "missing.bit", str(tmp_path / "x.wav"), "--packet", "1")
    assert found.returncode == 2
    assert found.stderr.splitlines()[0] == (
        "dredref: recover computes some hundred times slower than it could: "
        "numba is not installed (pip install 'dredref[compiled]')"
    )


SPEAKING = {"serve", "spec"}
"""Commands whose output is made for programs, or a document, anyway."""


def commands(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Every command of a group and of the groups in it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield name, command


def test_a_program_may_read_every_command() -> None:
    without = {
        name
        for name, command in commands(cli)
        if not any("--json" in option.opts for option in command.params)
    }
    assert without == SPEAKING


def test_a_page_of_a_stream_computes_too(tmp_path: Path) -> None:
    found = light("inspect", "missing.bit", f"--html={tmp_path / 'x.html'}")
    assert found.stderr.startswith("dredref: inspect computes some hundred times slower")
    assert light("inspect", "missing.bit").stderr.count("\n") == 1


def test_versions() -> None:
    text = run("--version").stdout
    assert "DRED versions 10 and 12" in text
    assert f"Python {sys.version.split()[0]}" in text


@pytest.mark.parametrize("width", [80, 120])
def test_help_fits_the_terminal(width: int) -> None:
    for name, command in commands(cli):
        with click.Context(
            command, info_name=name, max_content_width=width, terminal_width=width
        ) as inner:
            text = command.get_help(inner)
        assert max(map(len, text.splitlines())) <= width, name
        assert not any(line.endswith(" ") for line in text.splitlines()), name
        assert "None" not in text, name
        first = text.split("\n\n")[1].strip()
        assert first.endswith((".", ":")), name


@pytest.mark.parametrize("group", ["vectors", "diff", "model"])
def test_lists_of_commands_are_whole_sentences(group: str) -> None:
    assert "..." not in run(group, "--help").stdout.split("Commands:")[1]
