"""The pages in headless Chromium: no script error, no missing part, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dredref.conformance.record import Run
from dredref.conformance.report.side_by_side import compare_html
from dredref.conformance.report.write import html as page_of
from dredref.conformance.report.write import vectors_of
from dredref.vectors.suite import Suite
from tools.chromium import Browser

PROBE = """
(async function () {
  const out = { ready: document.documentElement.dataset.ready || "" };
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  out.images = document.images.length;
  out.broken = Array.from(document.images).filter((one) => !one.naturalWidth).length;
  out.sections = Array.from(document.querySelectorAll("section")).map((one) => one.id);
  out.empty = Array.from(document.querySelectorAll("section, figure, .card"))
    .filter((one) => one.getBoundingClientRect().height < 20).length;
  out.links = Array.from(document.querySelectorAll("a[href^='#']"))
    .filter((one) => !document.getElementById(one.getAttribute("href").slice(1))).length;
  out.sound = await Promise.all(Array.from(document.querySelectorAll("audio")).map((player) =>
    new Promise((done) => {
      player.addEventListener("loadedmetadata", () => done(player.duration));
      player.addEventListener("error", () => done(-1));
      player.preload = "metadata"; player.load();
    })));
  return out;
})()
"""
FILTERS = """
(function () {
  const entries = Array.from(document.querySelectorAll(".entry"));
  const shown = () => entries.filter((one) => !one.hidden).map((one) => one.dataset.outcome);
  const out = { all: shown() };
  const chip = document.querySelector(".filters [data-outcome='pass']");
  chip.click(); out.filtered = shown(); chip.click();
  const search = document.getElementById("search");
  const look = (text) => { search.value = text; search.dispatchEvent(new Event("input")); };
  look("TIMEOUT"); out.searched = shown();
  look("nosuch"); out.nothing = !document.getElementById("nothing").hidden;
  look(""); out.again = shown();
  const paper = () => getComputedStyle(document.body).backgroundColor;
  const before = paper();
  document.getElementById("theme").click();
  out.themes = before !== paper();
  return out;
})()
"""
Open = Callable[..., Browser]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_report_page(chromium: Open, example: tuple[Run, Suite], width: int) -> None:
    run, suite = example
    browser = chromium(page_of(run, vectors_of(run, suite)), width)
    found = browser.evaluate(PROBE)
    assert found["ready"] == "yes"
    assert found["wide"] <= 0
    assert found["images"] == 11
    assert (found["broken"], found["empty"], found["links"]) == (0, 0, 0)
    assert found["sections"] == ["verdicts", "matrix", "findings", "vectors", "environment"]
    assert found["sound"] == pytest.approx([1.5] * 4)
    shown = browser.evaluate(FILTERS)
    outcomes = sorted(str(result.outcome) for result in run.results)
    assert sorted(shown["all"]) == sorted(shown["again"]) == outcomes
    assert sorted(shown["filtered"]) == [one for one in outcomes if one != "pass"]
    assert shown["searched"] == ["timeout"]
    assert shown["nothing"] is True
    assert shown["themes"] is True
    assert browser.problems == []


@pytest.mark.browser
def test_compare_page(chromium: Open, example: tuple[Run, Suite]) -> None:
    run, _ = example
    browser = chromium(compare_html([run, run]), 390)
    found = browser.evaluate(PROBE)
    assert found["wide"] <= 0
    assert found["sections"] == [
        "classes",
        "changes",
        "matrix",
        "measures",
        "flags",
        "differences",
        "environment",
    ]
    assert browser.problems == []


@pytest.mark.browser
def test_the_browser_tells_of_errors(chromium: Open) -> None:
    """The other tests can fail: a broken page is seen to be broken."""
    policy = "<meta http-equiv='Content-Security-Policy' content=\"img-src 'none'\">"
    page = f"<head>{policy}</head><img src='data:image/png;base64,AA=='>"
    browser = chromium(page + "<script>undefinedFunction()</script>", 390)
    assert browser.evaluate("document.images[0].naturalWidth") == 0
    assert any("undefinedFunction" in problem for problem in browser.problems)
    assert any("Content Security Policy" in problem for problem in browser.problems)
