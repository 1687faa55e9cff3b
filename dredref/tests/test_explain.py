"""``inspect`` says in words why there is no DRED, or why part of the packets has none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.conformance.main import cli
from dredref.explain import ADVICE
from dredref.spec.reading import Absence

STREAMS = Path(__file__).parents[2] / "spec" / "streams"

PACKETS: dict[Absence, str | None] = {
    Absence.LOST: None,
    Absence.MALFORMED: "4b00",
    Absence.NOT_CODE_3: "48" + "aa" * 80,
    Absence.NO_PADDING: "4b01" + "aa" * 80,
    Absence.NO_EXTENSION: "4b4102aa0000",
    Absence.AREA_ERROR: "4b4102aa43ff",
    Absence.WRONG_PREFIX: "4b4105aafc450c0102",
    Absence.WRONG_VERSION: "4b4106aafc440b010203",
    Absence.TOO_SHORT: "4b4103aafc440c",
}
"""A packet for each reason."""


def inspected(*sources: str, given: str | None = None) -> tuple[str, list[str]]:
    """What ``inspect`` prints at its end, and the explanation in its JSON."""
    run = CliRunner()
    shown = run.invoke(cli, ["inspect", *sources], input=given)
    summary = run.invoke(cli, ["inspect", "--summary", "--json", *sources], input=given)
    assert (shown.exit_code, summary.exit_code) == (0, 0), (shown.output, summary.output)
    return shown.stdout, json.loads(summary.stdout)["explanation"]


def test_there_is_a_packet_for_each_reason() -> None:
    assert set(PACKETS) == set(Absence) == set(ADVICE)


@pytest.mark.parametrize("absence", PACKETS, ids=lambda absence: absence.name.lower())
def test_each_reason_comes_with_what_to_look_at(absence: Absence) -> None:
    good = "" if absence is not Absence.LOST else '{"packet": "48aa"}\n'
    given = good + json.dumps({"packet": PACKETS[absence]}) + "\n"
    shown, explanation = inspected("-", given=given)
    line = f"1 packet, {absence}: {ADVICE[absence]}"
    assert line in explanation
    assert line in " ".join(shown.split())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("v12-dred-200ms.bit", ["1 packet at the beginning: DRED is of the past"]),
        ("v12-dtx.bit", ["at the beginning", "packets of silence (DTX), which carry none"]),
        ("v12-loss-0.bit", ["100 packets, no code-3 packet", "an expected loss above 0?"]),
        ("v12-low-bitrate.bit", ["kb/s the speech leaves little to DRED"]),
        ("v12-rtp.pcap", ["at the beginning", "2 packets, the packet is lost: they never came"]),
    ],
)
def test_committed_streams(name: str, words: list[str]) -> None:
    shown, explanation = inspected(str(STREAMS / name))
    said = " ".join(shown.split())
    assert all(f"no DRED in {line}" in said for line in explanation)
    assert all(word in " ".join(explanation) for word in words)
