"""Generating again gives the same bytes, and what is not so is seen and put right."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from dredref.vectors.generate import Difference, products, verify, write
from dredref.vectors.material import manifest, read_material
from dredref.vectors.model import GROUPS
from dredref.vectors.suite import DATA


def changed(group: str) -> list[Difference]:
    """What of a group is not as its generator makes it."""
    return verify(DATA, [group])


def test_every_group_is_made_again_byte_by_byte() -> None:
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(GROUPS, pool.map(changed, GROUPS), strict=True))
    assert {group: differences for group, differences in found.items() if differences} == {}


def test_changes_are_seen_and_put_right(tmp_path: Path) -> None:
    shutil.copytree(DATA / "packet", tmp_path / "packet")
    (tmp_path / "packet" / "rules.json").write_text("{}")
    (tmp_path / "packet" / "toc.json").unlink()
    (tmp_path / "packet" / "old.json").write_text("{}")
    wanted = {("rules", "different"), ("toc", "missing"), ("old", "surplus")}
    seen = verify(tmp_path, ["packet"])
    assert {(Path(one.path).stem, one.what) for one in seen} == wanted
    assert write(tmp_path, ["packet"]) == seen
    assert verify(tmp_path, ["packet"]) == []


def test_a_file_is_made_by_one_group() -> None:
    paths = [product.path for product in products(["packet", "extension"])]
    assert len(paths) == len(set(paths))
    assert all(path.partition("/")[0] in GROUPS for path in paths)


def test_material_is_what_the_manifest_says() -> None:
    assert manifest()
    for name in manifest():
        assert read_material(name)


def test_damaged_material_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dredref.vectors.material.FOLDER", tmp_path)
    (tmp_path / "words-8000.flac").write_bytes(b"x")
    read_material.cache_clear()
    manifest()
    with pytest.raises(AssertionError):
        read_material("words-8000.flac")
