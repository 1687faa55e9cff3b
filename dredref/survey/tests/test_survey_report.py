"""The page of a survey: it says what the tables hold, and its examples can be opened."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from dredref.spec.errors import InputError
from dredref.survey.dataset import DataSet
from dredref.survey.examine import UNREADABLE, Options, examine_all
from dredref.survey.report import contents, distribution, inspect_command, write_report
from dredref.survey.tests.fleet import rows, write_fleet
from dredref.tests.commands import run
from tools.chromium import Browser

FEW = 40
PROBE = """
(function () {
  const out = {};
  const all = (what) => Array.from(document.querySelectorAll(what));
  const texts = (what) => all(what).map((one) => one.textContent.trim());
  out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  out.cut = all("td, p, .card, figcaption")
    .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent);
  out.headings = texts("h2");
  out.cards = texts(".card b");
  const share = document.querySelector(".share");
  out.share = share.firstElementChild.offsetWidth / share.offsetWidth;
  out.bars = all(".bars span").map((one) => one.offsetHeight / one.parentElement.clientHeight);
  out.commands = texts("td code");
  out.links = all("td a").map((one) => one.href);
  return out;
})()
"""


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, written without a cluster."""
    folder = tmp_path_factory.mktemp("surveyed")
    paths = write_fleet(folder / "fleet & co", FEW)
    data_set = DataSet(folder / "out")
    for start in range(0, FEW, 16):
        data_set.write(examine_all(paths[start : start + 16], Options()))
    return folder / "out"


def test_the_page_says_what_the_tables_hold(surveyed: Path, tmp_path: Path) -> None:
    write_report(surveyed, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    shown = contents(surveyed)
    streams = rows(surveyed, "streams")
    assert shown["streams"] == len(streams)
    assert shown["carrying"] == sum(row["with_dred"] > 0 for row in streams)
    assert dict(shown["versions"]) == {
        version: sum(row["version"] == version for row in streams) for version in (10, 12)
    }
    violations = rows(surveyed, "violations")
    assert sum(finding.count for finding in shown["findings"]) == len(violations)
    assert sum(reason.count for reason in shown["reasons"]) == sum(
        row["with_dred"] == 0 for row in streams
    )
    for finding in shown["findings"]:
        assert finding.requirement.id in page
    unreadable = [row for row in rows(surveyed, "files") if row["status"] == UNREADABLE]
    assert [row["path"] for row in shown["listed"]] == [row["path"] for row in unreadable]
    assert "<script" not in page
    assert "fleet &amp; co" in page
    assert "fleet & co" not in page


def test_the_examples_of_the_page_show_what_it_says(surveyed: Path) -> None:
    finding = contents(surveyed)["findings"][0]
    row = finding.examples[0]
    _, *command = shlex.split(inspect_command(row["path"], row["index"]))
    result = run(*command)
    assert result.exit_code == 0
    assert row["detail"] in re.sub(r"\s+", " ", result.stdout)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_in_a_browser(
    chromium: Callable[[str, int], Browser], surveyed: Path, tmp_path: Path, width: int
) -> None:
    write_report(surveyed, tmp_path / "survey.html")
    browser = chromium((tmp_path / "survey.html").read_text("utf-8"), width)
    found = browser.evaluate(PROBE)
    assert browser.problems == []
    assert found["wide"] <= 0
    assert found["cut"] == []
    assert found["headings"] == [
        "Versions",
        "How much, and how far back",
        "Why there is none",
        "Violations by requirement",
        "Files that could not be read",
    ]
    # The cards say what the tables hold; bars are as high as they say.
    streams = rows(surveyed, "streams")
    carrying = sum(row["with_dred"] > 0 for row in streams)
    assert found["cards"][:2] == [str(carrying), str(len(streams) - carrying)]
    assert found["share"] == pytest.approx(carrying / len(streams), abs=0.01)
    assert max(found["bars"]) == pytest.approx(1, abs=0.02)
    assert len(found["links"]) > 10
    for url in found["links"]:
        assert Path(unquote(urlsplit(url).path)).is_file()
    if width < 600:
        return  # the same commands
    assert len(found["commands"]) > 6
    for command in dict.fromkeys(found["commands"]):
        program, *arguments = shlex.split(command)
        assert program == "dredref"
        assert run(*arguments).exit_code == 0, command
    result = run("inspect", "--summary", found["links"][0])
    assert result.exit_code == 0


def test_distributions_hold_every_value_once() -> None:
    assert distribution("x", "ms", []) is None
    for values in ([0.0], [3.0], [float(k % 37) for k in range(1000)], [5.0] * 99 + [1e6]):
        found = distribution("x", "ms", values)
        assert found is not None
        assert sum(bar.count for bar in found.bars) == len(values)
        assert found.tenth <= found.median <= found.ninetieth


def test_a_report_of_nothing_is_said(tmp_path: Path) -> None:
    assert isinstance(run("survey-report", str(tmp_path)).exception, InputError)
