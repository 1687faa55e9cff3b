"""The documentation site: its pages exist, its reference names what is public, links hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import dredref
from dredref.vectors.model import GROUPS
from dredref.vectors.suite import load_suite
from tools import docs

ROOT = Path(__file__).parents[2]


def pages(nav: Any) -> list[str]:
    """The pages of a navigation."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in pages(part)]


def test_every_page_of_the_site_is_there() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    made = {"docs/api.md"} | {f"vectors/{group}.md" for group in GROUPS}
    assert made <= set(pages(nav))
    assert [one for one in pages(nav) if one not in made and not (ROOT / one).is_file()] == []
    guides = {f"conformance/guides/{one.name}" for one in ROOT.glob("conformance/guides/*.md")}
    tutorials = {f"docs/{one.name}" for one in ROOT.glob("docs/*.md")}
    assert guides | tutorials <= set(pages(nav))


def test_the_reference_names_what_is_public() -> None:
    text = docs.api_page()
    missing = [name for name in dredref.__all__ if f".{name}\n" not in text]
    assert missing == []


def test_every_vector_stands_on_the_page_of_its_group() -> None:
    text = docs.group_page("extension")
    rows = {line.split("|")[1].strip(" `") for line in text.splitlines() if line.startswith("| `")}
    assert rows == {vector.id for vector in load_suite().vectors(["extension"])}


@pytest.mark.slow
def test_the_site_builds_without_a_warning() -> None:
    """Links that lead nowhere are warnings, and warnings are errors."""
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    subprocess.run(["make", "typed"], cwd=ROOT, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "docs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
