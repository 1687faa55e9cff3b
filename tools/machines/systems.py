"""Other processors and Pythons: a Debian unpacked into a folder, and run there.

Processors other than this one are emulated by qemu's user mode. It needs the Debian packages
mmdebstrap and qemu-user-static; nothing of a system is installed here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.errors import InputError
from tools.machines.oldest import cache
from tools.machines.programs import ROOT

COMMON = "click", "construct", "jinja2", "numpy", "psutil", "rich", "soundfile"
WHEELS = *COMMON, "markdown-it-py", "numba"
PACKAGES = *COMMON, "markdown-it"
TAGS = "manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28"
OLD_LISTS = 'Acquire::Check-Valid-Until "false"'
"""Lets apt take a mirror's lists that were not renewed for some time."""


@dataclass(frozen=True, slots=True)
class System:
    """A Debian with its Python.

    Attributes:
        suite: the release of Debian.
        python: the version of Python that is taken from it.
        debian: its architecture's name in Debian.
        machine: that name in qemu, in file names and in wheels.
        loader: of this machine's own architecture, the dynamic loader: nothing is emulated.
        compiles: whether numba has wheels for it.
        cpu: the processor's model for qemu.
        target: the processor that numba is to compile for.
    """

    suite: str
    python: str
    debian: str
    machine: str
    loader: str = ""
    compiles: bool = True
    cpu: str = ""
    target: str = ""

    @property
    def root(self) -> Path:
        """Where it is unpacked."""
        return cache() / f"{self.debian}-{self.suite}"

    @property
    def site(self) -> Path:
        """Where its Python finds what the programs import."""
        return cache() / f"{self.debian}-{self.suite}.site"

    def command(self) -> list[str]:
        """What runs its Python; what that needs is unpacked if it is not there.

        Raises:
            InputError: ``machine.tool`` without qemu or mmdebstrap, ``machine.install``.
        """
        emulator = shutil.which(f"qemu-{self.machine}-static")
        if shutil.which("mmdebstrap") is None or not (self.loader or emulator):
            packages = "mmdebstrap and qemu-user-static"
            raise InputError("machine.tool", f"{self.debian} needs the packages {packages}")
        python = self.root / "usr/bin" / f"python{self.python}"
        if not python.exists():
            self._unpack()
        if not (self.site / "construct").is_dir():
            self._install()
        if self.loader:
            return [str(self.root / self.loader), str(python)]
        model = ["-cpu", self.cpu] if self.cpu else []
        return [str(emulator), *model, "-L", str(self.root), str(python)]

    def environment(self) -> dict[str, str]:
        """Variables for that command; what is compiled is kept for each processor."""
        libraries = self.root / "usr/lib" / f"{self.machine}-linux-gnu"
        folders = libraries, libraries / "blas", libraries / "lapack"
        return {
            **os.environ,
            "PYTHONHOME": str(self.root / "usr"),
            "PYTHONPATH": f"{self.site}:{ROOT}",
            "LD_LIBRARY_PATH": ":".join(str(folder) for folder in folders),
            "NUMBA_CACHE_DIR": str(cache() / f"{self.root.name}.{self.target or 'any'}"),
            **({"NUMBA_CPU_NAME": self.target} if self.target else {}),
        }

    def _unpack(self) -> None:
        """Unpack Debian with Python and what of it cannot be had as wheels."""
        wanted = ["python3", f"python{self.python}", "libstdc++6"]
        wanted += [] if self.compiles else [f"python3-{name}" for name in PACKAGES]
        self.root.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.root, ignore_errors=True)
        _do(
            *("mmdebstrap", "--quiet", "--variant=extract", f"--aptopt={OLD_LISTS}"),
            *(f"--architectures={self.debian}", f"--include={','.join(wanted)}", self.suite),
            *(str(self.root), f"deb {_mirror()} {self.suite} main"),
        )

    def _install(self) -> None:
        """Put wheels into a folder; construct alone where Debian has the rest."""
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(self.site)]
        command += ["--only-binary=:all:", "--python-version", self.python]
        if self.compiles:
            tags = [word for tag in TAGS for word in ("--platform", f"{tag}_{self.machine}")]
            _do(*command, *tags, *WHEELS)
        else:
            _do(*command, "--no-deps", "construct")


def _mirror() -> str:
    """Where this machine has its Debian packages from.

    Raises:
        InputError: ``machine.install`` if that is not known.
    """
    indexes = "Created-By: Packages", "Component: main"
    found = _do("apt-get", "indextargets", "--format", "$(REPO_URI)", *indexes).split()
    mirrors = [address for address in found if address.rstrip("/").endswith("/debian")]
    if not mirrors:
        raise InputError("machine.install", "apt knows no mirror of Debian here")
    return mirrors[0]


def _do(*command: str) -> str:
    """Run a command to its end and return what it prints.

    Raises:
        InputError: ``machine.install`` if it fails.
    """
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError("machine.install", f"{command[0]}: {done.stderr[-500:]}")
    return done.stdout
