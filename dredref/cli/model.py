"""``dredref model``: the networks' weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from dredref.cli.groups import SuggestingGroup
from dredref.cli.options import stdout, tell
from dredref.cli.rate import rate
from dredref.cli.tables import plain_table
from dredref.files import atomic_output
from dredref.model import PACKAGED, load, packaged
from dredref.model.blob import MAGIC, blob_models
from dredref.model.container import RawModel, write_model
from dredref.model.source import SourcePackage
from dredref.model.weights import Layer, Model
from dredref.spec.errors import InputError


@click.group(cls=SuggestingGroup)
def model() -> None:
    """Show the networks' weights, bring others, or measure them."""


model.add_command(rate)


@model.command("import")
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.option("--to", "folder", default=".", metavar="FOLDER", help="Where the files go.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")
def import_(source: str, folder: str, as_json: bool) -> None:
    """Make model files from libopus' weights.

    SOURCE is a libopus source package (folder or tarball) or a DNNw weight blob. Each network
    becomes a file of its own, named after it; `dredref decode --model FILE` uses one.
    """
    target = Path(folder)
    if not target.is_dir():
        raise InputError("output.unwritable", f"{folder} is no folder")
    for raw in list(_models(Path(source))):
        data = write_model(raw)
        path = target / f"{raw.name}.bin"
        with atomic_output(path) as temporary:
            temporary.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        done = {"written": str(path), "bytes": len(data), "sha256": digest}
        tell(done, f"{path}: {len(data)} bytes, sha256 {digest}", as_json)


@model.command(short_help="Show models or their layers.")
@click.argument("name", required=False, metavar="[NAME|FILE]", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(name: str | None, as_json: bool) -> None:
    """Show the packaged models, or the layers of one of them or of a model file."""
    if name is None:
        rows = [summary(packaged(title)) for title in PACKAGED]
        if as_json:
            click.echo(json.dumps(rows))
        else:
            stdout.print(_models_table(rows))
        return
    found = packaged(name) if name in PACKAGED else load(name)
    described = {**summary(found), "layers": [_layer(part) for part in found.layers.values()]}
    if as_json:
        click.echo(json.dumps(described))
        return
    for key in ("model", "dred_version", "parameters"):
        stdout.print(f"{key}: {described[key]}")
    for key, value in found.provenance.items():
        stdout.print(f"{key}: {value}")
    stdout.print(_layers_table(described["layers"]))


def _models(source: Path) -> Iterator[RawModel]:
    """The networks of a source package or a blob."""
    if source.is_dir():
        return SourcePackage(source).models()
    try:
        with source.open("rb") as handle:
            is_blob = handle.read(len(MAGIC)) == MAGIC
        if is_blob:
            return blob_models(source.read_bytes(), source.name)
    except OSError as error:
        raise InputError("input.unreadable", f"cannot read {source}: {error.strerror}") from error
    return SourcePackage(source).models()


def summary(found: Model) -> dict[str, Any]:
    """A model in one row."""
    arrays = [part for layer in found.layers.values() for part in layer.raw.arrays.values()]
    return {
        "model": found.name,
        "dred_version": found.dred_version,
        "layer_count": len(found.layers),
        "parameters": sum(part.mantissa.size for part in arrays),
        "provenance": dict(found.provenance),
    }


def _layer(layer: Layer) -> dict[str, Any]:
    """A layer in one row: shape, and type and format of each array."""
    return {
        "layer": layer.name,
        "kind": layer.raw.kind,
        "inputs": layer.inputs,
        "outputs": layer.outputs,
        "arrays": {
            role: {"type": part.mantissa.dtype.name, "q": part.q, "size": part.mantissa.size}
            for role, part in layer.raw.arrays.items()
        },
    }


def _models_table(rows: list[dict[str, Any]]) -> Table:
    table = plain_table("model", "DRED version", "layers", "numbers", "from", "file")
    for row in rows:
        origin = row["provenance"]
        table.add_row(
            row["model"],
            str(row["dred_version"] or "every"),
            str(row["layer_count"]),
            str(row["parameters"]),
            f"{origin['package']} {origin.get('package_version', '')}".strip(),
            origin["file"],
        )
    return table


def _layers_table(rows: list[dict[str, Any]]) -> Table:
    table = plain_table("layer", "kind", "inputs", "outputs", "arrays")
    for row in rows:
        arrays = ", ".join(f"{role} Q{part['q']}" for role, part in row["arrays"].items())
        table.add_row(row["layer"], row["kind"], str(row["inputs"]), str(row["outputs"]), arrays)
    return table
