"""Payloads that the decoder's tests share: from committed streams, and beyond any encoder's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from dredref.inspection import read_record
from dredref.spec.dred import DredPayload, make_payload
from dredref.spec.tables import LATENT_DIM, STATE_DIM
from dredref.streams import open_stream

ROOT = Path(__file__).parents[3]
STREAMS = ROOT / "spec" / "streams"
DATA = Path(__file__).parent / "data"

LARGE = (1 << 20, 1050, 300)
"""Magnitudes of coded integers: past every limit, past any payload's, past any encoder's."""


def streams(version: int) -> list[Path]:
    """Committed streams of single-stream packets of one DRED version."""
    found = sorted(STREAMS.glob(f"v{version}-*"))
    return [path for path in found if "multistream" not in path.name]


@cache
def payloads(name: str) -> tuple[DredPayload, ...]:
    """What the packets of a committed stream carry."""
    with open_stream(STREAMS / name) as stream:
        readings = [read_record(record) for record in stream]
    return tuple(reading.dred for reading in readings if reading.dred is not None)


def constant(version: int, level: int, value: int, chunks: int) -> DredPayload:
    """Every coded integer the same, at one level."""
    state = [value] * STATE_DIM[version]
    latents = [[value] * LATENT_DIM[version]] * chunks
    return make_payload(version, level, 0, 16, state, latents)


def random_payload(version: int, level: int, reach: int, chunks: int, seed: int) -> DredPayload:
    """Integers from all over ``-reach..reach``."""
    rng = np.random.default_rng(seed)
    state = rng.integers(-reach, reach + 1, STATE_DIM[version]).tolist()
    latents = rng.integers(-reach, reach + 1, (chunks, LATENT_DIM[version])).tolist()
    return make_payload(version, level, 0, 16, state, latents)


def extremes(version: int) -> dict[str, DredPayload]:
    """What no encoder sends: silence of the coder, one sign, alternating signs, long payloads."""
    made = {"zeros": constant(version, 15, 0, 30), "zeros-fine": constant(version, 0, 0, 3)}
    for reach in LARGE:
        made[f"all-{reach}"] = constant(version, 15, reach, 4)
        made[f"all--{reach}"] = constant(version, 15, -reach, 4)
        made[f"random-{reach}"] = random_payload(version, 15, reach, 6, reach)
    made["long"] = random_payload(version, 8, 40, 400, 1)
    return made


def as_batch(found: dict[str, DredPayload]) -> Sequence[DredPayload]:
    """The payloads alone."""
    return list(found.values())
