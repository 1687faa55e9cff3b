"""The documentation site and the man pages: ``python -m tools.docs docs``, or ``man``.

A page keeps the place that it has in the repository, so that its links lead to the same files on
the site. mkdocs loads this module as a hook, too: links that lead to a folder, or to a file that is
no page, become plain words.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from dredref.vectors.blob import Blob
from dredref.vectors.model import GROUPS, Vector
from dredref.vectors.suite import load_suite

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build" / "pages"
MAN = ROOT / "build" / "man"
PATTERNS = (
    "*.md",
    "docs/*.md",
    "docs/*.css",
    "conformance/*.md",
    "conformance/guides/*",
    "conformance/results/**/*",
    "conformance/examples/*",
    "spec/document/rendered/*.md",
    "spec/document/rendered/figures/*",
    "spec/schema/*.json",
    "vectors/*.md",
    "vectors/schema.json",
    "vectors/audio/PROVENANCE.json",
    "LICENSE*",
)
"""Committed files that become part of the site."""
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_SAVED = re.compile(r"^( *```\w+) file=(\S+)$", re.MULTILINE)


def stage() -> None:
    """Copy the pages, and write the reference of the Python API."""
    shutil.rmtree(PAGES, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    wanted = {path for pattern in PATTERNS for path in ROOT.glob(pattern)}
    for name in listed:
        source, target = ROOT / name, PAGES / name
        if source in wanted and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (PAGES / "docs" / "api.md").write_text(api_page(), "utf-8")
    for group in GROUPS:
        (PAGES / "vectors" / f"{group}.md").write_text(group_page(group), "utf-8")


def api_page() -> str:
    """Every public name of ``dredref``, by the module that defines it."""
    import dredref

    homes: dict[str, list[str]] = defaultdict(list)
    for name in dredref.__all__:
        home = getattr(getattr(dredref, name), "__module__", None)
        if isinstance(home, str) and home.startswith("dredref"):
            homes[home].append(name)
    lines = [
        "# Reference",
        "",
        "All of these are names of `dredref` itself: `from dredref import parse_packet`. Errors",
        "are `DredError`s with a stable `code`.",
        "",
    ]
    for home, names in sorted(homes.items()):
        lines += [f"## {home}", ""]
        lines += [line for name in sorted(names) for line in (f"::: {home}.{name}", "")]
    return "\n".join(lines)


def group_page(group: str) -> str:
    """The vectors of a group as a table for each family: id, title, level, requirements, size."""
    suite = load_suite()
    lines = ["---", "search: {exclude: true}", "---", f"# Vectors: {group}", ""]
    lines += [
        f"`dredref vectors show ID` shows a vector, `dredref run --groups {group}` runs them all.",
        "Size is the binary input in bytes.",
        "",
    ]
    for path in suite.files([group]):
        lines += [f"## {path.stem}", ""]
        lines += ["| id | title | level | requirements | size |", "|---|---|---|---|---:|"]
        for one in suite.read(path).vectors:
            names = ", ".join(f"`{name}`" for name in one.requirements)
            title = one.title.replace("|", "\\|")
            lines.append(f"| `{one.id}` | {title} | {one.level} | {names} | {_size(one)} |")
        lines.append("")
    return "\n".join(lines)


def _size(vector: Vector) -> int:
    """Bytes of a vector's binary input."""
    values = (getattr(vector.input, field.name) for field in fields(vector.input))
    return sum(len(value.read()) for value in values if isinstance(value, Blob))


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links that lead to no part of the site into words (a hook of mkdocs).

    A block that the reader saves as a file is titled with its name.
    """
    folder = (PAGES / page.file.src_uri).parent

    def link(found: re.Match[str]) -> str:
        target = found[2].partition("#")[0]
        if not target or re.match(r"[a-z]+:", target) or (folder / target).is_file():
            return found[0]
        return found[1]

    return _LINK.sub(link, _SAVED.sub(r'\1 title="\2"', markdown))


def write_man_pages() -> None:
    """A man page for each command."""
    from click_man.core import write_man_pages as write

    from dredref.conformance.main import cli

    shutil.rmtree(MAN, ignore_errors=True)
    MAN.mkdir(parents=True)
    context = click.Context(cli, info_name="dredref")
    # Commands are imported only when they are called; click-man wants to see them all.
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    cli.commands = {name: command for name, command in found.items() if command is not None}
    write("dredref", cli, version=version("dredref"), target_dir=str(MAN))


@click.command()
@click.argument("what", type=click.Choice(["docs", "man"]))
def main(what: str) -> None:
    """Build the site into build/site, or the man pages into build/man."""
    if what == "docs":
        stage()
        subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=ROOT, check=True)
    else:
        write_man_pages()


if __name__ == "__main__":
    main()
