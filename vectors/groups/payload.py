"""Group ``payload``: headers, offsets, levels, symbols, ends and carriers of DRED, in integers."""

from __future__ import annotations

from collections.abc import Iterator

from dredref.spec.tables import VERSIONS
from dredref.vectors.draft import Draft
from dredref.vectors.groups.payload_carriers import carriers
from dredref.vectors.groups.payload_ends import bits_left, chunk_counts, tails, truncations
from dredref.vectors.groups.payload_forms import forms
from dredref.vectors.groups.payload_header import levels, offsets
from dredref.vectors.groups.payload_large import large
from dredref.vectors.groups.payload_symbols import escapes, symbols


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    for version in VERSIONS:
        yield levels(version)
        yield offsets(version)
        yield chunk_counts(version)
        yield symbols(version)
        yield escapes(version)
        yield bits_left(version)
        yield truncations(version)
        yield tails(version)
        yield carriers(version)
        yield large(version)
    yield forms()
