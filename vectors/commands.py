"""``dredref vectors``: list the suite, show a vector, make the suite again, and what it covers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dredref.cli.groups import SuggestingGroup
from dredref.cli.options import json_option, stdout, tell
from dredref.cli.progress import progress, verbose_option
from dredref.cli.tables import plain_table
from dredref.spec.errors import UsageError
from dredref.vectors.blob import Blob
from dredref.vectors.form import vector_to_json
from dredref.vectors.generate import Difference, Notice
from dredref.vectors.model import Vector
from dredref.vectors.options import complete_ids, folder_option, groups_option, ids_option
from dredref.vectors.suite import DATA, load_suite
from dredref.vectors.wire import remarks_on

SHOWN = 160
"""Characters of a value that are shown to people."""


@click.group(cls=SuggestingGroup)
def vectors() -> None:
    """List, show, regenerate and export the conformance vectors."""


@vectors.command("list")
@groups_option
@ids_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@folder_option
def list_(
    groups: tuple[str, ...], ids: tuple[str, ...], as_json: bool, folder: Path | None
) -> None:
    """List vectors: id, level, version and title."""
    chosen = list(load_suite(folder).vectors(groups or None, ids))
    width = max((len(vector.id) for vector in chosen), default=0)
    for vector in chosen:
        if as_json:
            keys = ("id", "title", "level", "clauses", "requirements", "flags", "version")
            form = vector_to_json(vector)
            line = {key: form[key] for key in (*keys, "operation")}
            click.echo(json.dumps(line, ensure_ascii=False))
        else:
            version = "  " if vector.version is None else vector.version
            click.echo(f"{vector.id:{width}} {vector.level:6} {version}  {vector.title}")


@vectors.command()
@click.argument("name", metavar="ID", shell_complete=complete_ids)
@click.option("--json", "as_json", is_flag=True, help="The vector as it stands in its file.")
@folder_option
def show(name: str, as_json: bool, folder: Path | None) -> None:
    """Show one vector: input, expected answer, and requirements."""
    vector = load_suite(folder).find(name)
    if as_json:
        click.echo(json.dumps(vector_to_json(vector), ensure_ascii=False, indent=1))
        return
    stdout.print(vector.id, style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in _lines(vector):
        table.add_row(label, text)
    stdout.print(table)


def _lines(vector: Vector) -> Iterator[tuple[str, str]]:
    """What people want to know of a vector."""
    yield "title", vector.title
    yield "level", vector.level
    yield "version", "any" if vector.version is None else str(vector.version)
    yield "clauses", ", ".join(vector.clauses)
    yield "requirements", ", ".join(vector.requirements) or "none in particular"
    for flag in vector.flags:
        yield flag, vector.notes[flag]
    for remark in remarks_on(vector):
        yield "remark", remark
    yield "operation", vector.operation
    for label, record in (("input", vector.input), ("expected", vector.expected)):
        kind = getattr(record, "kind", "")
        yield label, kind
        for item in fields(record):
            value = getattr(record, item.name)
            if value is not None:
                yield f"  {item.name}", _short(value)


def _short(value: Any) -> str:
    """A value on one line, bytes with their size."""
    if isinstance(value, Blob):
        content = value.read()
        text = f"{len(content)} bytes {content.hex(' ')}"
    else:
        text = json.dumps(value, default=dict, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


@vectors.command()
@groups_option
@folder_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@verbose_option
def verify(groups: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Compare the committed files with what the generators make."""
    from dredref.vectors.generate import verify as verify_files  # the generators take time to load

    with _progress() as notice:
        found = verify_files(folder or DATA, groups or None, notice)
    _tell(found, as_json)
    if found:
        sys.exit(1)
    if not as_json:
        click.echo("every file is as the generators make it")


@vectors.command()
@groups_option
@folder_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@verbose_option
def generate(groups: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Regenerate the files of the suite that differ."""
    from dredref.vectors.generate import write

    with _progress() as notice:
        found = write(folder or DATA, groups or None, notice)
    _tell(found, as_json)
    if not as_json:
        click.echo(f"{len(found)} files changed")


def _tell(found: list[Difference], as_json: bool) -> None:
    if as_json:
        files = [{"path": str(one.path), "what": one.what} for one in found]
        click.echo(json.dumps({"files": files}))
        return
    for difference in found:
        click.echo(f"{difference.what:10} {difference.path}")


@contextmanager
def _progress() -> Iterator[Notice]:
    """Tell the file that is being made."""
    with progress("files", unit="files") as update:
        count = iter(range(1 << 31))
        yield lambda path: update(next(count), what=escape(path))


@vectors.command(short_help="Export the vectors.")
@click.option(
    "--upstream",
    "target",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files that upstream's script for DRED vectors expects.",
)
@click.option(
    "--zip",
    "archive",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Zip file for the whole suite, its schema and instructions.",
)
@json_option
@folder_option
def export(target: Path | None, archive: Path | None, folder: Path | None, as_json: bool) -> None:
    """Export the vectors: all of them for any language, or the files of upstream's script."""
    if (target is None) == (archive is None):
        raise UsageError("vectors.export", "say one of --zip FILE and --upstream DIR")
    suite = load_suite(folder)
    if archive is not None:
        from dredref.vectors.archive import write_archive

        count, place = write_archive(suite, archive), archive
    elif target is not None:
        from dredref.vectors.export import export_upstream

        count, place = export_upstream(suite, target), target
    tell({"written": str(place), "files": count}, f"{count} files in {place}", as_json)


@vectors.command(short_help="Show what the vectors cover.")
@groups_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@folder_option
def coverage(groups: tuple[str, ...], as_json: bool, folder: Path | None) -> None:
    """Show which cases and requirements the vectors cover; exit code 1 if any is missing."""
    from dredref.vectors.coverage import IMPLEMENTATION, is_covered, requirement_coverage
    from dredref.vectors.coverage import coverage as count

    listed = list(load_suite(folder).vectors())
    rows = [row for row in count(listed) if not groups or row.group in groups]
    needs = requirement_coverage(listed)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "cases": [
                        {
                            "group": row.group,
                            "what": row.what,
                            "wanted": row.wanted,
                            "found": row.found,
                            "missing": list(row.missing),
                        }
                        for row in rows
                    ],
                    "requirements": [
                        {
                            "id": row.requirement.id,
                            "level": str(row.requirement.level),
                            "keeping": len(row.keeping),
                            "breaking": len(row.breaking),
                            "covered": is_covered(row),
                        }
                        for row in needs
                    ],
                },
                indent=1,
            )
        )
    else:
        cases = plain_table("group", "cases", "wanted", "found", "missing")
        for row in rows:
            missing = ", ".join(map(str, row.missing[:4]))
            cases.add_row(row.group, row.what, str(row.wanted), str(row.found), missing)
        stdout.print(cases)
        table = plain_table("requirement", "level", "keep it", "break it", "")
        for need in needs:
            known = need.requirement
            kept, broken = str(len(need.keeping)), str(len(need.breaking))
            if known.check == IMPLEMENTATION:
                broken = "by answers"
            remark = "" if is_covered(need) else "missing"
            table.add_row(known.id, str(known.level), kept, broken, remark)
        stdout.print(table)
    if any(row.missing for row in rows) or not all(map(is_covered, needs)):
        sys.exit(1)
