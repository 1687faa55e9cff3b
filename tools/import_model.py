"""Make the packaged model files from libopus source packages.

``python -m tools.import_model --current SOURCE --previous SOURCE`` takes every network from the
first (folder or tarball of release 1.6.1) and the two RDOVAE networks from the second (1.5.2), and
writes ``dredref/model/data`` and the network that draws losses. ``--check`` compares instead of
writing. The same sources always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dredref.files import atomic_output
from dredref.model.container import write_model
from dredref.model.importer import LOSSGEN
from dredref.model.source import SourcePackage

PACKAGE = Path(__file__).parents[1] / "dredref"
DATA = PACKAGE / "model" / "data"
LOSSGEN_FILE = PACKAGE / "losses" / "data" / "lossgen.bin"


def packaged_files(current: Path, previous: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every packaged model file."""
    for model in SourcePackage(current).models():
        yield f"{model.name}.bin", write_model(model)
    for model in SourcePackage(previous).models():
        if model.dred_version is not None:
            yield f"{model.name}.bin", write_model(model)


def lossgen_file(source: Path) -> bytes:
    """The packaged network that draws losses."""
    (model,) = SourcePackage(source, [LOSSGEN]).models()
    return write_model(model)


@click.command()
@click.option("--current", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--previous", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--check", is_flag=True, help="Compare with the packaged files; write nothing.")
def main(current: Path, previous: Path, check: bool) -> None:
    """Write or check the packaged model files."""
    differ = []
    made = [(DATA / name, data) for name, data in packaged_files(current, previous)]
    for target, data in [*made, (LOSSGEN_FILE, lossgen_file(current))]:
        name = target.name
        if check:
            if not target.is_file() or target.read_bytes() != data:
                differ.append(name)
            continue
        with atomic_output(target) as temporary:
            temporary.write_bytes(data)
        click.echo(f"wrote {name}: {len(data)} bytes")
    if differ:
        raise SystemExit(f"not as imported: {', '.join(differ)}")


if __name__ == "__main__":
    main()
