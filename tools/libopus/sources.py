"""Debian's source packages of opus, through apt, without touching the system.

The machine's own package sources name the mirror: the Debian entry is found in them and
written, as ``deb-src`` for other suites, to a temporary folder that apt is pointed at for its
source list, package lists and cache. Nothing outside that folder and the target changes, and no
privileges are needed. apt checks signatures and digests; the SHA-256 of every file is recorded.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.errors import InputError

PACKAGE = "opus"
SYSTEM_SOURCES = Path("/etc/apt")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One source version to get: the exact one if there is, else the newest of its series."""

    name: str
    series: str
    suites: tuple[str, ...]


WANTED = {
    "1.6.1": Wanted("1.6.1", "1.6", ("sid", "forky")),
    "1.5.2": Wanted("1.5.2", "1.5", ("trixie",)),
}


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where this machine gets Debian from: URIs and the options that came with them."""

    uris: str
    signed_by: str | None
    trusted: bool

    def stanza(self, suites: Sequence[str], kind: str = "deb-src") -> str:
        """A deb822 entry for the source packages (``deb``: binary packages) of ``suites``."""
        lines = [f"Types: {kind}", f"URIs: {self.uris}", f"Suites: {' '.join(suites)}"]
        lines.append("Components: main")
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        if self.trusted:
            lines.append("Trusted: yes")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Source:
    """An unpacked upstream source with its provenance."""

    package: str
    version: str
    suite: str
    files: dict[str, str]

    @property
    def upstream(self) -> str:
        """The upstream part of the Debian version: 1.6.1 of 1.6.1-1."""
        return self.version.split(":")[-1].rsplit("-", 1)[0]


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """The entries of a deb822 file, field names in lower case, comments dropped."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for block in re.split(r"\n\s*\n", "\n".join(lines)):
        fields: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            if line[:1].isspace() and last:
                fields[last] += "\n" + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if fields:
            yield fields


def one_line_entries(text: str) -> Iterator[dict[str, str]]:
    """The entries of a one-line-style sources.list, as the fields deb822 would have."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if match is None:
            continue
        options, uri, suite, components = match.groups()
        fields = {"types": "deb", "uris": uri, "suites": suite, "components": components}
        for option in (options or "").split():
            key, _, value = option.partition("=")
            fields[key.lower()] = value
        yield fields


def is_debian_main(fields: dict[str, str]) -> bool:
    """Whether an entry is the Debian archive itself, not its security branch or a third party."""
    if fields.get("enabled", "yes").lower() == "no" or "deb" not in fields.get("types", "").split():
        return False
    uris = [uri.rstrip("/") for uri in fields.get("uris", "").split()]
    return "main" in fields.get("components", "").split() and any(
        uri.rsplit("/", 1)[-1] == "debian" for uri in uris
    )


def find_mirror(etc: Path = SYSTEM_SOURCES) -> Mirror:
    """The Debian archive that this machine's package sources name.

    Raises:
        InputError: ``apt.no_mirror`` if no entry is Debian's main archive.
    """
    parts = etc / "sources.list.d"
    entries: list[dict[str, str]] = []
    for path in sorted(parts.glob("*.sources")) if parts.is_dir() else []:
        entries += stanzas(path.read_text())
    for path in [etc / "sources.list", *sorted(parts.glob("*.list") if parts.is_dir() else [])]:
        if path.is_file():
            entries += one_line_entries(path.read_text())
    for fields in entries:
        if is_debian_main(fields):
            uris = " ".join(u for u in fields["uris"].split() if "security" not in u)
            return Mirror(uris, fields.get("signed-by"), fields.get("trusted") == "yes")
    raise InputError("apt.no_mirror", f"no entry under {etc} is Debian's main archive")


class Apt:
    """apt-get and apt-cache on a private source list, package lists and cache."""

    def __init__(self, home: Path, mirror: Mirror) -> None:
        """Lay the folders that apt wants under ``home``."""
        self.home = home
        self.mirror = mirror
        for name in ("parts", "lists/partial", "cache/archives/partial", "get"):
            (home / name).mkdir(parents=True, exist_ok=True)
        self.options = [
            f"Dir::Etc::SourceParts={home / 'parts'}",
            "Dir::Etc::SourceList=/dev/null",
            f"Dir::State::Lists={home / 'lists'}",
            f"Dir::Cache={home / 'cache'}",
            "APT::Sandbox::User=",
            "Debug::NoLocking=1",
            "Acquire::Languages=none",
        ]

    def run(self, program: str, *arguments: str) -> str:
        """Run one apt program; its standard output.

        Raises:
            InputError: ``apt.failed`` with the end of what apt said.
        """
        options = [word for option in self.options for word in ("-o", option)]
        done = subprocess.run(
            [program, *options, *arguments], cwd=self.home / "get", capture_output=True, text=True
        )
        if done.returncode:
            said = " ".join(done.stderr.split())[-600:]
            raise InputError("apt.failed", f"{program} {' '.join(arguments)}: {said}")
        return done.stdout

    def update(self, suites: Sequence[str], kind: str = "deb-src") -> None:
        """Read the indices of ``suites``."""
        (self.home / "parts" / "debian.sources").write_text(self.mirror.stanza(suites, kind))
        self.run("apt-get", "update", "--error-on=any")

    def versions(self, package: str) -> list[str]:
        """Every version of a source package in the suites last read."""
        shown = self.run("apt-cache", "showsrc", package)
        return re.findall(r"(?m)^Version: (\S+)$", shown)


def choose(versions: Sequence[str], wanted: Wanted) -> str | None:
    """The wanted upstream version, or else the newest of its series, or None."""
    fitting = [v for v in versions if v.startswith((wanted.series + ".", wanted.series + "-"))]
    if not fitting:
        return None
    exact = [v for v in fitting if v.rsplit("-", 1)[0] == wanted.name]
    return max(exact or fitting, key=lambda v: [int(part) for part in re.findall(r"\d+", v)])


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(wanted: Wanted, target: Path, say: Say) -> Source:
    """Download one source package and unpack its upstream tarball as ``target``.

    Raises:
        InputError: ``apt.*`` if apt cannot reach or has no such version.
    """
    with tempfile.TemporaryDirectory(prefix="dredref-apt-") as folder:
        apt = Apt(Path(folder), find_mirror())
        for suite in wanted.suites:
            say(f"reading the source index of {suite}")
            apt.update([suite])
            version = choose(apt.versions(PACKAGE), wanted)
            if version is not None:
                break
        else:
            raise InputError("apt.no_version", f"no {wanted.series}.x of opus in {wanted.suites}")
        say(f"downloading {PACKAGE} {version} from {suite}")
        apt.run("apt-get", "source", "--download-only", f"{PACKAGE}={version}")
        files = sorted(path for path in (apt.home / "get").iterdir() if path.is_file())
        source = Source(PACKAGE, version, suite, {path.name: sha256(path) for path in files})
        unpack(next(path for path in files if ".orig.tar." in path.name), target)
    return source


def unpack(tarball: Path, target: Path) -> None:
    """Unpack a tarball that holds one top folder, so that ``target`` becomes that folder."""
    partial = target.with_name(f".{target.name}.unpack")
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(tarball) as archive:
        # Python before 3.11.4 has no such filter; apt has checked what is unpacked in any case.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(partial)
    (top,) = partial.iterdir()
    top.rename(target)
    partial.rmdir()
