"""Builds of libopus with DRED, kept in a cache: ``python -m tools.libopus.build``.

==========  ==============================================================================
1.6.1       the default build of the machine (run-time choice of vector code on x86)
1.6.1-c     the same source on its plain portable path: no vector code, no contraction
1.5.2       DRED experiment version 10, default build
1.5.2-c     DRED experiment version 10, plain portable path
==========  ==============================================================================

The cache folder is ``$DREDREF_LIBOPUS``, or else ``dredref/libopus`` in the user's cache. A
finished build is never touched again; one in progress is invisible, since it is made beside its
place and renamed there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from dredref.spec.errors import DredError, InputError
from rich.console import Console

from dredref.files import atomic_output
from tools.libopus import sources

PROGRAMS = ("opus_demo", "opus_compare", "fargan_demo", "dump_weights_blob", "dred_compare")
COMMON = ("--enable-dred", "--disable-shared", "--with-pic", "--disable-doc")
OPTIMISED = "-O2 -g1"

# Without these predefined macros the headers of celt, silk and dnn take their portable branches.
# The compiler still emits scalar SSE arithmetic, which is what IEEE single precision asks for.
VECTOR_MACROS = ("SSE", "SSE2", "SSE3", "SSSE3", "SSE4_1", "SSE4_2", "AVX", "AVX2", "FMA")
PLAIN = " ".join(
    [OPTIMISED, "-ffp-contract=off", "-DDISABLE_NEON", *(f"-U__{name}__" for name in VECTOR_MACROS)]
)
PORTABLE = ("--disable-asm", "--disable-rtcd", "--disable-intrinsics", f"CFLAGS={PLAIN}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a build is made: which source, which options of configure."""

    name: str
    source: str
    options: tuple[str, ...]
    plain: bool = False


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("1.6.1", "1.6.1", (*COMMON, f"CFLAGS={OPTIMISED}")),
        Recipe("1.6.1-c", "1.6.1", (*COMMON, *PORTABLE), plain=True),
        Recipe("1.5.2", "1.5.2", (*COMMON, f"CFLAGS={OPTIMISED}")),
        Recipe("1.5.2-c", "1.5.2", (*COMMON, *PORTABLE), plain=True),
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
        raise InputError(
            "libopus.no_build", f"no libopus {name}: run python -m tools.libopus.build {name}"
        )
    return build


def manifest(cache: Path | None = None) -> dict[str, object]:
    """What is in the cache: sources with versions and digests, builds with options."""
    path = (cache or cache_folder()) / "manifest.json"
    if not path.is_file():
        return {"sources": {}, "builds": {}}
    loaded: dict[str, object] = json.loads(path.read_text())
    return loaded


def note(cache: Path, section: str, name: str, entry: dict[str, object]) -> None:
    """Write one entry into the manifest of the cache."""
    content = manifest(cache)
    entries = content.setdefault(section, {})
    assert isinstance(entries, dict)
    entries[name] = entry
    with atomic_output(cache / "manifest.json") as path:
        path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Let one process at a time change the cache; others wait."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def call(command: Sequence[str], folder: Path, log: Path) -> None:
    """Run a command, its output into ``log``.

    Raises:
        InputError: ``libopus.build_failed`` with the last lines of the log.
    """
    with log.open("a") as file:
        print("$", *command, file=file, flush=True)
        done = subprocess.run(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise InputError("libopus.build_failed", f"{command[0]} failed, see {log}:\n{tail}")


def ensure_source(name: str, cache: Path, say: sources.Say) -> Path:
    """The unpacked source of that name, fetched if it is not in the cache."""
    target = cache / "sources" / name
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        source = sources.fetch(sources.WANTED[name], target, say)
        note(cache, "sources", name, {**asdict(source), "upstream": source.upstream})
    return target


def ensure_build(name: str, cache: Path, jobs: int, say: sources.Say) -> Build:
    """The build of that name, made if it is not in the cache.

    Raises:
        InputError: ``libopus.unknown``, ``apt.*`` or ``libopus.build_failed``.
    """
    if name not in RECIPES:
        raise InputError("libopus.unknown", f"no build {name}; there are {', '.join(RECIPES)}")
    found = find(name, cache)
    if found is not None:
        return found
    with locked(cache):
        found = find(name, cache)
        return found or make(RECIPES[name], cache, jobs, say)


def make(recipe: Recipe, cache: Path, jobs: int, say: sources.Say) -> Build:
    """Fetch, configure, compile, and put the parts worth keeping into their place."""
    source = ensure_source(recipe.source, cache, say)
    work = cache / "work" / recipe.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    log = cache / f"build-{recipe.name}.log"
    log.unlink(missing_ok=True)
    say(f"configuring libopus {recipe.name}")
    call([str(source / "configure"), *recipe.options], work, log)
    say(f"compiling libopus {recipe.name}")
    programs = [name for name in PROGRAMS if f"\n{name}_SOURCES" in makefile_text(source)]
    call(["make", f"-j{jobs}", "libopus.la", *programs], work, log)
    if recipe.plain:
        prove_plain(recipe, source, work)
    partial = cache / "work" / f"{recipe.name}.keep"
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "bin").mkdir(parents=True)
    shutil.copy2(work / ".libs" / "libopus.a", partial)
    shutil.copy2(work / "config.h", partial)
    for program in programs:
        shutil.copy2(work / program, partial / "bin" / program)
    target = cache / "builds" / recipe.name
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(target)
    shutil.rmtree(work)
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout
    entry = {**asdict(recipe), "programs": programs, "compiler": compiler.splitlines()[0]}
    note(cache, "builds", recipe.name, entry)
    return Build(recipe.name, target, source)


def prove_plain(recipe: Recipe, source: Path, work: Path) -> None:
    """See that the compiler took the plain branch of the networks' vector header.

    Raises:
        InputError: ``libopus.not_plain`` if it did not.
    """
    flags = Build(recipe.name, work, source).compiler_flags()
    header = str(source / "dnn" / "vec.h")
    command = ["gcc", *flags, "-E", "-dM", "-x", "c", header]
    macros = subprocess.run(command, capture_output=True, text=True).stdout
    if "#define NO_OPTIMIZATIONS" not in macros:
        raise InputError("libopus.not_plain", f"{recipe.name} would not be the plain path")


def makefile_text(source: Path) -> str:
    """The makefile template of the source, which names the programs it can make."""
    return "\n" + (source / "Makefile.am").read_text().replace("    ", "")


def compile_program(
    name: str, units: Sequence[Path], build: Build, extra: Sequence[str] = ()
) -> Path:
    """Compile C units against a build into a program in the cache; made anew when a unit changed.

    Raises:
        InputError: ``libopus.build_failed`` with what the compiler said.
    """
    digest = "-".join(sources.sha256(unit)[:12] for unit in units)
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
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise InputError("libopus.build_failed", f"{target.name}: {done.stderr[-3000:]}")
    target.chmod(0o755)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1)
@click.option("--jobs", type=int, default=os.cpu_count() or 1, help="compilers at a time")
@click.option("--cache", type=click.Path(path_type=Path), help="cache folder")
def main(names: tuple[str, ...], jobs: int, cache: Path | None) -> None:
    """Make the builds of libopus named (all if none) that are not in the cache yet."""
    folder = cache or cache_folder()
    console = Console(stderr=True)
    for name in names or tuple(RECIPES):
        try:
            if console.is_terminal:
                with console.status(f"libopus {name}") as status:
                    build = ensure_build(name, folder, jobs, status.update)
            else:
                build = ensure_build(name, folder, jobs, print)
        except DredError as error:
            console.print(str(error), markup=False, highlight=False)
            sys.exit(2)
        print(f"{name}: {build.path}")


if __name__ == "__main__":
    main()
