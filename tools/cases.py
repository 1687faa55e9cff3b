"""The log of public cases: ``python -m tools.cases --before COMMAND --after COMMAND``.

Writes the input of each case (`dredref.streams.tests.cases`) to a file, gives all of them to the
``validate --json`` of an earlier and of today's command line, and keeps what both said in
``dredref/streams/tests/data/cases.json``. Without options the page ``docs/public-cases.md`` is made
from that file alone.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from dredref.streams.tests.cases import CASES, OWN, Case

ROOT = Path(__file__).parents[1]
DATA = ROOT / "dredref" / "streams" / "tests" / "data" / "cases.json"
PAGE = ROOT / "docs" / "public-cases.md"
BEFORE = "1fb3c9b"
"""The commit that ``before`` was measured at."""

HEAD = f"""# Public cases

What people reported to public trackers about Opus in files and captures, made anew by generators of
this repository: each input is made by the function that stands beside its name in
`dredref/streams/tests/cases.py`, and holds nothing of anybody's file. The test of case NAME is
`test_right_value[NAME]` in `dredref/streams/tests/test_cases.py`; it asserts the right value, and
more of it than is written here. *Before* and *after* are what `dredref validate --json` said at
commit `{BEFORE}` and says now. `python -m tools.cases` makes this page, and measures anew with
`--before` and `--after`.

| case | reported at | what it is about | right | before | after |
|---|---|---|---|---|---|
"""


def measured(command: str) -> dict[str, str]:
    """What a command line says of each case."""
    with tempfile.TemporaryDirectory(prefix="dredref-cases-") as folder:
        paths = {case.name: Path(folder) / case.name for case in CASES}
        for case in CASES:
            paths[case.name].write_bytes(case.make())
        words = [*shlex.split(command), "validate", "--json"]
        done = subprocess.run(
            [*words, *map(str, paths.values())], capture_output=True, text=True, cwd=folder
        )
    if "Traceback (most recent call last)" in done.stderr:
        sys.exit(done.stderr)
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        found[Path(told["input"]).name] = _valued(told)
    for line in done.stderr.splitlines():
        place, _, detail = line.removeprefix("dredref: ").partition(": ")
        if Path(place).name in paths:
            found[Path(place).name] = f"refused: {detail}"
            continue
        longest = max((path for path in paths.values() if str(path) in line), key=_length)
        said = line.removeprefix("dredref: ").replace(str(longest), "the file")
        found[longest.name] = f"refused: {said}"
    return found


def _length(path: Path) -> int:
    return len(str(path))


def _valued(told: dict[str, Any]) -> str:
    """What an input gave, in a few words."""
    streams = told["streams"]
    lost = sum(stream["lost"] for stream in streams)
    packets = sum(stream["records"] for stream in streams) - lost
    said = [f"{packets} packets", f"{lost} lost"] if lost else [f"{packets} packets"]
    said += [f"{len(streams)} streams"] if len(streams) > 1 else []
    said += [] if told["valid"] else ["malformed packets"]
    notices = ", ".join(f"{code} {count}" for code, count in sorted(told["notices"].items()))
    return ", ".join(said) + (f"; {notices}" if notices else "")


def right(case: Case) -> str:
    """The right value of a case in words."""
    value = dict(case.right)
    if "error" in value:
        says = f", with “{value['says']}”" if "says" in value else ""
        return f"refused: {value['error']}{says}"
    words = {
        "packets": "{} packets",
        "at_most": "at most {} packets",
        "lost": "{} lost",
        "copies": "{} redundant copies",
        "starts": "begins at sample {}",
        "ends": "last packet at sample {}",
    }
    streams = value.get("streams", 1)
    said = [f"{streams} streams"] if streams > 1 else []
    said += [form.format(value[key]) for key, form in words.items() if value.get(key)]
    return ", ".join([*said, *sorted(value.get("codes", ()))])


def page(log: dict[str, dict[str, str]]) -> str:
    """The page of all cases."""
    rows = []
    for case in CASES:
        link = "this project" if case.source == OWN else f"[{_thread(case.source)}]({case.source})"
        cells = (case.name, link, case.about, right(case), *log[case.name].values())
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


def _thread(source: str) -> str:
    """A thread's short name: repository and number."""
    owner, name, _, number = source.split("/")[3:7]
    return f"{owner}/{name}#{number}"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--before", help="command line of the earlier state, to measure anew")
@click.option("--after", help="command line of today's state, to measure anew")
def main(before: str | None, after: str | None) -> None:
    """Make the page of public cases, measured anew if command lines are given."""
    log = json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}
    found = {
        key: measured(command)
        for key, command in (("before", before), ("after", after))
        if command is not None
    }
    made = {
        case.name: {
            key: found.get(key, {}).get(case.name, log.get(case.name, {}).get(key, "not tried"))
            for key in ("before", "after")
        }
        for case in CASES
    }
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page(made), "utf-8")


if __name__ == "__main__":
    main()
