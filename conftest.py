"""Fixtures for all tests: builds of libopus to compare with, and a browser.

A build that is not in the cache skips the test with the command that makes it; where the
variable ``CI`` is set it fails it instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

# As the command line does: BLAS threads that wait for each other make tests on busy cores slow.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from dredref.conformance.adapters.libopus.builds import missing
from dredref.conformance.adapters.libopus.peer import Peer, available
from tools.chromium import Browser, find

# Shared and slow machines: no draw is timed.
settings.register_profile("dredref", deadline=None)
settings.load_profile("dredref")


def peer_or_skip(name: str) -> Peer:
    """The peer of that name, or the end of the test."""
    if not available(name):
        reason = missing(name)
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Peer(name)


@pytest.fixture(scope="session")
def peer_161() -> Peer:
    """The build of libopus 1.6.1, default build."""
    return peer_or_skip("1.6.1")


@pytest.fixture(scope="session")
def peer_161_c() -> Peer:
    """The build of libopus 1.6.1, plain portable path."""
    return peer_or_skip("1.6.1-c")


@pytest.fixture(scope="session")
def peer_152() -> Peer:
    """The build of libopus 1.5.2, default build."""
    return peer_or_skip("1.5.2")


@pytest.fixture(scope="session")
def peer_152_c() -> Peer:
    """The build of libopus 1.5.2, plain portable path."""
    return peer_or_skip("1.5.2-c")


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Callable[[str, int], Browser]]:
    """Opens a page's text at some width; skipped without a browser, a failure in CI."""
    if find() is None:
        reason = "no chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    opened: list[Browser] = []

    def open_page(text: str, width: int) -> Browser:
        path = tmp_path / "page.html"
        path.write_text(text, "utf-8")
        browser = Browser(width, 900)
        opened.append(browser)
        browser.open(path)
        return browser

    yield open_page
    for browser in opened:
        browser.close()
