"""The page of a stream in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dredref.pictures.gather import StreamPicture, gather
from dredref.pictures.page import page_of
from dredref.pictures.tests.test_pictures import STREAM, records
from tools.chromium import Browser

Open = Callable[[str, int], Browser]

PROBE = """
(async function () {
  const out = { ready: document.documentElement.dataset.ready || "" };
  const frame = () => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.all(Array.from(document.images).map((one) => one.decode()));
  await frame();
  out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  out.sections = Array.from(document.querySelectorAll("section")).map((one) => one.id);
  out.colours = Array.from(document.querySelectorAll("canvas")).map((one) => {
    const pixels = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
    const seen = new Set();
    for (let i = 0; i < pixels.length; i += 4) seen.add(pixels.slice(i, i + 3).join());
    return seen.size;
  });
  const buttons = Array.from(document.querySelectorAll("button"));
  out.small = buttons.filter((one) => one.offsetHeight < 30).length;
  const canvas = document.getElementById("packets");
  const key = (name) => canvas.dispatchEvent(
    new KeyboardEvent("keydown", { key: name, cancelable: true }));
  key("ArrowRight"); key("ArrowRight"); out.second = document.getElementById("about").textContent;
  out.all = document.getElementById("span").textContent;
  document.querySelector("#losses tbody tr").click(); await frame();
  out.loss = document.getElementById("span").textContent;
  document.querySelector("[data-zoom='all']").click(); await frame();
  out.again = document.getElementById("span").textContent;
  out.sound = [];
  for (const player of document.querySelectorAll("audio")) {
    player.currentTime = 0;
    const heard = new Promise((done) => player.addEventListener("timeupdate", () => {
      if (player.currentTime > 0.05) done(player.duration);
    }));
    await player.play();
    out.sound.push(await heard);
    player.pause();
  }
  return out;
})()
"""


@pytest.fixture(scope="module")
def picture() -> StreamPicture:
    """The committed call."""
    found, info = records()
    return gather(str(STREAM), found, info)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page(chromium: Open, picture: StreamPicture, width: int) -> None:
    browser = chromium(page_of(picture), width)
    found = browser.evaluate(PROBE)
    assert found["ready"] == "yes"
    assert found["wide"] <= 0
    assert found["sections"] == ["sounds", "timeline", "losses"]
    assert len(found["colours"]) == 7
    assert min(found["colours"]) > 3
    assert found["small"] == 0
    assert found["second"].startswith("packet 1 · sequence number 65501 · 0.020 s · ")
    assert (found["all"], found["loss"], found["again"]) == (
        "0.00 to 2.00 s",
        "0.20 to 1.24 s",
        "0.00 to 2.00 s",
    )
    assert found["sound"] == pytest.approx([2.0] * 3)
    assert browser.problems == []


@pytest.mark.browser
def test_a_name_cannot_put_script_into_the_page(chromium: Open, tmp_path: Path) -> None:
    found, info = records()
    name = "</script><script>document.title='taken'</script><b>.bit"
    browser = chromium(page_of(gather(name, found[:3], info)), 390)
    assert browser.evaluate("document.title").endswith("packets, losses and DRED")
    assert browser.evaluate("document.documentElement.dataset.ready") == "yes"
    assert browser.problems == []
