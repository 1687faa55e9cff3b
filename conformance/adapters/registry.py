"""Implementations by name, and whether they can be run here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from dredref.conformance.running.harness import Harness
from dredref.conformance.running.process import Limits
from dredref.spec.errors import InputError, UsageError

ROOT = Path(__file__).resolve().parents[2]
"""The source tree, where there is one: the builds of libopus are made by its tools."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A built-in implementation."""

    name: str
    title: str
    command: tuple[str, ...]
    missing: Callable[[], str]
    """Why it cannot be run here, or the empty string."""
    ready: tuple[str, ...] = ()
    """A command that does beforehand what would else count against the first questions."""
    ready_for: frozenset[str] = frozenset()
    """Operations that need it."""

    def make(self, limits: Limits | None = None) -> Harness:
        """One instance, for one worker."""
        return Harness(self.command, limits)

    def prepare(self, operations: Set[str]) -> None:
        """Make it ready for operations.

        Raises:
            InputError: ``run.start`` if that fails.
        """
        if self.ready_for & operations and subprocess.run(self.ready, check=False).returncode:
            raise InputError("run.start", f"{self.title} cannot be made ready")


def _libopus(build: str) -> Adapter:
    """A build of libopus behind the harness of tools/libopus."""

    def missing() -> str:
        if not (ROOT / "tools" / "libopus").is_dir():
            return "the builds of libopus need a source tree of this project"
        sys.path.insert(0, str(ROOT))
        try:
            from tools.libopus.build import find
        finally:
            sys.path.remove(str(ROOT))
        if find(build) is None:
            return f"no libopus {build}: run python -m tools.libopus.build {build}"
        return ""

    starter = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['harness', {build!r}]; "
    starter += "from tools.libopus.harness import main; main()"
    return Adapter(
        f"libopus-{build}",
        f"libopus {build}, built by tools/libopus",
        (sys.executable, "-c", starter),
        missing,
    )


ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        Adapter(
            "reference",
            "this project's integer reference",
            (sys.executable, "-m", "dredref.conformance.adapters.reference"),
            lambda: "",
            (sys.executable, "-m", "dredref.kernels"),
            frozenset({"decode", "records", "vocode", "encode", "conceal"}),
        ),
        *(_libopus(build) for build in ("1.6.1", "1.6.1-c", "1.5.2", "1.5.2-c")),
    )
}
"""Name -> built-in implementation."""


def adapter(name: str) -> Adapter:
    """The implementation of that name.

    Raises:
        UsageError: ``run.impl`` if there is none, or it cannot be run here.
    """
    found = ADAPTERS.get(name)
    if found is None:
        raise UsageError(
            "run.impl", f"no implementation {name!r}; there are: {', '.join(ADAPTERS)}"
        )
    if reason := found.missing():
        raise UsageError("run.impl", reason)
    return found
