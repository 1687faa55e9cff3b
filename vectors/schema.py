"""The JSON Schema of vector files, made from the dataclasses: the form is written down once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from dredref.vectors.blob import Blob
from dredref.vectors.model import EXPECTATIONS, GROUPS, INPUTS, Level
from dredref.vectors.values import VALUES

PATH = Path(__file__).parent / "schema.json"
"""The schema as it is committed."""
Schema = dict[str, Any]
_SCALARS = {int: "integer", float: "number", str: "string", bool: "boolean"}


def schema() -> Schema:
    """The schema of a file of vectors."""
    head: Schema = {
        "schema": {"const": 1},
        "suite": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        "group": {"enum": list(GROUPS)},
        "title": _text(),
        "generator": _text(),
        "seed": {"type": ["integer", "null"]},
        "notes": {
            "description": "Each flag used below: which bug it stands for, and its effect.",
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z][A-Za-z0-9]*$"},
            "additionalProperties": _text(),
        },
        "vectors": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/vector"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of DRED conformance vectors",
        "description": "Made from vectors/model.py, which says what each field means; unknown keys "
        "are errors.",
        **_object(head, list(head)),
        "$defs": {"blob": _blob(), "vector": _vector(), **dict(_definitions())},
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _definitions() -> Iterator[tuple[str, Schema]]:
    """Inputs, expectations and exact answers, each under its name."""
    for operation, kind in INPUTS.items():
        yield f"input-{operation}", _record(kind)
    for name, expectation in EXPECTATIONS.items():
        found = _record(expectation)
        found["properties"] = {"kind": {"const": name}, **found["properties"]}
        found["required"] = ["kind", *found["required"]]
        yield f"expect-{name}", found
    for operation, form in VALUES.items():
        yield f"value-{operation}", _of(form)


def _vector() -> Schema:
    properties: Schema = {
        "id": {
            "description": "Permanent: retired, never renumbered.",
            "type": "string",
            "pattern": r"^[a-z]+(\.[a-z0-9-]+)+$",
        },
        "title": _text(),
        "level": _of(Level),
        "clauses": {"type": "array", "items": _text(), "minItems": 1},
        "requirements": {"type": "array", "items": _text()},
        "flags": {"type": "array", "items": _text()},
        "version": {"enum": [10, 12, None]},
        "operation": {"enum": list(INPUTS)},
        "input": {"type": "object"},
        "expected": {"oneOf": [{"$ref": f"#/$defs/expect-{name}"} for name in EXPECTATIONS]},
    }
    rules = [_when({"operation": operation}, "input", f"input-{operation}") for operation in INPUTS]
    for operation in VALUES:
        rule = _when({"operation": operation}, "expected", "")
        rule["if"]["properties"]["expected"] = {"properties": {"kind": {"const": "exact"}}}
        value = {"value": {"$ref": f"#/$defs/value-{operation}"}}
        rule["then"] = {"properties": {"expected": {"properties": value}}}
        rules.append(rule)
    return {**_object(properties, list(properties)), "allOf": rules}


def _when(constants: Mapping[str, str], name: str, definition: str) -> Schema:
    """A rule: where these fields have these values, a field has this form."""
    condition = {key: {"const": value} for key, value in constants.items()}
    then = {"properties": {name: {"$ref": f"#/$defs/{definition}"}}}
    return {"if": {"properties": condition}, "then": then}


def _record(kind: type) -> Schema:
    """A dataclass: fields without a default are required, its rules are kept."""
    hints = get_type_hints(kind, include_extras=True)
    assert is_dataclass(kind)
    properties = {item.name: _of(hints[item.name]) for item in fields(kind)}
    needed = [item.name for item in fields(kind) if item.default is item.default_factory]
    found = _object(properties, needed)
    if choice := getattr(kind, "one_of", ()):
        found["oneOf"] = [{"required": [name]} for name in choice]
    if pair := getattr(kind, "together", ()):
        found["dependentRequired"] = {pair[0]: [pair[1]], pair[1]: [pair[0]]}
    return found


def _of(hint: Any) -> Schema:
    """The schema of a type."""
    if hint is Blob:
        return {"$ref": "#/$defs/blob"}
    if isinstance(hint, type) and hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if is_typeddict(hint):
        hints = get_type_hints(hint, include_extras=True)
        return _object({name: _of(one) for name, one in hints.items()}, list(hints))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        # An enumeration stands for itself; other rules narrow the type.
        rule = dict(inner[1].form)
        return rule if "enum" in rule else {**_of(inner[0]), **rule}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, UnionType):
        return _optional([one for one in inner if one is not NoneType])
    if origin is list:
        return {"type": "array", "items": _of(inner[0])}
    if origin is tuple:
        return _tuple(inner)
    return {"type": "object"}


def _optional(kinds: list[Any]) -> Schema:
    """A field that may be left out; in answers, one that may be null."""
    (kind,) = kinds
    if is_typeddict(kind):
        return {"oneOf": [{"type": "null"}, _of(kind)]}
    return _of(kind)


def _tuple(inner: tuple[Any, ...]) -> Schema:
    """Any number of one type, or one of each type."""
    if inner[-1] is Ellipsis:
        return {"type": "array", "minItems": 1, "items": _of(inner[0])}
    size = len(inner)
    items = [_of(one) for one in inner]
    return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}


def _blob() -> Schema:
    count = {"type": "integer", "minimum": 0}
    hexadecimal = {"hex": {"type": "string", "pattern": "^([0-9a-f]{2})*$"}}
    file: Schema = {
        "path": {"type": "string", "pattern": "^[a-z0-9_-]+(/[a-z0-9._-]+)+$"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "offset": count,
        "length": count,
    }
    named = _object(file, ["path", "sha256"])
    named["dependentRequired"] = {"offset": ["length"], "length": ["offset"]}
    return {
        "description": "Bytes, inline as hex or a slice of a file of the suite.",
        "oneOf": [_object(hexadecimal, ["hex"]), named],
    }


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


@cache
def _text() -> Schema:
    return {"type": "string", "minLength": 1}


if __name__ == "__main__":
    PATH.write_text(schema_text(), "utf-8")
