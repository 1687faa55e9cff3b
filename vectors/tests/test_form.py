"""The vector file format: the committed files, the schema, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dredref.spec.errors import InputError, UsageError
from dredref.vectors.blob import Blob, blob_from_json
from dredref.vectors.form import file_from_json, file_to_text
from dredref.vectors.model import INPUTS
from dredref.vectors.schema import PATH, schema_text
from dredref.vectors.suite import DATA, load_suite

SCHEMA = json.loads((Path(__file__).parents[1] / "schema.json").read_text("utf-8"))


def example() -> dict[str, Any]:
    """A file with one vector of each easily written kind."""
    vector = {
        "id": "packet.example.one",
        "title": "An example",
        "level": "MUST",
        "clauses": ["RFC 6716 3.2.2"],
        "requirements": [],
        "flags": [],
        "version": None,
        "operation": "packet",
        "input": {"packet": {"hex": "0801"}},
        "expected": {"kind": "reject", "code": "packet.example"},
    }
    return {
        "schema": 1,
        "suite": "0.1.0",
        "group": "packet",
        "title": "Examples",
        "generator": "by hand",
        "seed": None,
        "notes": {},
        "vectors": [vector],
    }


def test_committed_files_are_valid_and_canonical() -> None:
    suite = load_suite()
    validator = jsonschema.Draft202012Validator(SCHEMA)
    seen: set[str] = set()
    for path in suite.files():
        text = path.read_text("utf-8")
        form = json.loads(text)
        # The loader below is strict as well and reads all of them; the schema takes its time.
        form["vectors"] = form["vectors"][::9]
        validator.validate(form)
        content = suite.read(path)
        assert file_to_text(content) == text, path
        names = {vector.id for vector in content.vectors}
        assert len(names) == len(content.vectors)
        assert not seen & names
        seen |= names
    assert seen


def test_schema_is_made_from_the_dataclasses() -> None:
    """After a change: python -m dredref.vectors.schema."""
    assert PATH.read_text("utf-8") == schema_text()


def test_schema_knows_every_operation() -> None:
    operations = SCHEMA["$defs"]["vector"]["properties"]["operation"]["enum"]
    assert set(operations) == set(INPUTS)


def test_example_passes_both_ways() -> None:
    jsonschema.validate(example(), SCHEMA)
    content = file_from_json(example(), DATA)
    assert json.loads(file_to_text(content)) == example()
    assert content.vectors[0].request() == {"packet": "0801"}


def change(form: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set (or with ... remove) one key, given as a dotted path through ``vectors[0]``."""
    place: Any = form
    *folders, last = path.split(".")
    for key in folders:
        place = place[int(key)] if key.isdigit() else place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return form


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surplus", 1),
        ("seed", ...),
        ("schema", 2),
        ("group", "packets"),
        ("vectors.0.surplus", 1),
        ("vectors.0.level", ...),
        ("vectors.0.operation", "parse"),
        ("vectors.0.input.surplus", 1),
        ("vectors.0.input.packet", ...),
        ("vectors.0.input.packet", {"hex": "0g"}),
        ("vectors.0.input.packet", {"hex": 1}),
        ("vectors.0.input.packet", {"path": "a", "sha256": {"a": 1}}),
        ("vectors.0.input.packet", {"path": "a", "sha256": "0" * 64, "offset": -1, "length": 1}),
        ("vectors.0.input.packet", {"hex": "00", "path": "a/b"}),
        ("vectors.0.input.packet", {"path": "../b", "sha256": "0" * 64}),
        ("vectors.0.expected.kind", "refuse"),
        ("vectors.0.expected.surplus", 1),
        ("vectors.0.expected.code", ...),
    ],
)
def test_schema_and_loader_refuse(path: str, value: Any) -> None:
    form = change(example(), path, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(form, SCHEMA)
    with pytest.raises(InputError) as caught:
        file_from_json(form, DATA)
    assert caught.value.code == "vectors.form"


def test_flags_need_notes_and_ids_their_group() -> None:
    with pytest.raises(InputError, match="without a note"):
        file_from_json(change(example(), "vectors.0.flags", ["Unknown"]), DATA)
    with pytest.raises(InputError, match="stands in group"):
        file_from_json(change(example(), "vectors.0.id", "payload.one"), DATA)


def test_blob_slices_and_digest(tmp_path: Path) -> None:
    content = bytes(range(100))
    (tmp_path / "x.bin").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    form = {"path": "x.bin", "sha256": digest, "offset": 10, "length": 5}
    blob = blob_from_json(form, tmp_path)
    assert blob.read() == content[10:15]
    assert blob.to_json() == form
    with pytest.raises(InputError, match=r"vectors\.slice"):
        Blob(path="x.bin", sha256=digest, offset=99, length=2, root=tmp_path).read()
    with pytest.raises(InputError, match=r"vectors\.digest"):
        Blob(path="x.bin", sha256="0" * 64, root=tmp_path).read()
    with pytest.raises(InputError, match=r"vectors\.missing"):
        Blob(path="y.bin", sha256=digest, root=tmp_path).read()


def test_suite_selects_by_group_and_glob() -> None:
    suite = load_suite()
    assert {vector.group for vector in suite.vectors(["extension"])} == {"extension"}
    chosen = list(suite.vectors(ids=["*.code0.basic"]))
    assert [vector.id for vector in chosen] == ["packet.code0.basic"]
    assert suite.find("packet.code0.basic") == chosen[0]
    with pytest.raises(UsageError):
        suite.find("packet.none")
    with pytest.raises(UsageError):
        list(suite.vectors(["none"]))


def test_suite_digest_sees_every_byte(tmp_path: Path) -> None:
    (tmp_path / "packet").mkdir()
    file = tmp_path / "packet" / "a.json"
    file.write_text("{}")
    suite = load_suite(tmp_path)
    before = suite.digest()
    file.write_text("{} ")
    assert suite.digest() != before


def test_requests_hold_what_is_asked_alone() -> None:
    suite = load_suite()
    plain = suite.find("payload.v12.carried.behind-others").request()
    assert not {"payload", "final_id", "both_forms"} & set(plain)
    assert suite.find("payload.v12.forms.final").request()["both_forms"] is True
