"""Builds of libopus with DRED in the cache, and what is compiled against them.

==========  ==============================================================================
1.6.1       the default build of the machine (run-time choice of vector code on x86)
1.6.1-c     the same source on its plain portable path: no vector code, no contraction
1.5.2       DRED experiment version 10, default build
1.5.2-c     DRED experiment version 10, plain portable path
1.6.1-san   the plain path of 1.6.1 with the address and undefined behaviour sanitizers of
            GCC: the first report ends the program
1.5.2-san   the same of 1.5.2
==========  ==============================================================================

They are made by ``python -m tools.libopus.build`` in a source tree of this project. The cache
folder is ``$DREDREF_LIBOPUS``, or else ``dredref/libopus`` in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dredref.files import atomic_output
from dredref.spec.errors import InputError

COMMON = ("--enable-dred", "--disable-shared", "--with-pic", "--disable-doc")
OPTIMISED = "-O2 -g1"

# Without these predefined macros the headers of celt, silk and dnn take their portable branches.
# The compiler still emits scalar SSE arithmetic, which is what IEEE single precision asks for.
VECTOR_MACROS = ("SSE", "SSE2", "SSE3", "SSSE3", "SSE4_1", "SSE4_2", "AVX", "AVX2", "FMA")
PLAIN = " ".join(
    [OPTIMISED, "-ffp-contract=off", "-DDISABLE_NEON", *(f"-U__{name}__" for name in VECTOR_MACROS)]
)
SANITIZED = (
    f"{PLAIN.replace('-O2', '-O1')} -fsanitize=address,undefined -fno-sanitize-recover=all"
    " -fno-omit-frame-pointer"
)
NO_PORTS = ("--disable-asm", "--disable-rtcd", "--disable-intrinsics")
PORTABLE = (*NO_PORTS, f"CFLAGS={PLAIN}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a build is made: which source, which options of configure."""

    name: str
    source: str
    options: tuple[str, ...]
    plain: bool = False
    sanitized: bool = False
    """Made only where it is asked for by name; its library loads behind :func:`preload`."""


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("1.6.1", "1.6.1", (*COMMON, f"CFLAGS={OPTIMISED}")),
        Recipe("1.6.1-c", "1.6.1", (*COMMON, *PORTABLE), plain=True),
        Recipe("1.5.2", "1.5.2", (*COMMON, f"CFLAGS={OPTIMISED}")),
        Recipe("1.5.2-c", "1.5.2", (*COMMON, *PORTABLE), plain=True),
        *(
            Recipe(
                *(f"{release}-san", release, (*COMMON, *NO_PORTS, f"CFLAGS={SANITIZED}")),
                plain=True,
                sanitized=True,
            )
            for release in ("1.6.1", "1.5.2")
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: where its parts are, and what it was made from."""

    name: str
    path: Path
    source: Path

    @property
    def library(self) -> Path:
        """The static, position-independent library."""
        return self.path / "libopus.a"

    @property
    def recipe(self) -> Recipe:
        """How it was made."""
        return RECIPES[self.name]

    def program(self, name: str) -> Path:
        """A program of the build.

        Raises:
            InputError: ``libopus.no_program`` if this version has none of that name.
        """
        path = self.path / "bin" / name
        if not path.is_file():
            raise InputError("libopus.no_program", f"libopus {self.name} has no program {name}")
        return path

    def compiler_flags(self) -> list[str]:
        """Flags that compile a unit as the library's own were, its private headers in reach."""
        folders = ["", "include", "celt", "silk", "silk/float", "dnn", "src"]
        flags = ["-DHAVE_CONFIG_H", f"-I{self.path}", *(f"-I{self.source / d}" for d in folders)]
        cflags = next(o for o in self.recipe.options if o.startswith("CFLAGS="))
        return [*cflags.removeprefix("CFLAGS=").split(), "-fPIC", "-w", *flags]


def cache_folder() -> Path:
    """``$DREDREF_LIBOPUS``, or ``dredref/libopus`` in the user's cache folder."""
    own = os.environ.get("DREDREF_LIBOPUS")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dredref" / "libopus"


def find(name: str, cache: Path | None = None) -> Build | None:
    """The finished build of that name, or None."""
    folder = cache or cache_folder()
    path = folder / "builds" / name
    if not (path / "libopus.a").is_file():
        return None
    return Build(name, path, folder / "sources" / RECIPES[name].source)


def get(name: str, cache: Path | None = None) -> Build:
    """The finished build of that name.

    Raises:
        InputError: ``libopus.no_build``, with the command that makes it.
    """
    build = find(name, cache)
    if build is None:
        raise InputError("libopus.no_build", missing(name))
    return build


def missing(name: str) -> str:
    """Return the sentence that says how a missing build is made."""
    return f"no libopus {name}: run python -m tools.libopus.build {name} in a source tree"


SANITIZER = "libasan.so"
SANITIZER_OPTIONS = "abort_on_error=1:detect_leaks=0:halt_on_error=1:handle_abort=0"
"""A report ends the program by SIGABRT; leaks are not looked for, as Python has its own."""


def preload(build: Build) -> dict[str, str]:
    """Variables that a process needs before it can load a library with sanitizers, or none.

    Raises:
        InputError: ``libopus.build_failed`` if there is no compiler to name the runtime.
    """
    if not build.recipe.sanitized or SANITIZER in os.environ.get("LD_PRELOAD", ""):
        return {}
    try:
        named = subprocess.run(
            ["gcc", f"-print-file-name={SANITIZER}"], capture_output=True, text=True
        )
    except FileNotFoundError:
        raise InputError("libopus.build_failed", "there is no compiler (gcc)") from None
    options = dict.fromkeys(("ASAN_OPTIONS", "UBSAN_OPTIONS"), SANITIZER_OPTIONS)
    return {"LD_PRELOAD": named.stdout.strip(), **options}


def manifest(cache: Path | None = None) -> dict[str, object]:
    """What is in the cache: sources with versions and digests, builds with options."""
    path = (cache or cache_folder()) / "manifest.json"
    if not path.is_file():
        return {"sources": {}, "builds": {}}
    loaded: dict[str, object] = json.loads(path.read_text())
    return loaded


def compile_program(
    name: str, units: Sequence[Path], build: Build, extra: Sequence[str] = ()
) -> Path:
    """Compile C units against a build into a program in the cache; made anew when a unit changed.

    Raises:
        InputError: ``libopus.build_failed`` with what the compiler said.
    """
    digest = "-".join(hashlib.sha256(unit.read_bytes()).hexdigest()[:12] for unit in units)
    folder = build.path.parent.parent / "programs"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{build.name}-{digest}"
    if not target.is_file():
        link(units, build, target, extra)
    return target


def link(
    units: Sequence[Path],
    build: Build,
    target: Path,
    extra: Sequence[str],
    *,
    whole: bool = False,
) -> None:
    """Compile and link ``units`` with what they need of the library, or the whole of it."""
    archive = [str(build.library)]
    if whole:
        archive = ["-Wl,--whole-archive", *archive, "-Wl,--no-whole-archive"]
    with atomic_output(target) as path:
        command = ["gcc", *build.compiler_flags(), *map(str, units), *extra]
        command += [*archive, "-lm", "-o", str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            raise InputError("libopus.build_failed", "there is no compiler (gcc)") from None
        if done.returncode:
            raise InputError("libopus.build_failed", f"{target.name}: {done.stderr[-3000:]}")
    target.chmod(0o755)
