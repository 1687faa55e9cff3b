"""The recorded digests hold: in batch and one by one, with any threads, in all forms."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dredref.arithmetic.significand import PACKED, Form
from dredref.rdovae.decoder import (
    decode_payloads,
    packaged_decoder,
)
from dredref.rdovae.dequantize import network_inputs
from dredref.rdovae.tests.digests import RECORDED, digests, inputs, of
from dredref.rdovae.tests.inputs import as_batch, extremes, payloads


def recorded() -> dict[str, str]:
    """What is to come out."""
    found: dict[str, str] = json.loads(RECORDED.read_text())
    return found


@pytest.mark.parametrize("form", ["integers", "binary32"])
def test_digests(form: Form) -> None:
    """Every input, packets of a stream as one batch."""
    assert dict(digests(form)) == recorded()


def test_digests_of_the_definition() -> None:
    """Pairs of integers, for the inputs that do not take long."""
    found = dict(digests("pairs", chunks=30))
    assert len(found) == 22
    assert found == {name: recorded()[name] for name in found}


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


@pytest.mark.parametrize("threads", ["1", "2"])
def test_blas_threads(threads: str) -> None:
    """A new interpreter whose BLAS has so many threads."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, threads)}
    command = [sys.executable, "-m", "dredref.rdovae.tests.digests"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == recorded()


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("rows", [1, 40, 1536])
def test_batches(workers: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the packets are cut into batches and shared by threads."""
    monkeypatch.setattr("dredref.rdovae.decoder.BATCH_ROWS", (rows, rows))
    batch = payloads("v12-dtx.bit")[:60]
    states, latents, counts = network_inputs(batch, 12, PACKED)
    words = packaged_decoder(12)(states, latents, counts, workers)
    np.testing.assert_array_equal(words, np.concatenate(decode_payloads(batch)).view(np.int32))


def test_order_of_packets() -> None:
    """Packets of many lengths in any order."""
    batch = [*payloads("v12-pause.bit")[:40], *as_batch(extremes(12))]
    order = np.random.default_rng(5).permutation(len(batch)).tolist()
    straight = decode_payloads(batch)
    shuffled = decode_payloads([batch[i] for i in order])
    for place, index in enumerate(order):
        np.testing.assert_array_equal(shuffled[place], straight[index])
