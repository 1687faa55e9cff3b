"""Inputs for fuzzing: seeds by generator and from the committed streams, damaged in many ways."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from dredref.vectors.suite import DATA

ROOT = Path(__file__).parents[2]
STREAMS = ROOT / "spec" / "streams"
LONGEST = 1 << 16
INTERESTING = (0, 1, 2, 3, 4, 5, 6, 7, 65, 127, 128, 252, 253, 254, 255)


def seeds(name: str) -> list[bytes]:
    """Sound inputs for a target, short ones first."""
    if name == "stream":
        found = [path.read_bytes() for path in STREAMS.iterdir() if path.is_file()]
        return sorted((one for one in found if len(one) < 1 << 20), key=len)
    if name == "vectors":
        return [path.read_bytes()[:LONGEST] for path in sorted(DATA.glob("*/*.json"))[:4]]
    if name == "run":
        head: dict[str, object] = {
            "type": "header",
            "format": 1,
            "implementation": {"name": "a", "operations": []},
        }
        more: dict[str, object] = {
            "suite": {"version": "1", "digest": "0", "totals": {}, "notes": {}}
        }
        more |= {"environment": {}, "selection": {}, "started": "now"}
        return [json.dumps(head | more).encode() + b"\n"]
    if name == "reply":
        return [b'{"seq": 1, "answer": {"toc": {"config": 9}}}', b'{"protocol": 1, "name": "a"}']
    if name in ("model", "blob"):
        known = sorted((ROOT / "dredref" / "model" / "data").glob("*.bin"), key=_size)
        return [b"DNNw" + bytes(60), *(path.read_bytes() for path in known[:2])]
    return packets()


def _size(path: Path) -> int:
    return path.stat().st_size


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


def drawn(rng: random.Random, known: Sequence[bytes]) -> bytes:
    """One input: a seed that is damaged, or random bytes of an extension area's taste."""
    if not known or rng.random() < 0.1:
        size = rng.randint(0, 64)
        return bytes(rng.choice((*INTERESTING, rng.randrange(256))) for _ in range(size))
    data = bytearray(rng.choice(known))
    for _ in range(rng.randint(1, 8)):
        if data:
            rng.choice(DAMAGES)(rng, data)
    return bytes(data[: LONGEST * 4])
