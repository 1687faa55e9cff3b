"""The written specification: in step with the declarations, whole, and covered by vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from dredref.conformance.document import context
from dredref.conformance.main import cli
from dredref.conformance.trail import TrailRow, trail, without_requirement
from dredref.spec.document.example import worked_example
from dredref.spec.document.render import CHAPTERS, figures, render_markdown, write
from dredref.spec.drafts import statements
from dredref.spec.requirements import Level, requirements
from dredref.vectors.model import QueryInput, Vector
from dredref.vectors.suite import DATA, Suite

RENDERED = Path(__file__).parents[2] / "spec" / "document" / "rendered"


@cache
def markdown() -> str:
    """The specification as it is rendered now."""
    return render_markdown(context())


def test_the_committed_copy_is_in_step(tmp_path: Path) -> None:
    """After a change: python -m tools.render_spec."""
    written = write(tmp_path, context())
    assert len(written) == 2 + len(figures())
    for path in written:
        assert (RENDERED / path.relative_to(tmp_path)).read_text() == path.read_text(), path.name


def test_every_requirement_stands_in_it() -> None:
    for requirement in requirements().values():
        assert f"`{requirement.id}`" in markdown()


def test_no_chapter_is_empty() -> None:
    chapters = re.split(r"^## ", markdown(), flags=re.M)[1:]
    assert len(chapters) == len(CHAPTERS)
    assert all(len(chapter) > 400 for chapter in chapters)


def test_section_numbers_follow_each_other() -> None:
    numbers = [int(found) for found in re.findall(r"^## (\d+)\.", markdown(), flags=re.M)]
    assert numbers == list(range(1, len(CHAPTERS) + 1))
    for found in re.findall(r"\(?[Ss]ections? (\d+)(?:\.(\d+))?", _own_references()):
        assert 1 <= int(found[0]) <= len(CHAPTERS)


def _own_references() -> str:
    """The text without references into RFCs."""
    return re.sub(r"RFC \d+[^.|\n]*", "", markdown())


@pytest.mark.parametrize("name", sorted(figures()))
def test_figures_are_whole(name: str) -> None:
    root = ElementTree.fromstring(figures()[name])
    assert root.get("aria-label")
    width = float(root.get("width") or 0)
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.get("x", 0)) + float(box.get("width", 0)) <= width


def test_links_of_the_page_lead_somewhere() -> None:
    page = (RENDERED / "SPEC.html").read_text()
    anchors = set(re.findall(r'id="([^"]+)"', page))
    links = re.findall(r'href="#([^"]+)"', page)
    assert links
    assert set(links) <= anchors
    assert page.count("<figure>") == len(figures())
    assert "<img" not in page


def test_the_example_accounts_for_every_bit() -> None:
    example = worked_example()
    dred = example.reading.dred
    assert dred is not None
    assert example.steps[-1].tell_frac == dred.used
    values = [int(step.meaning) for step in example.steps if step.meaning]
    named = {step.name for step in example.steps}
    assert values == [symbol.value for symbol in dred.symbols if symbol.name in named]


@cache
def vectors() -> tuple[Vector, ...]:
    """The suite without its long streams, whose checks take most of the time."""

    def is_short(vector: Vector) -> bool:
        given = vector.input
        blob = given.stream if isinstance(given, QueryInput) else None
        return blob is None or len(blob.read()) < 40_000

    return tuple(filter(is_short, Suite(DATA).vectors()))


@cache
def rows() -> tuple[TrailRow, ...]:
    """The trail over these vectors."""
    return tuple(trail(vectors()))


def test_every_must_and_should_is_kept_and_broken_by_a_vector() -> None:
    missing = [
        row.requirement.id
        for row in rows()
        if row.requirement.level is not Level.NOTE and not row.covered
    ]
    assert missing == []


def test_what_no_input_breaks_says_why() -> None:
    for row in rows():
        if row.requirement.level is not Level.NOTE:
            assert bool(row.breaking) != bool(row.reason)


def test_every_vector_names_a_requirement_that_exists() -> None:
    def unknown() -> Iterator[str]:
        for vector in Suite(DATA).vectors():
            if not set(vector.requirements) <= set(requirements()):
                yield vector.id

    assert without_requirement(Suite(DATA).vectors()) == []
    assert list(unknown()) == []


def test_the_command_prints_each_form() -> None:
    for form, sign in (
        ("--markdown", "# Opus DRED"),
        ("--html", "<!doctype html>"),
        ("--requirements", '"packet.r1"'),
        ("--wireshark", "opus_dred"),
    ):
        result = CliRunner().invoke(cli, ["spec", form])
        assert result.exit_code == 0
        assert sign in result.stdout[:2000]


def test_the_trail_is_a_page_with_every_requirement(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = vectors()
    monkeypatch.setattr(Suite, "vectors", lambda self: iter(chosen))
    page = tmp_path / "trail.html"
    assert CliRunner().invoke(cli, ["trail", "-o", str(page)]).exit_code == 0
    text = page.read_text()
    for row in rows():
        assert f'id="{row.requirement.id}"' in text
        assert not row.keeping or row.keeping[0] in text


KNOWN_SOURCE = (
    r"RFC \d+ \d|(limits of )?libopus \w+/\w+\.(c|h|sh)|this suite$|minutes of IETF|slides of IETF"
)


def test_every_requirement_names_a_true_source() -> None:
    """A draft with version and section, RFC, libopus with its file, minutes, or this suite."""
    read = {one.document for one in statements()}
    for entry in requirements().values():
        for source in entry.clause.split("; "):
            draft = re.match(r"(draft-\S+)", source)
            if draft:
                assert re.match(r"draft-[a-z-]+-\d\d section [\d\"]", source), entry.id
                assert draft[1] in read, entry.id
            else:
                assert re.match(KNOWN_SOURCE, source), (entry.id, source)


def test_limits_of_libopus_are_not_worded_as_the_drafts() -> None:
    for name in ("dred.size-max", "dred.chunks-max"):
        entry = requirements()[name]
        assert entry.level is Level.NOTE
        assert "libopus" in entry.clause
        assert "The draft sets no bound" in entry.summary
    assert requirements()["extension.padding-zero"].level is Level.MUST


def test_statements_of_drafts_lead_to_requirements() -> None:
    ids = [one.id for one in statements()]
    assert len(set(ids)) == len(ids)
    carried = {name for one in statements() for name in one.requirements}
    assert carried <= set(requirements())
    drafted = {name for name, one in requirements().items() if one.clause.startswith("draft-")}
    assert drafted <= carried
    assert all(one.requirements for one in statements() if one.status == "done")
    text = markdown()
    for one in statements():
        assert one.statement in text
        assert one.source in text
