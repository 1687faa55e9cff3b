"""The recorded digests hold: in batch and one by one, with any threads, in all forms."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dredref.arithmetic.carrier import Arithmetic
from dredref.rdovae.decoder import (
    decode_payloads,
    packaged_decoder,
)
from dredref.rdovae.tests.digests import RECORDED, digests, inputs, of
from dredref.rdovae.tests.inputs import as_batch, extremes, payloads


def recorded() -> dict[str, str]:
    """What is to come out."""
    found: dict[str, str] = json.loads(RECORDED.read_text())
    return found


@pytest.mark.parametrize("arithmetic", ["integer", "hardware"])
def test_digests(arithmetic: Arithmetic) -> None:
    """Every input, packets of a stream as one batch."""
    assert dict(digests(arithmetic)) == recorded()


def test_one_by_one() -> None:
    """A packet alone gives what it gives in company."""
    for name, batch in inputs():
        if not name.endswith(("fine", "zeros", "all-300")):
            continue
        assert of([decode_payloads([payload])[0] for payload in batch]) == recorded()[name]


def test_a_digest_tells() -> None:
    """One number that differs in its last bit is another digest."""
    rows = [part.copy() for part in decode_payloads(payloads("v12-fine.bit"))]
    assert of(rows) == recorded()["v12-fine"]
    rows[30].view(np.int32)[7, 3] ^= 1
    assert of(rows) != recorded()["v12-fine"]


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 40, 1536])
def test_batches(workers: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the packets are cut into batches and shared by threads."""
    monkeypatch.setattr("dredref.rdovae.decoder.BATCH", size)
    batch = payloads("v12-dtx.bit")[:60]
    found = packaged_decoder(12).decode(batch, workers)
    for one, other in zip(found, decode_payloads(batch, arithmetic="integer"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_order_of_packets() -> None:
    """Packets of many lengths in any order."""
    batch = [*payloads("v12-pause.bit")[:40], *as_batch(extremes(12))]
    order = np.random.default_rng(5).permutation(len(batch)).tolist()
    straight = decode_payloads(batch)
    shuffled = decode_payloads([batch[i] for i in order])
    for place, index in enumerate(order):
        np.testing.assert_array_equal(shuffled[place], straight[index])
