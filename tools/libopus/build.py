"""Makes builds of libopus with DRED, kept in a cache: ``python -m tools.libopus.build``.

``dredref.conformance.adapters.libopus.builds`` says which there are and where they are. A
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
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from dredref.conformance.adapters.libopus.builds import (
    RECIPES,
    Build,
    Recipe,
    cache_folder,
    find,
    manifest,
)
from dredref.files import atomic_output
from dredref.spec.errors import DredError, InputError
from tools.libopus import sources

PROGRAMS = ("opus_demo", "opus_compare", "fargan_demo", "dump_weights_blob", "dred_compare")


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


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1)
@click.option("--jobs", type=int, default=os.cpu_count() or 1, help="compilers at a time")
@click.option("--cache", type=click.Path(path_type=Path), help="cache folder")
def main(names: tuple[str, ...], jobs: int, cache: Path | None) -> None:
    """Make the builds of libopus named that are not in the cache yet.

    Without names all are made but those with sanitizers.
    """
    folder = cache or cache_folder()
    console = Console(stderr=True)
    for name in names or [name for name, recipe in RECIPES.items() if not recipe.sanitized]:
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
