"""The files around the code say what is so: versions, options, commands, folders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from dredref.conformance.tests.guides import broken_links, paths
from dredref.tests.commands import run
from dredref.vectors.suite import SUITE_VERSION

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ACTION = ROOT / ".github" / "actions" / "test-decoder" / "action.yml"
PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "vectors/CHANGELOG.md")


def read(path: Path) -> Any:
    """A YAML file."""
    return yaml.safe_load(path.read_text())


def test_the_version_stands_in_one_place() -> None:
    version = PROJECT["version"]
    assert version in run("--version").stdout
    assert read(ROOT / "CITATION.cff")["version"] == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"## {SUITE_VERSION}" in (ROOT / "vectors" / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    assert broken_links(path) == []
    assert [one for one in paths(path.read_text()) if not (ROOT / one).exists()] == []


def scripts(jobs: dict[str, Any]) -> list[str]:
    """The commands of a workflow."""
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def test_the_workflow_calls_what_there_is() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    rules = re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    lines = [found for line in scripts(jobs) for found in re.findall(r"\bmake ([a-z ]+)", line)]
    called = {target for line in lines for target in line.split()}
    assert called <= targets
    assert any(".ci/run" in line for line in scripts(jobs))
    versions = jobs["versions"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert versions[0] == PROJECT["requires-python"].removeprefix(">=")


def test_the_step_for_others_uses_options_that_exist() -> None:
    text = "\n".join(step.get("run", "") for step in read(ACTION)["runs"]["steps"])
    used = set(re.findall(r"--[a-z]+", text.partition(" run --command")[2])) | {"--command"}
    assert used == {"--command", "--groups", "--report"}
    known = run("run", "--help").stdout
    assert all(one in known for one in used)


def test_the_step_for_others_runs(tmp_path: Path) -> None:
    """Its last command, with a harness that knows one operation and the installed program."""
    harness = ROOT / "conformance" / "running" / "tests" / "harnesses.py"
    lines = [step.get("run", "") for step in read(ACTION)["runs"]["steps"]]
    line = next(one for one in lines if " run --command" in one)
    folder = tmp_path / "dredref" / "bin"
    folder.mkdir(parents=True)
    program = folder / "dredref"
    program.write_text('#!/bin/sh\nexec "$PYTHON" -m dredref.conformance.main "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", line],
        env={
            **{"PATH": os.environ["PATH"], "PYTHON": sys.executable, "RUNNER_TEMP": str(tmp_path)},
            **{
                "HARNESS": f"{sys.executable} {harness} good",
                "VECTOR_GROUPS": "extension",
                "REPORT": str(tmp_path / "r"),
            },
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert (tmp_path / "r" / "report.md").read_text()


@pytest.mark.parametrize("name", ["wrong-answer", "specification", "vector"])
def test_templates_have_a_head(name: str) -> None:
    text = (ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.md").read_text()
    head = yaml.safe_load(text.split("---")[1])
    assert set(head) == {"name", "about"}


def test_the_container_calls_the_program() -> None:
    text = (ROOT / "Containerfile").read_text()
    assert 'ENTRYPOINT ["dredref"]' in text
    assert PROJECT["requires-python"].removeprefix(">=") in text
