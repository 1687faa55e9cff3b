"""Digests of features for a fixed set of inputs: ``python -m dredref.rdovae.tests.digests``.

It prints them as JSON; ``data/digests.json`` holds what is to come out, on every machine. Changing
that file means that the reference has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.carrier import Arithmetic
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.tests.inputs import DATA, extremes, payloads
from dredref.spec.dred import DredPayload
from dredref.spec.tables import VERSIONS

RECORDED = DATA / "digests.json"
NAMES = ("frame-20ms", "fine", "dred-1040ms", "pause")
"""Streams of both versions whose features are recorded."""


def inputs() -> Iterator[tuple[str, Sequence[DredPayload]]]:
    """Name and payloads of each recorded batch."""
    for version in VERSIONS:
        for name in NAMES:
            yield f"v{version}-{name}", payloads(f"v{version}-{name}.bit")
        for name, payload in extremes(version).items():
            yield f"v{version}-{name}", [payload]


def of(features: Sequence[NDArray[np.float32]]) -> str:
    """SHA-256 of features, little-endian, negative zero as zero."""
    digest = hashlib.sha256()
    for rows in features:
        digest.update((rows + np.float32(0)).astype("<f4").tobytes())
    return digest.hexdigest()


def digests(arithmetic: Arithmetic = "integer") -> Iterator[tuple[str, str]]:
    """Name and digest of each."""
    for name, batch in inputs():
        yield name, of(decode_payloads(batch, arithmetic=arithmetic))


if __name__ == "__main__":
    print(json.dumps(dict(digests()), indent=1))
