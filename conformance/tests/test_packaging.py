"""What is installed: all data files, one top-level package, imports that point one way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("spec", "dredref", "vectors", "conformance")
"""Folders that are installed, in the order in which they may import each other."""
BUILT_FROM = (*PACKAGES, "pyproject.toml", "setup.py", "README.md", "LICENSE", "LICENSE.libopus")


def is_of_tests(path: Path) -> bool:
    """Whether a file is left out of the wheel on purpose."""
    return bool({"tests", "__pycache__"} & set(path.parts))


def installed_sources() -> Iterable[Path]:
    """The files of the source tree that a wheel is to have, relative to its root."""
    files = (path for top in PACKAGES for path in sorted((ROOT / top).rglob("*")))
    paths = (path.relative_to(ROOT) for path in files if path.is_file())
    return (path for path in paths if not is_of_tests(path))


def test_every_data_file_has_a_pattern() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = content["tool"]["setuptools"]["package-data"]["*"]
    missing = [
        str(path)
        for path in installed_sources()
        if path.suffix != ".py" and not any(fnmatchcase(path.name, one) for one in patterns)
    ]
    assert missing == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, made from the sdist; dependencies are this one's."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source)
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source)
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    _run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-compile")
    _run(*pip, "--no-deps", "--no-index", "--quiet", wheel)
    # A path in a .pth file adds the dependencies, but not this environment's editable install.
    purelib = sysconfig.get_path("purelib")
    (site_packages(environment) / "dependencies.pth").write_text(purelib + "\n")
    return environment


def _run(*command: str | Path, folder: Path | None = None) -> str:
    """Run a command that must succeed, and return its standard output."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def site_packages(environment: Path) -> Path:
    """The folder that packages are installed into."""
    [found] = environment.glob("lib/python*/site-packages")
    return found


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A user's folder whose own modules have the names of the project's folders."""
    (tmp_path / "spec").mkdir()
    for name in ("spec/__init__.py", "vectors.py", "conformance.py"):
        (tmp_path / name).write_text("raise SystemExit('the foreign module was imported')\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.xdist_group("packaging")
def test_one_package_is_installed(installed: Path) -> None:
    names = {path.name for path in site_packages(installed).iterdir()}
    assert {name for name in names if not name.endswith((".dist-info", ".pth"))} == {"dredref"}


@pytest.mark.slow
@pytest.mark.xdist_group("packaging")
def test_every_file_is_installed(installed: Path) -> None:
    site = site_packages(installed)
    places = (
        path if path.parts[0] == "dredref" else "dredref" / path for path in installed_sources()
    )
    assert [str(place) for place in places if not (site / place).is_file()] == []
    assert [path for path in (site / "dredref").rglob("*") if is_of_tests(path)] == []


@pytest.mark.slow
@pytest.mark.xdist_group("packaging")
def test_modules_of_the_same_names_do_not_disturb(installed: Path, foreign: Path) -> None:
    script = (
        "import dredref; print(dredref.__file__, dredref.parse_packet(bytes([8, 1])).toc.config)"
    )
    file, config = _run(installed / "bin" / "python", "-c", script, folder=foreign).split()
    assert Path(file).is_relative_to(installed)
    assert config == "1"
    command = ("run", "--impl", "reference", "--groups", "packet")
    table = _run(installed / "bin" / "dredref", *command, folder=foreign)
    [row] = [line.split() for line in table.splitlines() if line.startswith("packet")]
    assert int(row[1]) > 0
    assert set(row[2:]) == {"."}


GRAPH = """
import grimp, json
graph = grimp.build_graph("dredref", include_external_packages=True, cache_dir=None)
print(json.dumps({name: sorted(graph.find_modules_directly_imported_by(name))
                  for name in sorted(graph.modules)}))
"""


@pytest.mark.slow
@pytest.mark.xdist_group("packaging")
def test_imports_point_one_way(installed: Path) -> None:
    """``spec``, then ``dredref``, ``vectors``, ``conformance``; nothing imports ``tools``."""
    imports = json.loads(_run(installed / "bin" / "python", "-c", GRAPH, folder=installed))
    assert len(imports) > 200
    assert {rank(name) for name in imports} >= {0, 1, 2, 3}
    wrong = [
        f"{name} imports {other}"
        for name, others in imports.items()
        for other in others
        if rank(other) > rank(name)
    ]
    assert wrong == []


def rank(module: str) -> int:
    """Place in the order of imports: below the project -1, ``tools`` above it."""
    top, *rest = module.split(".")
    if top != "dredref":
        return 4 if top == "tools" else -1
    inner = rest[0] if rest and rest[0] in PACKAGES else "dredref"
    return PACKAGES.index(inner)
