"""Options that name vectors: groups, ids, another folder; and their completion in a shell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from dredref.spec.errors import UsageError
from dredref.vectors.model import GROUPS

F = TypeVar("F", bound=Callable[..., Any])


class _Groups(click.ParamType):  # type: ignore[type-arg]
    """Groups of vectors, with commas between them."""

    name = "list"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the groups; the value may have been converted already."""
        names = value.split(",") if isinstance(value, str) else list(value)
        for name in names:
            if name not in GROUPS:
                raise UsageError(
                    "vectors.group", f"no group {name!r}; there are: {', '.join(GROUPS)}"
                )
        return tuple(names)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the groups that the last word may become."""
        before, comma, last = incomplete.rpartition(",")
        chosen = before.split(",")
        left = [group for group in GROUPS if group not in chosen and group.startswith(last)]
        return [CompletionItem(before + comma + group) for group in left]


def groups_option(command: F) -> F:
    """Add ``--groups LIST``, which may be given again; the command gets a tuple of names."""
    return click.option(
        "--groups",
        "--group",
        "groups",
        multiple=True,
        type=_Groups(),
        metavar="LIST",
        callback=lambda context, option, lists: tuple(name for names in lists for name in names),
        help=f"Groups of vectors, with commas; all if not given. There are: {', '.join(GROUPS)}.",
    )(command)


def folder_option(command: F) -> F:
    """Add ``--vectors``, which names another suite."""
    return click.option(
        "--vectors",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of vectors other than the project's own.",
    )(command)


def ids_option(command: F) -> F:
    """Add ``--ids GLOB``, which may be given again."""
    return click.option(
        "--ids",
        multiple=True,
        metavar="GLOB",
        shell_complete=complete_ids,
        help="Only ids that match; may be repeated.",
    )(command)


def complete_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids that begin with a word; parts of ids where there are many."""
    from dredref.vectors.suite import load_suite

    group = incomplete.partition(".")[0]
    groups = (group,) if group in GROUPS else tuple(g for g in GROUPS if g.startswith(group))
    suite = load_suite(ctx.params.get("folder"))
    found = [one.id for one in suite.vectors(groups) if one.id.startswith(incomplete)]
    return found if len(found) <= MOST_IDS else list(_parts(found, len(incomplete)))


MOST_IDS = 60
"""Ids that are offered whole."""


def _parts(ids: list[str], known: int) -> Iterator[str]:
    """The ids up to the first dot after what is known, once each."""
    seen: dict[str, None] = {}
    for one in ids:
        end = one.find(".", known)
        seen.setdefault(one if end < 0 else one[: end + 1])
    yield from seen
