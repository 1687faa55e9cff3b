"""The log of public cases holds every case, and the page says what it says."""

from __future__ import annotations

import json
import re

from dredref.streams.tests.cases import CASES
from tools import cases


def test_the_page_is_made_of_the_log() -> None:
    log = json.loads(cases.DATA.read_text("utf-8"))
    assert list(log) == [case.name for case in CASES]
    assert cases.page(log) == cases.PAGE.read_text("utf-8")


def test_every_case_was_tried_before_and_after() -> None:
    for case in CASES:
        tried = json.loads(cases.DATA.read_text("utf-8"))[case.name]
        assert "not tried" not in tried.values(), case.name
        if "error" in case.right:
            assert f"[{case.right['error']}]" in tried["after"]
        elif "packets" in case.right:
            found = re.match(r"(\d+) packets", tried["after"])
            assert found is not None, case.name
            assert int(found[1]) == case.right["packets"]
