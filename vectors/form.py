"""Between JSON and the dataclasses of a vector file, both ways, in one canonical form.

The form is strict: unknown keys, missing keys and values that are not canonical are refused,
so that generating the suite again gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from dredref.vectors.blob import Blob, blob_from_json
from dredref.vectors.model import (
    EXPECTATIONS,
    GROUPS,
    INPUTS,
    Expected,
    Input,
    Vector,
    VectorFile,
    refuse,
)

SCHEMA = 1
"""Version of the file format; ``schema`` at the head of each file."""

_HEAD = ("schema", "suite", "group", "title", "generator", "seed", "notes", "vectors")
_VECTOR = (
    "id",
    "title",
    "level",
    "clauses",
    "requirements",
    "flags",
    "version",
    "operation",
    "input",
    "expected",
)


def file_from_json(form: Mapping[str, Any], root: Path) -> VectorFile:
    """Read one file's JSON; blobs by path are found under ``root``.

    Raises:
        InputError: ``vectors.form``, naming what is wrong.
    """
    _keys(form, _HEAD, "a vector file")
    if form["schema"] != SCHEMA:
        raise refuse(f"schema {form['schema']} is not known, only {SCHEMA}")
    if form["group"] not in GROUPS:
        raise refuse(f"there is no group {form['group']!r}")
    notes = dict(form["notes"])
    return VectorFile(
        group=form["group"],
        title=form["title"],
        suite=form["suite"],
        generator=form["generator"],
        seed=form["seed"],
        notes=notes,
        vectors=tuple(_vector(item, form["group"], notes, root) for item in form["vectors"]),
    )


def file_to_text(content: VectorFile) -> str:
    """The canonical text of a file: one key a line, values compact, one blank line at no place."""
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "suite": content.suite,
        "group": content.group,
        "title": content.title,
        "generator": content.generator,
        "seed": content.seed,
        "notes": dict(content.notes),
    }
    lines = [f" {_compact(key)}: {_compact(value)}," for key, value in head.items()]
    bodies = ",\n".join(_vector_text(vector) for vector in content.vectors)
    return "{\n" + "\n".join(lines) + '\n "vectors": [\n' + bodies + "\n ]\n}\n"


def _vector(form: Mapping[str, Any], group: str, notes: Mapping[str, str], root: Path) -> Vector:
    """Read one vector."""
    name = form.get("id", "without id")
    _keys(form, _VECTOR, f"vector {name}")
    if not name.startswith(f"{group}."):
        raise refuse(f"vector {name} stands in group {group}")
    missing = [flag for flag in form["flags"] if flag not in notes]
    if missing:
        raise refuse(f"vector {name} has flags without a note: {', '.join(missing)}")
    kind = INPUTS.get(form["operation"])
    if kind is None:
        raise refuse(f"vector {name} asks for the operation {form['operation']!r}")
    expected = dict(form["expected"])
    expectation = EXPECTATIONS.get(expected.pop("kind", ""))
    if expectation is None:
        raise refuse(f"vector {name} expects no known kind of answer")
    given: Input = _record(kind, form["input"], root, f"input of {name}")
    wanted: Expected = _record(expectation, expected, root, f"expectation of {name}")
    return Vector(
        id=name,
        group=group,
        title=form["title"],
        clauses=tuple(form["clauses"]),
        requirements=tuple(form["requirements"]),
        level=form["level"],
        flags=tuple(form["flags"]),
        version=form["version"],
        input=given,
        expected=wanted,
        notes={flag: notes[flag] for flag in form["flags"]},
    )


def _record(kind: type[Any], form: Mapping[str, Any], root: Path, where: str) -> Any:
    """Fill a dataclass from JSON: objects with hex or path are blobs, lists become tuples."""
    known, needed = _NAMES[kind]
    if unknown := set(form) - known:
        raise refuse(f"{where} has unknown keys: {', '.join(sorted(unknown))}")
    if lacking := needed - set(form):
        raise refuse(f"{where} lacks: {', '.join(sorted(lacking))}")
    return kind(**{key: _value(value, root) for key, value in form.items()})


def _names(kind: type[Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of a dataclass's fields, and of those that have no default."""
    needed = (
        item.name
        for item in fields(kind)
        if item.default is MISSING and item.default_factory is MISSING
    )
    return frozenset(item.name for item in fields(kind)), frozenset(needed)


_NAMES = {kind: _names(kind) for kind in (*INPUTS.values(), *EXPECTATIONS.values())}


def _value(value: Any, root: Path) -> Any:
    """One JSON value as it stands in a dataclass."""
    if isinstance(value, dict):
        return blob_from_json(value, root) if value.keys() & {"hex", "path"} else value
    if isinstance(value, list):
        return tuple(_value(item, root) for item in value)
    return value


def _plain(value: Any) -> Any:
    """One dataclass value as JSON."""
    if isinstance(value, Blob):
        return value.to_json()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _fields(record: Any) -> dict[str, Any]:
    """A dataclass as JSON, without the fields that stand at their default."""
    return {
        item.name: _plain(getattr(record, item.name))
        for item in fields(record)
        if getattr(record, item.name) != item.default
    }


def vector_to_json(vector: Vector) -> dict[str, Any]:
    """One vector as JSON, without what stands at its default."""
    return {
        "id": vector.id,
        "title": vector.title,
        "level": vector.level,
        "clauses": list(vector.clauses),
        "requirements": list(vector.requirements),
        "flags": list(vector.flags),
        "version": vector.version,
        "operation": vector.operation,
        "input": _fields(vector.input),
        "expected": {"kind": vector.expected.kind} | _fields(vector.expected),
    }


def _vector_text(vector: Vector) -> str:
    """One vector as canonical text, one key a line."""
    form = vector_to_json(vector)
    lines = [f"   {_compact(key)}: {_compact(value)}" for key, value in form.items()]
    return "  {\n" + ",\n".join(lines) + "\n  }"


def _compact(value: Any) -> str:
    """JSON on one line, with a space after comma and colon, as people read it."""
    return json.dumps(value, ensure_ascii=False)


def _keys(form: Mapping[str, Any], wanted: tuple[str, ...], where: str) -> None:
    """Refuse unknown or missing keys."""
    if unknown := set(form) - set(wanted):
        raise refuse(f"{where} has unknown keys: {', '.join(sorted(unknown))}")
    if lacking := set(wanted) - set(form):
        raise refuse(f"{where} lacks: {', '.join(sorted(lacking))}")
