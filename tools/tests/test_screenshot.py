"""The picture of a report ends below the table of groups."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.chromium import BrowserError, find
from tools.screenshot import MARGIN, WIDTH, picture

PAGE = "<body style='margin:0'><section id='{}' style='height:321px'></section><p>more</p></body>"

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def browser() -> None:
    """Skips without a browser; a failure in CI."""
    if find() is None:
        reason = "no chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def test_it_is_cut_below_the_table(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(PAGE.format("matrix"))
    found = picture(page)
    size = (int.from_bytes(found[16:20], "big"), int.from_bytes(found[20:24], "big"))
    assert size == (WIDTH, 321 + MARGIN)


def test_a_page_that_is_no_report_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(PAGE.format("other"))
    with pytest.raises(BrowserError):
        picture(page)
