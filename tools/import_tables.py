"""Import the quantizer tables of one DRED version from a libopus source package.

``python -m tools.import_tables SOURCE --package-version 1.6.1-1`` reads
``dnn/dred_rdovae_stats_data.c`` out of the upstream tarball, or its folder, and writes
``spec/data/quantizer_vN.json``; from the last layers of the encoder network it works out the
largest values that network can put out: ``spec/data/value_range_vN.json``. The same source always
gives the same bytes.
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
ENCODER = "dnn/dred_rdovae_enc_data.c"
CONFIG = "dnn/dred_config.h"
COLUMNS = {
    "scale": "quant_scales_q8",
    "dead_zone": "dead_zone_q8",
    "r": "r_q8",
    "p0": "p0_q8",
}
"""Name of a table here -> suffix of the array in the source file."""


def read_member(source: Path, name: str) -> bytes:
    """The bytes of the file ``name`` of a source package, a folder or its tarball."""
    if source.is_dir():
        if (source / name).is_file():
            return (source / name).read_bytes()
        raise SystemExit(f"{source.name} holds no {name}")
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                if member.isfile() and member.name.partition("/")[2] == name:
                    handle = archive.extractfile(member)
                    assert handle is not None
                    return handle.read()
    except (OSError, tarfile.TarError):
        raise SystemExit(f"{source} is neither a folder nor a tarball") from None
    raise SystemExit(f"{source.name} holds no {name}")


def read_array(source: str, name: str) -> list[int]:
    """The numbers of the byte array ``name`` in C source text."""
    found = re.search(rf"\b{name}\[(\d+)\]\s*=\s*\{{([^}}]*)\}}", source)
    if found is None:
        raise SystemExit(f"no array {name}")
    values = [int(word) for word in re.findall(r"\d+", found[2])]
    if len(values) != int(found[1]) or not all(0 <= value <= 255 for value in values):
        raise SystemExit(f"array {name} is not {found[1]} bytes")
    return values


def read_layer(source: str, name: str) -> tuple[list[int], list[float], list[float]]:
    """Weights (blocks of 8 outputs by 4 inputs), scales and biases of an int8 layer."""

    def numbers(suffix: str) -> list[float]:
        found = re.search(rf"\b{name}_{suffix}\[(\d+)\]\s*=\s*\{{([^}}]*)\}}", source)
        if found is None:
            raise SystemExit(f"no array {name}_{suffix}")
        values = [float(word) for word in re.findall(r"[-+.\de]+", found[2])]
        if len(values) != int(found[1]):
            raise SystemExit(f"array {name}_{suffix} is not {found[1]} long")
        return values

    return [int(value) for value in numbers("weights_int8")], numbers("scale"), numbers("bias")


def output_bounds(source: str, name: str, dimension: int) -> list[float]:
    """Largest magnitude of each output of a layer whose inputs are quantised to -127..127."""
    weights, scale, bias = read_layer(source, name)
    inputs = len(weights) // len(scale)
    sums = [0] * len(scale)
    for index, weight in enumerate(weights):
        block, place = divmod(index, 32)
        sums[block // (inputs // 4) * 8 + place // 4] += abs(weight)
    bounds = [127 * total * s + abs(b) for total, s, b in zip(sums, scale, bias, strict=True)]
    return [round(bound, 4) for bound in bounds[:dimension]]


def read_ranges(package: Path, package_version: str, tables: dict[str, Any]) -> dict[str, Any]:
    """What the encoder network of a source package can put out at most."""
    raw = read_member(package, ENCODER)
    source = raw.decode()
    return {
        "about": (
            "Largest magnitude of each latent and state value that the encoder network can put "
            "out: 127 times the scaled sum of weight magnitudes of its last layer, plus the bias."
        ),
        "version": tables["version"],
        "provenance": {
            **tables["provenance"],
            "package_version": package_version,
            "file": ENCODER,
            "sha256": hashlib.sha256(raw).hexdigest(),
        },
        "latent": output_bounds(source, "enc_zdense", len(tables["latent"]["scale"][0])),
        "state": output_bounds(source, "gdense2", len(tables["state"]["scale"][0])),
    }


def rows(values: list[int]) -> list[list[int]]:
    """Split a table into its levels."""
    width = len(values) // LEVELS
    return [values[level * width : (level + 1) * width] for level in range(LEVELS)]


def read_tables(package: Path, package_version: str) -> dict[str, Any]:
    """All tables of a source package, with where they come from."""
    raw = read_member(package, STATS)
    config = read_member(package, CONFIG).decode()
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
    return re.sub(r"\[\s+(\d[\d.,\s]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


def main() -> None:
    """Write the data files of the source package's version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="source package: its tarball or folder")
    parser.add_argument("--package-version", required=True)
    parser.add_argument("--to", type=Path, default=Path("spec/data"))
    options = parser.parse_args()
    tables = read_tables(options.source, options.package_version)
    version = tables["version"]
    results = {
        f"quantizer_v{version}.json": tables,
        f"value_range_v{version}.json": read_ranges(
            options.source, options.package_version, tables
        ),
    }
    for name, content in results.items():
        with atomic_output(options.to / name) as temporary:
            temporary.write_text(render(content))
        print(f"wrote {options.to / name}")


if __name__ == "__main__":
    main()
