"""An installed wheel has every data file that the packages read."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("spec", "dredref", "vectors", "conformance")


def settings() -> dict[str, Any]:
    """What pyproject.toml says of setuptools."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "setuptools"
    ]
    return found


def is_of_tests(path: Path) -> bool:
    """Whether a file is left out of the wheel on purpose."""
    return bool({"tests", "__pycache__"} & set(path.parts))


def test_every_data_file_has_a_pattern() -> None:
    patterns = settings()["package-data"]["*"]
    missing = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*"))
        if path.is_file()
        and path.suffix not in (".py", ".pyc")
        and not is_of_tests(path.relative_to(ROOT))
        and not any(fnmatchcase(path.name, pattern) for pattern in patterns)
    ]
    assert missing == []
