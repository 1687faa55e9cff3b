"""Reports hold what they must, escape what they are given, and stay small."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from dredref.conformance.cli.report import report
from dredref.conformance.outcome import Outcome
from dredref.conformance.record import Run, read_run, write_run
from dredref.conformance.report.markdown import comparison_markdown, markdown
from dredref.conformance.report.side_by_side import compare_html
from dredref.conformance.report.views import CARDS, groups
from dredref.conformance.report.write import FILES, vectors_of, write_report
from dredref.conformance.report.write import html as page_of
from dredref.pictures.images import png
from dredref.spec.errors import InputError, UsageError
from dredref.vectors.suite import Suite

Example = tuple[Run, Suite]


def outcomes(run: Run) -> dict[str, Outcome]:
    """Outcome of each vector."""
    return {result.id: result.outcome for result in run.results}


def test_the_example_has_every_outcome(example: Example) -> None:
    found = outcomes(example[0])
    assert set(found.values()) == set(Outcome)
    assert found["extension.should.one"] is Outcome.NONSTRICT
    assert found["extension.skipped.one"] is Outcome.SKIPPED
    assert found["decode.fail.one"] is Outcome.FAIL


@pytest.fixture(scope="module")
def page(example: Example) -> str:
    """The page of the example."""
    run, suite = example
    return page_of(run, vectors_of(run, suite))


def test_page_has_every_part(page: str, example: Example) -> None:
    for name in ("verdicts", "matrix", "findings", "vectors", "environment"):
        assert f'<section id="{name}">' in page
    for result in example[0].results:
        assert f'id="v-{result.id}"' in page
        assert html.escape(result.title) in page
    for text in ("Reference, spectrogram", "Candidate, wave", "Difference", "Bits of each chunk"):
        assert text in page
    assert page.count("data:audio/flac;base64,") == 4
    assert "of 0.25" in page
    assert "Note on Repeat" in page


def test_nothing_escapes_the_escaping(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert page.count("<script>") == 1


def test_page_stands_alone(page: str) -> None:
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", page)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_dumps_mark_fields(page: str) -> None:
    assert 'class="b k-extension" title="extension 3, frame 0: id and length"' in page
    assert 'title="prefix and version"' in page
    assert 'title="chunk 0, level' in page


def test_all_files_are_written_and_read_again(example: Example, tmp_path: Path) -> None:
    run, suite = example
    folder = tmp_path / "deep" / "report"
    write_report(run, folder, suite)
    assert {path.name for path in folder.iterdir()} == set(FILES)
    found = read_run(folder / "results.jsonl")
    assert outcomes(found) == outcomes(run)
    again = page_of(found, vectors_of(found, suite))
    assert again == (folder / "report.html").read_text("utf-8")


def test_another_suite_leaves_bytes_out(example: Example) -> None:
    run, suite = example
    other = replace(run, suite={**run.suite, "digest": "0" * 64})
    assert vectors_of(other, suite) == {}
    text = page_of(other, {})
    assert "left out: the vectors at hand are not those" in text
    assert "data:audio" not in text


def test_junit(example: Example, tmp_path: Path) -> None:
    run, suite = example
    write_report(run, tmp_path, suite)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    suites = {one.get("name"): one for one in root}
    extension = suites["extension"]
    counts = {key: extension.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "1", "errors": "2", "skipped": "2"}
    kinds = {case.get("name"): [part.tag for part in case] for case in extension}
    assert kinds["extension.error.one"] == ["error"]
    assert kinds["extension.should.one"] == ["system-out"]


def test_markdown(example: Example) -> None:
    text = markdown(example[0])
    assert "| extension | 0 | 1 | 1 | 1 | 1 | 1 | 1 |" in text
    assert "<script>" not in text
    assert "| Robustness | conformant | 1 | 1 |" in text


def test_side_by_side(example: Example) -> None:
    run, _ = example
    better = replace(
        run,
        implementation=replace(run.implementation, name="better"),
        results=tuple(replace(one, outcome=Outcome.PASS, causes=()) for one in run.results),
    )
    page = compare_html([run, better])
    assert "decode.fail.one" in page
    assert "packet.pass.one" not in page
    assert "<script>alert" not in page
    assert "different suites" not in page
    assert f"{run.failed} fixed" in page
    assert "0 regressed" in page
    assert f"{run.failed} regressed" in compare_html([better, run])
    assert "0 vectors regressed" in comparison_markdown([run, better])
    other = replace(better, suite={**run.suite, "digest": "1" * 64})
    assert "different suites" in compare_html([run, other])
    text = comparison_markdown([run, better])
    assert "| Vocoder | not conformant (1/2) | conformant (2/2) |" in text
    assert "**Repeat**: Note on Repeat" in text
    assert "| 2 of 2 | 0 of 2 |" in text


def test_thousands_of_vectors_stay_small(example: Example) -> None:
    run, suite = example
    one = next(result for result in run.results if result.id == "extension.fail.one")
    many = [
        replace(one, id=f"extension.f{n % 90}.{n}", outcome=(Outcome.FAIL, Outcome.PASS)[n % 2])
        for n in range(6000)
    ]
    large = replace(run, results=tuple(many))
    text = page_of(large, vectors_of(large, suite))
    assert len(text) < 4_000_000
    cards = [
        card for group in groups(large, {}) for family in group.families for card in family.cards
    ]
    assert 0 < len(cards) <= CARDS


def test_command(example: Example, tmp_path: Path) -> None:
    run, _ = example
    path = tmp_path / "run.jsonl"
    write_run(run, path)
    invoke = CliRunner().invoke
    done = invoke(report, [str(path), "-o", str(tmp_path / "one")])
    assert done.exit_code == 1, done.output
    assert (tmp_path / "one" / "report.html").is_file()
    done = invoke(report, [str(path), str(path), "-o", str(tmp_path / "two")])
    assert (tmp_path / "two" / "compare.html").is_file()
    found = json.loads(invoke(report, [str(path), "--json", "-o", str(tmp_path / "four")]).output)
    assert found["report"] == str(tmp_path / "four" / "report.html")
    assert found["runs"][0]["failed"] == run.failed
    assert found["runs"][0]["regressed"] == []
    assert isinstance(invoke(report, [str(path), "--json", "--markdown"]).exception, UsageError)
    assert invoke(report, [str(path), "--markdown"]).output.startswith("# DRED conformance")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    done = invoke(report, [str(path), "-o", str(tmp_path / "three")])
    assert done.exit_code == 2
    assert "incomplete: the run broke off after" in done.output
    assert "incomplete" in (tmp_path / "three" / "report.html").read_text()
    path.write_text(path.read_text().replace('"pass"', '"fail"') + "{}\n")
    assert isinstance(invoke(report, [str(path)]).exception, InputError)


def test_png_is_readable_and_takes_what_is_no_number() -> None:
    import base64
    import io

    from PIL import Image

    values = np.array([[0.0, 0.5, 1.0], [np.nan, -9.0, 9.0]])
    content = base64.b64decode(png(values, 0, 1).partition(",")[2])
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (3, 2)
        assert image.convert("RGB").getpixel((2, 0)) == (250, 232, 90)
