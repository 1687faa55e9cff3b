"""Implementations by name, and whether they can be run here."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Set
from dataclasses import dataclass
from importlib.metadata import entry_points

from dredref.conformance.adapters.libopus.builds import RECIPES, find, missing
from dredref.conformance.running.harness import Harness
from dredref.conformance.running.process import Limits
from dredref.spec.errors import InputError, UsageError


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
    """A build of libopus behind its harness."""
    return Adapter(
        f"libopus-{build}",
        f"libopus {build}, built by tools/libopus",
        (sys.executable, "-m", "dredref.conformance.adapters.libopus.harness", build),
        lambda: "" if find(build) else missing(build),
    )


def _pyav(name: str, codec: str) -> Adapter:
    """A decoder of FFmpeg in PyAV's wheel."""
    found = importlib.util.find_spec("av") is not None
    return Adapter(
        name,
        f"FFmpeg's decoder {codec}, through PyAV",
        (sys.executable, "-m", "dredref.conformance.adapters.pyav", codec),
        lambda: "" if found else "PyAV is not installed: pip install 'dredref[containers]'",
    )


ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        Adapter(
            "reference",
            "this project's integer reference",
            (sys.executable, "-m", "dredref.conformance.main", "serve"),
            lambda: "",
            (sys.executable, "-m", "dredref.kernels", "integer"),
            frozenset({"decode", "records", "vocode", "encode", "conceal"}),
        ),
        *map(_libopus, RECIPES),
        _pyav("ffmpeg-opus", "opus"),
        _pyav("ffmpeg-libopus", "libopus"),
    )
}
"""Name -> built-in implementation."""


ENTRY_POINTS = "dredref.implementations"
"""Group under which an installed package registers an :class:`Adapter`, or what makes one."""


def registered() -> dict[str, Adapter]:
    """The adapters that installed packages register, by name."""
    found = {}
    for point in entry_points(group=ENTRY_POINTS):
        loaded = point.load()
        made = loaded if isinstance(loaded, Adapter) else loaded()
        if isinstance(made, Adapter):
            found[point.name] = made
    return found


def adapter(name: str) -> Adapter:
    """The implementation of that name, built in or registered by an installed package.

    Raises:
        UsageError: ``run.impl`` if there is none, or it cannot be run here.
    """
    found = ADAPTERS.get(name) or registered().get(name)
    if found is None:
        names = ", ".join((*ADAPTERS, *registered()))
        raise UsageError("run.impl", f"no implementation {name!r}; there are: {names}")
    if reason := found.missing():
        raise UsageError("run.impl", reason)
    return found
