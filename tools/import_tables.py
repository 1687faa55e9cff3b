"""Import the quantizer tables of one DRED version from a libopus source package.

``python -m tools.import_tables TARBALL --package-version 1.6.1-1`` reads
``dnn/dred_rdovae_stats_data.c`` out of the upstream tarball and writes
``spec/data/quantizer_vN.json``. The same tarball always gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tarfile
from pathlib import Path
from typing import Any

from dredref.files import atomic_output

LEVELS = 16
STATS = "dnn/dred_rdovae_stats_data.c"
CONFIG = "dnn/dred_config.h"
COLUMNS = {
    "scale": "quant_scales_q8",
    "dead_zone": "dead_zone_q8",
    "r": "r_q8",
    "p0": "p0_q8",
}
"""Name of a table here -> suffix of the array in the source file."""


def read_member(tarball: Path, name: str) -> bytes:
    """The bytes of the one file of the tarball whose path ends in ``name``."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            if member.isfile() and member.name.partition("/")[2] == name:
                handle = archive.extractfile(member)
                assert handle is not None
                return handle.read()
    raise SystemExit(f"{tarball.name} holds no {name}")


def read_array(source: str, name: str) -> list[int]:
    """The numbers of the byte array ``name`` in C source text."""
    found = re.search(rf"\b{name}\[(\d+)\]\s*=\s*\{{([^}}]*)\}}", source)
    if found is None:
        raise SystemExit(f"no array {name}")
    values = [int(word) for word in re.findall(r"\d+", found[2])]
    if len(values) != int(found[1]) or not all(0 <= value <= 255 for value in values):
        raise SystemExit(f"array {name} is not {found[1]} bytes")
    return values


def rows(values: list[int]) -> list[list[int]]:
    """Split a table into its levels."""
    width = len(values) // LEVELS
    return [values[level * width : (level + 1) * width] for level in range(LEVELS)]


def read_tables(tarball: Path, package_version: str) -> dict[str, Any]:
    """All tables of a tarball, with where they come from."""
    raw = read_member(tarball, STATS)
    config = read_member(tarball, CONFIG).decode()
    found = re.search(r"define DRED_EXPERIMENTAL_VERSION (\d+)", config)
    if found is None:
        raise SystemExit("the source names no DRED version")
    source = raw.decode()
    return {
        "about": (
            "Quantizer tables of one DRED version: for the latents and for the initial state, "
            "16 levels (rows) by dimension (columns), 8-bit values. scale: steps per unit, Q8 "
            "(0 counts as 1 when a decoder divides by it); dead_zone: width, Q8, used by encoders "
            "only; r: decay, and p0: probability of zero, both in 1/256 of the Laplace model."
        ),
        "version": int(found[1]),
        "provenance": {
            "package": "opus (Debian source package)",
            "package_version": package_version,
            "file": STATS,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "made_by": "tools/import_tables.py",
            "licence": "BSD-3-Clause, see LICENSE.libopus",
        },
        **{
            part: {
                name: rows(read_array(source, f"dred_{part}_{suffix}"))
                for name, suffix in COLUMNS.items()
            }
            for part in ("latent", "state")
        },
    }


def render(tables: dict[str, Any]) -> str:
    """Canonical JSON, one row of a table a line."""
    text = json.dumps(tables, indent=1)
    return re.sub(r"\[\s+(\d[\d,\s]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


def main() -> None:
    """Write the data file of the tarball's version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tarball", type=Path)
    parser.add_argument("--package-version", required=True)
    parser.add_argument("--to", type=Path, default=Path("spec/data"))
    options = parser.parse_args()
    tables = read_tables(options.tarball, options.package_version)
    target = options.to / f"quantizer_v{tables['version']}.json"
    with atomic_output(target) as temporary:
        temporary.write_text(render(tables))
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
