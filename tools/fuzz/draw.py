"""Inputs for fuzzing: seeds by generator and from the committed streams, damaged in many ways.

The draw is the project's own, not atheris' or hypothesis': a seed number gives the same inputs on
every machine and Python version, bytes are damaged where these formats are delicate (values of id
bytes and lacing, repeats, values of JSON), and it takes microseconds beside the readers, which are
declared with construct and have too many branches of the library's for coverage to lead anywhere.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from dredref.rdovae.records import write_records
from dredref.spec.reading import read_packet
from dredref.streams.tests.cases import CASES
from dredref.vectors.suite import DATA

ROOT = Path(__file__).parents[2]
STREAMS = ROOT / "spec" / "streams"
LONGEST = 1 << 16
INTERESTING = (0, 1, 2, 3, 4, 5, 6, 7, 65, 127, 128, 252, 253, 254, 255)


ODD: Sequence[Any] = (
    *(None, True, -1, 0, 1.5, 1e308, 2**31, 2**70),
    *("", "x", "0" * 99, "\u2028", "\x1b[2J", "\ud800"),
    *([], {}, [[]], {"hex": 1}, {"hex": "0g"}, {"path": "../../x"}, {"a": None}),
)
"""Values that stand where others are due."""


def seeds(name: str) -> list[bytes]:
    """Sound inputs for a target, short ones first."""
    found = list(SEEDS.get(name, packets)())
    return sorted(found, key=len) if name in ("stream", "rewrite") else found


def _streams() -> list[bytes]:
    """The committed files, and one of every kind that people were seen to have."""
    files = (path.read_bytes() for path in STREAMS.iterdir() if path.suffix != ".json")
    made = (case.make() for case in CASES)
    return [one for one in (*files, *made) if len(one) < LONGEST]


def _run() -> list[bytes]:
    head: dict[str, object] = {
        "type": "header",
        "format": 1,
        "implementation": {"name": "a", "operations": []},
    }
    more: dict[str, object] = {"suite": {"version": "1", "digest": "0", "totals": {}, "notes": {}}}
    more |= {"environment": {}, "selection": {}, "started": "now"}
    return [json.dumps(head | more).encode() + b"\n"]


def _models() -> list[bytes]:
    known = (ROOT / "dredref" / "model" / "data").glob("*.bin")
    return [b"DNNw" + bytes(60), *(p.read_bytes() for p in sorted(known, key=_size)[:2])]


def _size(path: Path) -> int:
    return path.stat().st_size


def _vectors() -> list[bytes]:
    """The first vectors of each kind of file, so that the heads of all groups come to turn."""
    found = []
    for path in sorted(DATA.glob("*/*.json")):
        form = json.loads(path.read_bytes())
        form["vectors"] = form["vectors"][:2]
        found.append(json.dumps(form).encode())
    return [one for one in found if len(one) < LONGEST]


def _payloads() -> list[bytes]:
    """DRED of the committed streams behind an odd byte, cut to where a chunk ends or before."""
    found = []
    for packet in packets():
        body = read_packet(packet).payload
        if body:
            found += [b"\x01" + body[:size] for size in (4, 12, 25, 40, 70)]
    return found


def _records() -> list[bytes]:
    """Records of one level throughout."""
    readings = [read_packet(packet).dred for packet in packets()]
    level = [one for one in readings if one and len({c.level for c in one.chunks}) == 1]
    return [write_records([one]) for one in level[:8]]


def _audio() -> list[bytes]:
    """A few samples in the formats that are read most."""
    found = []
    for kind, subtype, rate in (
        *(("WAV", "PCM_16", 16000), ("WAV", "FLOAT", 44100), ("FLAC", "PCM_16", 48000)),
        *(("AIFF", "PCM_24", 8000), ("AU", "ULAW", 11025), ("OGG", "VORBIS", 48000)),
    ):
        file = io.BytesIO()
        soundfile.write(file, np.zeros((400, 2)), rate, format=kind, subtype=subtype)
        found.append(file.getvalue())
    return found


def _sources() -> list[bytes]:
    """An array and a layer of each kind, as libopus' generated files have them."""
    arrays = (
        "static const float a_bias[2] = {\n   0.5, -1e-3\n};\n"
        "static const opus_int8 a_weights_int8[2] = {\n   1, -2\n};\n"
    )
    layers = (
        'if (linear_init(&model->a, arrays, "a_bias", NULL, NULL,"a_weights_float", NULL, NULL,'
        ' NULL, 3, 2)) return 1;\n if (conv2d_init(&model->c, arrays, "c_bias",'
        ' "c_weights_float", 4, 1, 3, 3)) return 1;\n'
    )
    return [(arrays + layers).encode()]


def _archives() -> list[bytes]:
    """A package of small files, packed each way."""
    found = []
    for packing in (bz2.compress, gzip.compress, lzma.compress, bytes):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w:") as archive:
            for name in ("package_version", "dnn/dred_config.h", "dnn/fargan_data.c"):
                member = tarfile.TarInfo(f"opus/{name}")
                member.size = 40
                archive.addfile(member, io.BytesIO(b'PACKAGE_VERSION="1"\n' + bytes(20)))
        found.append(packing(file.getvalue()))
    return found


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "stream": _streams,
    "rewrite": _streams,
    "payload": _payloads,
    "records": _records,
    "vectors": _vectors,
    "run": _run,
    "reply": lambda: [
        *(b'{"seq": 1, "answer": {"toc": {"config": 9}}}', b'{"seq": 1, "reject": {"code": "a"}}'),
        b'{"protocol": 1, "name": "a", "operations": ["packet"], "versions": [12], "details": {}}',
    ],
    "model": _models,
    "blob": _models,
    "audio": _audio,
    "csource": _sources,
    "archive": _archives,
    "losses": lambda: [b"0110\n0001 1", b"gilbert:20,6.5", b"random:20", b"lossgen:5"],
}
"""Seeds of the targets that do not take packets."""


def packets() -> list[bytes]:
    """Packets of the committed opus_demo streams."""
    found: list[bytes] = []
    for path in sorted(STREAMS.glob("*.bit")):
        data, place = path.read_bytes(), 0
        while place + 8 <= len(data) and len(found) < 400:
            size = int.from_bytes(data[place : place + 4], "big")
            found.append(data[place + 8 : place + 8 + size])
            place += 8 + size
    return found


def _flip(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.choice(INTERESTING)


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def _drop(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randint(1, 16)]


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.randint(1, 16))


def _repeat(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at:at] = bytes(data[at : at + rng.randint(1, 8)]) * rng.randint(1, 64)


DAMAGES: Sequence[Callable[[random.Random, bytearray], None]] = (
    *(_flip, _set, _set, _cut, _drop, _insert, _repeat),
)


def misplaced(rng: random.Random, data: bytes) -> bytes:
    """JSON with other values in some places; what is none stays as it is."""
    try:
        form = json.loads(data)
    except ValueError:
        return data
    for _ in range(rng.randint(1, 3)):
        node = form
        while isinstance(node, dict | list) and node:
            key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if rng.random() < 0.3 or not isinstance(node[key], dict | list):
                node[key] = deepcopy(rng.choice(ODD))
                break
            node = node[key]
    return json.dumps(form).encode()


def drawn(rng: random.Random, known: Sequence[bytes]) -> bytes:
    """One input: a seed that is damaged, or random bytes of an extension area's taste."""
    if not known or rng.random() < 0.1:
        size = rng.randint(0, 64)
        return bytes(rng.choice((*INTERESTING, rng.randrange(256))) for _ in range(size))
    data = bytearray(rng.choice(known))
    if data[:1] == b"{" and rng.random() < 0.7:
        return misplaced(rng, bytes(data))
    for _ in range(rng.randint(1, 8)):
        if data:
            rng.choice(DAMAGES)(rng, data)
    return bytes(data[: LONGEST * 4])
