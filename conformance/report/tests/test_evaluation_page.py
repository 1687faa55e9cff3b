"""The page of ``dredref evaluate``: what it says, and how it looks and sounds in Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dredref.conformance.cli.evaluate import evaluate
from dredref.conformance.report.quality import write_evaluation
from dredref.evaluation.quality import Scores
from dredref.evaluation.run import Evaluation, Result
from dredref.evaluation.systems import systems_named
from tools.chromium import Browser

Open = Callable[..., Browser]
LOSSES = ("lossgen:20", "gilbert:22,6.5")
CLIPS = ("one", "two", "three")
PROBE = """
(async function () {
  const out = {};
  await Promise.all(Array.from(document.images).map((one) => one.decode()));
  out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const images = Array.from(document.querySelectorAll("img.spectrogram"));
  out.images = images.map((one) => Math.min(one.naturalWidth, one.width, one.height));
  const small = Array.from(document.querySelectorAll(".players small"));
  out.captions = small.map((one) => one.textContent);
  out.marks = document.querySelectorAll(".chart .mark").length;
  out.sound = [];
  const players = Array.from(document.querySelectorAll("audio"));
  for (const player of players) {
    const heard = new Promise((done) => player.addEventListener("timeupdate", () => {
      if (player.currentTime > 0.05) done(player.duration);
    }));
    await player.play();
    out.sound.push(await heard);
    out.playing = players.filter((one) => !one.paused).length;
  }
  return out;
})()
"""


@pytest.fixture
def found() -> Evaluation:
    """Three clips through two systems, the sound of one kept; the scores are made up."""
    made = Evaluation(systems_named(["clean", "dred"]), LOSSES, 60.0, 0)
    noise = np.random.default_rng(1).normal(0, 2000, 8000).astype(np.int16)
    made.sound["one", "original", ""] = noise
    for number, clip in enumerate(CLIPS):
        for system in made.systems:
            for loss in LOSSES:
                scores = Scores(4.5 - number / 10, 4.25 - number / 5, 0.9)
                share = {"packet": 400, "dred": 100}
                rate = float(system.bitrate)
                made.results.append(Result(clip, system.name, loss, scores, rate, 20.0, share))
                if not number and not (system.lossless and loss == LOSSES[1]):
                    made.sound[clip, system.name, loss] = noise // (2 + len(made.sound))
    return made


def test_the_data(found: Evaluation, tmp_path: Path) -> None:
    write_evaluation(found, tmp_path, "dredref evaluate (3 clips)")
    data = json.loads((tmp_path / "evaluation.json").read_text())
    assert (data["command"], data["delay_ms"]) == ("dredref evaluate (3 clips)", 60.0)
    assert len(data["results"]) == 12
    rows = {(row["system"], row["loss"]): row for row in data["rows"]}
    row = rows["dred", "lossgen:20"]
    assert (row["kbps"], row["redundancy_kbps"], row["clips"]) == (56.0, 32.0, 3)
    assert row["scores"]["plcmos"]["mean"] == pytest.approx(4.4)
    assert row["scores"]["plcmos"]["low"] < 4.4 < row["scores"]["plcmos"]["high"]
    assert row["sources"] == {"packet": 80.0, "dred": 20.0}


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page(found: Evaluation, chromium: Open, tmp_path: Path, width: int) -> None:
    write_evaluation(found, tmp_path, "dredref evaluate (3 clips)")
    browser = chromium((tmp_path / "evaluation.html").read_text(), width)
    seen = browser.evaluate(PROBE)
    assert seen["wide"] <= 0
    assert len(seen["images"]) == 6
    assert min(seen["images"]) > 40
    assert seen["captions"][:3] == [
        "as it was before coding",
        *["PLCMOS 4.50, PESQ-WB 4.25, ESTOI 0.90"] * 2,
    ]
    assert seen["marks"] == 3 * 2 * 2
    assert seen["sound"] == pytest.approx([0.5] * 6)
    assert seen["playing"] <= 1
    assert browser.problems == []


@pytest.mark.parametrize("delay", ["nan", "inf", "-1"])
def test_a_delay_is_a_number(delay: str, tmp_path: Path) -> None:
    arguments = ["clip.wav", "--report", str(tmp_path / "out"), "--delay-ms", delay]
    done = CliRunner().invoke(evaluate, arguments)
    assert done.exit_code == 2
    assert "--delay-ms" in done.output
    assert not (tmp_path / "out").exists()
