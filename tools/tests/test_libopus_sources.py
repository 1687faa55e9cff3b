"""The Debian mirror and the version are found whatever form the machine's sources have."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from dredref.conformance.adapters.libopus import builds
from dredref.spec.errors import InputError
from tools.libopus import build, sources
from tools.libopus.sources import WANTED, Mirror, choose, find_mirror

DEB822 = """# a comment
Types: deb
URIs: http://example.org/debian-security
Suites: bookworm-security
Components: main

Types: deb
# another
URIs: http://example.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg
"""


def etc(folder: Path, **files: str) -> Path:
    """A folder like /etc/apt."""
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        (folder / name.replace("__", "/").replace("_", ".")).write_text(text)
    return folder


def test_deb822_sources_and_their_key_are_found(tmp_path: Path) -> None:
    folder = etc(tmp_path)
    (folder / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert find_mirror(folder) == Mirror(
        "http://example.org/debian", "/usr/share/keyrings/debian.gpg", False
    )


def test_one_line_sources_with_options_are_found(tmp_path: Path) -> None:
    folder = etc(tmp_path)
    (folder / "sources.list.d" / "other.list").write_text("deb http://example.org/apt x main\n")
    (folder / "sources.list").write_text(
        "# deb http://old.example.org/debian x main\n"
        "deb [trusted=yes arch=amd64] http://example.org/debian/ trixie main\n"
    )
    assert find_mirror(folder) == Mirror("http://example.org/debian/", None, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "deb http://example.org/debian-security x main",
        "deb http://example.org/debian x contrib",
        "deb-src http://example.org/debian x main",
    ],
)
def test_no_main_archive_is_an_error(tmp_path: Path, text: str) -> None:
    folder = etc(tmp_path)
    (folder / "sources.list").write_text(text + "\n")
    with pytest.raises(InputError, match="main archive"):
        find_mirror(folder)


def test_a_disabled_entry_does_not_count(tmp_path: Path) -> None:
    folder = etc(tmp_path)
    text = DEB822.replace("Components: main contrib", "Components: main\nEnabled: no")
    (folder / "sources.list.d" / "debian.sources").write_text(text)
    with pytest.raises(InputError, match="main archive"):
        find_mirror(folder)


def test_the_stanza_asks_for_sources_of_the_suites_alone() -> None:
    mirror = Mirror("http://example.org/debian", "/k.gpg", True)
    assert mirror.stanza(["sid"]) == (
        "Types: deb-src\nURIs: http://example.org/debian\nSuites: sid\nComponents: main\n"
        "Signed-By: /k.gpg\nTrusted: yes\n"
    )


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        (["1.6.1-1"], "1.6.1-1"),
        (["1.6-2", "1.6.10-1", "1.6.9-1"], "1.6.10-1"),
        (["1.6.2-1", "1.6.1-1", "1.6.1-2"], "1.6.1-2"),
        (["1.5.2-2", "1.7-1", "1.60-1"], None),
        ([], None),
    ],
)
def test_the_wanted_version_or_the_newest_of_its_series(
    versions: list[str], chosen: str | None
) -> None:
    assert choose(versions, WANTED["1.6.1"]) == chosen


def test_the_cache_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DREDREF_LIBOPUS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert builds.cache_folder() == tmp_path / "dredref" / "libopus"
    monkeypatch.setenv("DREDREF_LIBOPUS", str(tmp_path / "own"))
    assert builds.cache_folder() == tmp_path / "own"


def test_what_is_not_built_is_said_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tools\.libopus\.build 1\.6\.1"):
        builds.get("1.6.1", tmp_path)
    with pytest.raises(InputError, match="there are 1\\.6\\.1, 1\\.6\\.1-c"):
        build.ensure_build("1.0", tmp_path, 1, print)


def test_a_failing_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(InputError, match="the reason"):
        build.call(["sh", "-c", "echo the reason; exit 3"], tmp_path, log)
    assert "$ sh -c" in log.read_text()


def test_a_tarball_becomes_the_folder_named(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "file").write_text("content")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "top", "opus-9")
    sources.unpack(tmp_path / "a.tar.gz", tmp_path / "target")
    assert (tmp_path / "target" / "file").read_text() == "content"
    assert sources.sha256(tmp_path / "target" / "file").startswith("ed7002b4")


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_build_skips_here_and_fails_in_ci(ci: str, outcome: str, tmp_path: Path) -> None:
    test = Path(__file__).with_name("test_libopus_peer.py")
    command = [sys.executable, "-m", "pytest", "-n", "0", "-rs", "-k", "timing", str(test)]
    environment = {**os.environ, "DREDREF_LIBOPUS": str(tmp_path), "CI": ci}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert outcome in done.stdout
    assert "python -m tools.libopus.build 1.6.1" in done.stdout
