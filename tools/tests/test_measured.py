"""Pages of measured figures: each is what its template makes of the data that is committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dredref.evaluation.quality import Scores
from dredref.spec.errors import UsageError
from dredref.streams import Record
from tools.compare_receiver import KINDS, SCHEMES, Result, chosen, lose, means
from tools.measured.page import FOLDER, NAMES, load, render, save


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_that_of_its_data(name: str, tmp_path: Path) -> None:
    data = load(name)
    assert data, "measure first: the command stands in the tool's docstring"
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    assert page == render(name, data)
    save(name, data, tmp_path)
    for kind in ("json", "md"):
        written = (tmp_path / f"{name}.{kind}").read_text("utf-8")
        assert written == (FOLDER / f"{name}.{kind}").read_text("utf-8")


def test_every_page_tells_its_command() -> None:
    for name in NAMES:
        assert "`python -m tools." in render(name, load(name))


def test_claims_stand_beside_libopus() -> None:
    """Every constraint and figure has both columns."""
    page = render("claims", load("claims"))
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for claim in (
        *("Each packet decodes alone", "Features mean something", "Encoding costs the same"),
        *("The newest 40 ms", "A receiver switches", "About 500 b/s a copy", "One second in each"),
        "LBRR costs 16 kb/s",
    ):
        (row,) = (one for one in rows if one.startswith(f"| {claim}"))
        assert all(cell.strip() for cell in row.split("|")[1:-1])


def test_means_of_players() -> None:
    found = [
        Result("SILK", scheme, player, Scores(3 + shift, 2 + shift, 0.5))
        for scheme, shift in (("DRED", 0.0), ("DRED", 0.5), ("LBRR", 1.0))
        for player in ("opus_demo", "no limit")
    ]
    dred, lbrr = means(found)
    assert (dred["kind"], dred["scheme"], lbrr["scheme"]) == ("SILK", "DRED", "LBRR")
    assert dred["scores"]["no limit"] == {"plcmos": 3.25, "pesq": 2.25, "estoi": 0.5}
    assert dred["pesq"]["opus_demo"] == [2.0, 2.5]
    data = {"command": "c", "clips": ["a", "b"], "rows": [dred, lbrr]}
    page = render("receiver", json.loads(json.dumps({"table": data, "readings": data})))
    assert "| SILK | DRED | 3.25 2.25 0.50 | 3.25 2.25 0.50 | the same | the same |" in page
    assert "| 2 of 2 | +0.000 |" in page


def test_kinds_and_schemes_by_name() -> None:
    assert [one.name for one in chosen(KINDS, "CELT,SILK")] == ["CELT", "SILK"]
    assert chosen(SCHEMES, None) == SCHEMES
    with pytest.raises(UsageError, match="'MP3' is none of SILK, hybrid, CELT"):
        chosen(KINDS, "MP3")


def test_losses_end_with_a_received_packet() -> None:
    records = [Record(place, b"\x48x", timestamp_48k=960 * place) for place in range(40)]
    lossy = lose(records, "random:60", 1)
    assert lossy[-1].packet is not None
    assert all(one.packet is not None for one in lossy[:5])
    assert any(one.packet is None for one in lossy)
