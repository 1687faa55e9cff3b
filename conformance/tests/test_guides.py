"""The guides do not rot: their commands run and print what is shown, their links lead somewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dredref.conformance.adapters.libopus.builds import missing
from dredref.conformance.adapters.libopus.peer import available
from dredref.conformance.tests.guides import (
    Command,
    SavedFile,
    Untried,
    agrees,
    broken_links,
    paths,
    steps,
)

ROOT = Path(__file__).parents[2]
PARTS = ("spec", "dredref", "vectors", "conformance", "tools", "Makefile", "pyproject.toml")
"""What a clone holds that commands in guides may want."""
INSIDE = ("spec", "vectors", "conformance")
"""Of those, what is installed inside ``dredref``."""
INSTALLED = ".installed"
"""Folder of a clone that stands for its editable install."""
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "conformance" / "guides").glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)
LINKING = (
    *PAGES,
    ROOT / "spec" / "document" / "rendered" / "SPEC.md",
    ROOT / "conformance" / "PROTOCOL.md",
)
SECONDS = 600


def name_of(page: Path) -> str:
    """Short name of a page."""
    return page.stem


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A folder with the project's files, as a new user has it, whose Python is this one."""
    for part in PARTS:
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            # Compiled kernels stay, so that they are not made again for each guide.
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc", "tests"))
        else:
            shutil.copy(source, target)
    package = tmp_path / INSTALLED / "dredref"
    package.mkdir(parents=True)
    for inner in (*(tmp_path / "dredref").iterdir(), *(tmp_path / top for top in INSIDE)):
        (package / inner.name).symlink_to(inner)
    yield tmp_path
    shutil.rmtree(tmp_path)


UNSET = {"FORCE_COLOR", "PYTHONUNBUFFERED"}
"""Variables that a reader has not."""


def run(command: str, folder: Path) -> tuple[int, str]:
    """Exit code and everything printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in UNSET},
        **{"PATH": path, "PYTHONPATH": str(folder / INSTALLED), "PYTHONDONTWRITEBYTECODE": "1"},
        **{"COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"},
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def lacking(need: str) -> str:
    """Why a block cannot run on this machine, or the empty string."""
    if need.startswith("libopus-"):
        name = need.removeprefix("libopus-")
        return "" if available(name) else missing(name)
    return "" if shutil.which(need) else f"no {need} on this machine"


def follow(page: Path, folder: Path) -> list[str]:
    """Do what a guide says; returns what could not be tried."""
    untried = []
    for step in steps(page.read_text("utf-8")):
        if isinstance(step, SavedFile):
            (folder / step.name).write_text(step.content)
        elif isinstance(step, Command):
            reason = lacking(step.needs) if step.needs else ""
            if reason:
                untried.append(reason)
                continue
            code, printed = run(step.text, folder)
            where = f"{page.name}:{step.line}: $ {step.text}\n{printed}"
            assert code == 0, f"exit code {code} of {where}"
            if step.shown is not None:
                assert agrees(step.shown, printed), f"shown:\n{step.shown}\nprinted by {where}"
    return untried


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_print_what_is_shown(page: Path, clone: Path) -> None:
    untried = follow(page, clone)
    if untried and os.environ.get("CI"):
        pytest.fail("; ".join(untried))
    if untried:
        pytest.skip("the rest ran; " + "; ".join(untried))


def test_targets_of_make_exist() -> None:
    """Blocks that are not run name targets that there are."""
    wanted = set()
    for page in PAGES:
        for step in steps(page.read_text("utf-8")):
            if isinstance(step, Untried):
                lines = step.text.splitlines()
                wanted |= {word[1] for word in map(str.split, lines) if word[:1] == ["make"]}
    assert wanted >= {"setup", "run", "test"}
    for target in wanted:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_links_and_paths_exist(page: Path) -> None:
    assert broken_links(page) == []
    named = paths(page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_there_are_guides() -> None:
    """An empty list of pages would pass everything above; pages of tables alone show no output."""
    shown = {
        page.stem: sum(
            step.shown is not None
            for step in steps(page.read_text("utf-8"))
            if isinstance(step, Command)
        )
        for page in PAGES
    }
    tables = {"claims", "formats", "highpass", "public-cases", "receiver"}
    assert tables < set(shown)
    assert all(count >= 2 for name, count in shown.items() if name not in tables), shown


Follow = Callable[[str], None]


@pytest.fixture
def follow_text(tmp_path: Path) -> Follow:
    """Follows a guide of one's own making, in an empty folder."""

    def do(text: str) -> None:
        page = tmp_path / "guide.md"
        page.write_text(text)
        follow(page, tmp_path)

    return do


def test_a_right_guide_is_followed(follow_text: Follow) -> None:
    follow_text(
        "Save this.\n```python file=two.py\nprint(1)\nprint(2)\n```\nand\n"
        "```console\n$ python two.py\n1\n2\n$ echo a \\\n> b\na b\n$ echo not shown\n```\n"
        "- in a list\n  ```console\n  $ printf '1\\n  2\\n'\n  1\n    2\n  ```\n"
        "```sh\nfalse\n```\n<!-- needs: no-such-program -->\n```console\n$ false\n```\n"
    )


@pytest.mark.parametrize(
    "block",
    ["$ echo 1\n2", "$ echo 1\n1\n2", "$ false", "$ echo 1; false\n1", "$ echo 12 13\n1...2"],
)
def test_a_wrong_guide_is_refused(follow_text: Follow, block: str) -> None:
    with pytest.raises(AssertionError):
        follow_text(f"```console\n{block}\n```\n")


def test_a_block_without_a_command_is_refused(follow_text: Follow) -> None:
    with pytest.raises(ValueError, match="line 2"):
        follow_text("```console\noutput\n```\n")


def test_dots_stand_for_anything() -> None:
    assert agrees("a ...\nz", "a b\nc d  \nz\n")
    assert agrees("...", "")
    assert agrees("1.5 of ...", "1.5 of 2")
    assert not agrees("1.5 of ...", "1x5 of 2")
    assert not agrees("a...", "ba")


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One & two\n[a](page.md) [b](#one--two) ![c](no.png) [d](#three) [e](page.md#four)\n"
        "`[f](code.md)` <https://x> [g](https://example.org)\n```\n[h](block.md)\n```\n"
        "`spec/no.py` `tools/x`\n"
    )
    assert broken_links(page) == ["no.png", "#three", "page.md#four"]
    assert paths(page.read_text()) == ["spec/no.py", "tools/x"]


def test_the_picture_of_a_report() -> None:
    """It is a PNG of the desktop's width, and small; tools/screenshot.py takes it."""
    content = (ROOT / "conformance" / "guides" / "report.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20], "big") == 1200
    assert 400 < int.from_bytes(content[20:24], "big") < 1600
    assert len(content) < 200 * 1024


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120
