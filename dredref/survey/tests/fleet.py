"""Small captures and files for surveys, some of them broken."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pyarrow.parquet

from dredref.scan.tests.packets import DRED, VIOLATING, packet
from dredref.spec.dred import add_prefix, build_payload, make_payload
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.tables import LATENT_DIM, STATE_DIM
from dredref.streams.tests import make


def carrying(data: bytes) -> bytes:
    """A packet of 20 ms with DRED."""
    return packet(pack_extensions([Extension(126, 0, data)], 1), 1)


_VALUES = make_payload(10, 6, 3, 6, [0] * STATE_DIM[10], [[1] * LATENT_DIM[10]])
OLD = carrying(add_prefix(10, build_payload(_VALUES)))
NEW, PLAIN = carrying(DRED), packet(None, 1)


def bit_file(packets: list[bytes]) -> bytes:
    """The bytes of a ``.bit`` file."""
    return b"".join(struct.pack(">II", len(data), 0) + data for data in packets)


def capture(packets: list[bytes]) -> bytes:
    """A capture of one call."""
    return make.pcap([make.ethernet(make.udp(one)) for one in make.call(packets)])


def content(number: int) -> tuple[str, bytes]:
    """Name and bytes of a file of the fleet; every seventh is broken, in one way or another."""
    calls = (NEW, NEW, OLD, PLAIN)
    packets = [calls[number % 4]] * (8 + number % 5)
    if number % 7 == 3:
        broken = (b"", b"no capture at all", capture(packets)[:20], b"OggS" + bytes(40))
        return f"call-{number:05d}.bin", broken[number // 7 % 4]
    if number % 7 == 5:
        fault = sorted(VIOLATING)[number // 7 % len(VIOLATING)]
        return f"call-{number:05d}.bit", bit_file([*packets, VIOLATING[fault] or NEW])
    return f"call-{number:05d}.pcap", capture(packets)


def write_fleet(folder: Path, count: int) -> list[str]:
    """Write files in folders of a hundred; their paths, in order."""
    paths = []
    for number in range(count):
        name, data = content(number)
        path = folder / f"{number // 100:03d}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(str(path))
    return paths


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table of a data set."""
    found = []
    for part in sorted((folder / table).glob("*.parquet")):
        found += pyarrow.parquet.read_table(part).to_pylist()
    return found
