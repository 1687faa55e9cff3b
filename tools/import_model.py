"""Make the packaged model files from libopus source packages.

``python -m tools.import_model --current SOURCE --previous SOURCE`` takes every network from the
first (folder or tarball of release 1.6.1) and the two RDOVAE networks from the second (1.5.2), and
writes ``dredref/model/data``. ``--check`` compares instead of writing. The same sources always give
the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dredref.files import atomic_output
from dredref.model.container import write_model
from dredref.model.source import SourcePackage

DATA = Path(__file__).parents[1] / "dredref" / "model" / "data"


def packaged_files(current: Path, previous: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every packaged model file."""
    for model in SourcePackage(current).models():
        yield f"{model.name}.bin", write_model(model)
    for model in SourcePackage(previous).models():
        if model.dred_version is not None:
            yield f"{model.name}.bin", write_model(model)


@click.command()
@click.option("--current", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--previous", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--check", is_flag=True, help="Compare with the packaged files; write nothing.")
def main(current: Path, previous: Path, check: bool) -> None:
    """Write or check the packaged model files."""
    differ = []
    for name, data in packaged_files(current, previous):
        target = DATA / name
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
