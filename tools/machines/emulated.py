"""Machines of other processors: their Debian unpacked, their programs run by qemu's user mode.

It needs the Debian packages mmdebstrap and qemu-user-static; nothing of a machine is installed
here, and nothing of it runs outside qemu.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dredref.spec.errors import InputError
from tools.machines.oldest import cache
from tools.machines.programs import ROOT

SUITE = "bookworm"
PYTHON = "3.11"
"""The version in that suite of Debian."""
COMMON = "click", "construct", "jinja2", "numpy", "psutil", "rich", "soundfile"
WHEELS = *COMMON, "markdown-it-py", "numba"
PACKAGES = *COMMON, "markdown-it"
TAGS = "manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28"


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor that qemu knows.

    Attributes:
        debian: the name of its architecture in Debian.
        qemu: its name in qemu, in file names and in wheels.
        compiles: whether numba has wheels for it.
        cpu: the model for qemu; what numba is to compile for.
    """

    debian: str
    qemu: str
    compiles: bool
    cpu: str = ""
    target: str = ""

    def interpreter(self) -> list[str]:
        """The command that runs its Python; what it needs is unpacked if it is not there.

        Raises:
            InputError: ``machine.tool`` without qemu or mmdebstrap, ``machine.install``.
        """
        emulator = shutil.which(f"qemu-{self.qemu}-static")
        if emulator is None or shutil.which("mmdebstrap") is None:
            packages = "mmdebstrap and qemu-user-static"
            raise InputError("machine.tool", f"{self.debian} needs the packages {packages}")
        root, site = cache() / self.debian, cache() / f"{self.debian}.site"
        if not (root / "usr/bin" / f"python{PYTHON}").exists():
            self._unpack(root)
        if not (site / "construct").is_dir():
            self._install(site)
        lib = f"/usr/lib/{self.qemu}-linux-gnu"
        variables = {
            "PYTHONPATH": f"{site}:{ROOT}",
            "LD_LIBRARY_PATH": f"{lib}/blas:{lib}/lapack",
            "NUMBA_CACHE_DIR": str(cache() / f"{self.debian}.{self.target or 'any'}"),
            **({"NUMBA_CPU_NAME": self.target} if self.target else {}),
        }
        given = [word for name, value in variables.items() for word in ("-E", f"{name}={value}")]
        model = ["-cpu", self.cpu] if self.cpu else []
        python = str(root / "usr/bin" / f"python{PYTHON}")
        return [emulator, *model, "-L", str(root), *given, python]

    def _unpack(self, root: Path) -> None:
        """Unpack Debian with Python and what of it cannot be had as wheels."""
        wanted = ["python3", "libstdc++6"]
        wanted += [] if self.compiles else [f"python3-{name}" for name in PACKAGES]
        root.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(root, ignore_errors=True)
        _do(
            *("mmdebstrap", "--quiet", "--variant=extract", f"--architectures={self.debian}"),
            *(f"--include={','.join(wanted)}", SUITE, str(root), f"deb {_mirror()} {SUITE} main"),
        )

    def _install(self, site: Path) -> None:
        """Put wheels for the processor into a folder; construct alone where Debian has the rest."""
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(site)]
        command += ["--only-binary=:all:", "--python-version", PYTHON]
        if self.compiles:
            tags = [word for tag in TAGS for word in ("--platform", f"{tag}_{self.qemu}")]
            _do(*command, *tags, *WHEELS)
        else:
            _do(*command, "--no-deps", "construct")


def _mirror() -> str:
    """Where this machine has its Debian packages from."""
    format_ = ["--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {SUITE}"]
    found = _do("apt-get", "indextargets", *format_).split()
    if not found:
        raise InputError("machine.install", f"apt knows no Debian {SUITE} here")
    return found[0]


def _do(*command: str) -> str:
    """Run a command to its end and return what it prints.

    Raises:
        InputError: ``machine.install`` if it fails.
    """
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError("machine.install", f"{command[0]}: {done.stderr[-500:]}")
    return done.stdout
