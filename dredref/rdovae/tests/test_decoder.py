"""The decoder's forms, its edges and its ranges."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.arithmetic.significand import (
    BINARY32,
    FORMS,
    KINDS,
    PAIRS,
    Form,
    numbers,
    to_words,
    words_of,
)
from dredref.arithmetic.tests.floating import look_for_floats
from dredref.model import packaged
from dredref.rdovae.decoder import (
    Decoder,
    decode_payloads,
    packaged_decoder,
)
from dredref.rdovae.dequantize import dequantize, latent_rows, network_inputs
from dredref.rdovae.schedule import Schedule
from dredref.rdovae.tests.inputs import as_batch, extremes, payloads, random_payload
from dredref.spec.dred import make_payload
from dredref.spec.errors import InputError
from dredref.spec.tables import LATENT_DIM, STATE_DIM, VERSIONS, quantizer_tables

REACH = 64.0
"""Far past any acoustic feature."""


@pytest.mark.parametrize("version", VERSIONS)
def test_integers_define_the_result(version: int) -> None:
    """Speech and extremes: all forms give the same words."""
    found = payloads(f"v{version}-fine.bit")
    batch = [found[20], found[60], *as_batch(extremes(version))[:-1]]
    batch = [make_payload(p.version, p.q0, p.dQ, 16, p.state, [c.latents for c in p.chunks[:5]],
                          qmax=p.qmax) for p in batch]  # fmt: skip
    defined = decode_payloads(batch, form="pairs")
    for form in FORMS:
        for one, other in zip(defined, decode_payloads(batch, form=form), strict=True):
            np.testing.assert_array_equal(one, other)
            assert np.isfinite(other).all()


@pytest.mark.parametrize("form", ["integers", "pairs"])
def test_nothing_floats_in_integer_forms(form: Form) -> None:
    """No function of the project holds or returns a float between payload and features.

    But one: the product of matrices that BLAS carries.
    """
    decoder = Decoder(packaged("rdovae-decoder-v12"), KINDS[form])
    batch = [payloads("v12-fine.bit")[40]]
    with look_for_floats() as look:
        states, latents, counts = network_inputs(batch, 12, KINDS[form])
        words = decoder(states, latents, counts)
    assert look.seen > (10_000 if form == "pairs" else 1000)
    carried = {"dredref.arithmetic.products.__call__: carried"}
    assert look.found == (carried if form == "integers" else set())
    assert words.dtype == np.int32


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", [0, 7, 15])
def test_any_payload_stays_in_range(version: int, level: int) -> None:
    """Saturation: whatever the integers are, features are finite and bounded."""
    batch = [
        random_payload(version, level, reach, chunks, seed)
        for seed, (reach, chunks) in enumerate([(1, 5), (60, 5), (1050, 5), (1 << 40, 5), (9, 500)])
    ]
    for rows in decode_payloads(batch):
        assert np.abs(rows).max() < REACH


def test_saturation_comes_after_what_libopus_would_do() -> None:
    """A value is exact up to 2**20 and no larger after it; a scale of 0 counts as 1."""
    table = quantizer_tables(12).latent
    level = int(np.flatnonzero((table.scale == 0).any(axis=1))[0])
    place = int(np.flatnonzero(table.scale[level] == 0)[0])
    values = np.zeros((4, LATENT_DIM[12]), np.int64)
    values[:, place] = (1, 4096, 4097, -(1 << 50))
    found = dequantize(values, np.full(4, level), table, BINARY32)[:, place]
    assert found.tolist() == [256, 2**20, 2**20, -(2**20)]


@pytest.mark.parametrize("version", VERSIONS)
def test_weights_leave_room(version: int) -> None:
    """What the saturation of inputs rests on."""
    for name in ("dec_hidden_init", "dec_dense1"):
        layer = packaged(f"rdovae-decoder-v{version}").layers[name]
        assert int(np.abs(layer.matrix).sum(axis=1).max()) < 16 << layer.q


def test_level_input() -> None:
    """Version 12 tells the network the level, version 10 does not."""
    for version in VERSIONS:
        values = np.zeros((16, LATENT_DIM[version]), np.int64)
        rows = latent_rows(values, np.arange(16), version, BINARY32)
        assert rows.shape == (16, LATENT_DIM[version] + (version == 12))
    assert rows[:, -1].tolist() == [level / 8 - 1 for level in range(16)]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_to_decode(form: Form) -> None:
    """No payload, and payloads without chunks."""
    assert decode_payloads([]) == []
    empty = make_payload(12, 3, 0, 16, [0] * STATE_DIM[12], [])
    full = payloads("v12-fine.bit")[30]
    short = make_payload(12, full.q0, full.dQ, 16, full.state, [full.chunks[0].latents])
    rows = decode_payloads([empty, short, empty], form=form)
    assert [len(part) for part in rows] == [0, 4, 0]
    np.testing.assert_array_equal(rows[1], decode_payloads([short])[0])
    assert [len(part) for part in decode_payloads([empty, empty], form=form)] == [0, 0]


def test_later_chunks_do_not_change_earlier_ones() -> None:
    """The network goes backwards in time: what is older cannot touch what is newer."""
    full = payloads("v12-fine.bit")[60]
    assert len(full.chunks) > 8
    latents = [chunk.latents for chunk in full.chunks]
    short = make_payload(12, full.q0, full.dQ, 16, full.state, latents[:5], qmax=full.qmax)
    all_rows, rows = decode_payloads([full])[0], decode_payloads([short])[0]
    np.testing.assert_array_equal(all_rows[:20], rows)


def test_a_model_of_another_kind() -> None:
    """The decoder refuses an encoder's layers."""
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        Decoder(packaged("rdovae-encoder-v12"), BINARY32)


def test_a_model_given() -> None:
    """A model given by hand serves as the packaged one does."""
    batch = payloads("v10-fine.bit")[:3]
    given = decode_payloads(batch, packaged("rdovae-decoder-v10"))
    for one, other in zip(given, decode_payloads(batch), strict=True):
        np.testing.assert_array_equal(one, other)


def test_schedule() -> None:
    """Rows by step, sequences by falling length; a row's predecessor is the one before it."""
    counts = np.array([2, 0, 3, 1], np.int64)
    schedule = Schedule.of(counts)
    assert schedule.sequences.tolist() == [2, 0, 3, 1]
    assert schedule.rows.tolist() == [2, 0, 5, 3, 1, 4]
    assert schedule.sizes == (3, 2, 1)
    before = schedule.previous(schedule.rows[:, np.newaxis] + 1)[:, 0]
    assert before.tolist() == [0, 0, 0, 3, 1, 4]
    none = Schedule.of(np.zeros(2, np.int64))
    assert (none.rows.tolist(), none.sizes) == ([], ())


def test_words_are_the_numbers() -> None:
    """What the decoder takes and returns is the same in all forms, word for word."""
    states, latents, counts = network_inputs(payloads("v12-fine.bit")[40:41], 12, PAIRS)
    defined = packaged_decoder(12, "pairs")(states, latents, counts)
    for form in FORMS:
        given = tuple(numbers(to_words(part), KINDS[form]) for part in (states, latents))
        made = network_inputs(payloads("v12-fine.bit")[40:41], 12, KINDS[form])
        for one, other in zip(given, made, strict=False):
            np.testing.assert_array_equal(words_of(one), words_of(other))
        np.testing.assert_array_equal(
            packaged_decoder(12, form)(given[0], given[1], counts), defined
        )
