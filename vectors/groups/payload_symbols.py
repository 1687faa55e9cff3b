"""Symbols: every coded table entry with every class of value, and escapes of every length."""

from __future__ import annotations

from dredref.spec.dred import make_payload
from dredref.spec.tables import LEVELS, quantizer_tables
from dredref.vectors.draft import Draft
from dredref.vectors.groups.payload_parts import made_seen, payload_file, quiet_payload

MAGNITUDES = (*range(1, 9), 14, 15)
"""Each symbol of the magnitude (1 to 7), its escape, and the last and first of one and two."""
CLASSES = (0, *(sign * magnitude for magnitude in MAGNITUDES for sign in (1, -1)))
"""Values that every coded table entry takes."""
LONG_ESCAPES = (*range(1, 41), 64, 100, 128, 255, 256, 500, 1000)
"""Numbers of escapes; the cheapest entry of the tables carries them."""
SHORT_ESCAPES = (1, 2, 3, 4, 5, 8)
"""Numbers of escapes of the dearest entry."""


def symbols(version: int) -> Draft:
    """Every class of value at every coded entry of the tables."""
    draft = payload_file(version, "symbols", "Every class of value at every table entry")
    tables = quantizer_tables(version)
    for level in range(LEVELS):
        for turn in range(len(CLASSES)):
            state, latents = (
                [
                    CLASSES[(index + turn) % len(CLASSES)] if there else 0
                    for index, there in enumerate(table.coded[level])
                ]
                for table in (tables.state, tables.latent)
            )
            draft.payload(
                f"symbols.level-{level:02d}.turn-{turn:02d}",
                f"Level {level}: value {CLASSES[turn]} at the first place, the next ones after it",
                make_payload(version, level, 0, 8, state, [latents]),
                flags=("Escapes",),
                requirements=("dred.value-range",) if turn == 0 else (),
            )
    return draft


def escapes(version: int) -> Draft:
    """One large value among zeros, in the state and in a latent, positive and negative."""
    draft = payload_file(version, "escapes", "Escapes of every length")
    tables = quantizer_tables(version)
    for kind, table in (("state", tables.state), ("latent", tables.latent)):
        decay = table.r.astype(int) * table.coded
        places = {"long": decay.argmax(), "short": (decay + 999 * ~table.coded).argmin()}
        for reach, counts in (("long", LONG_ESCAPES), ("short", SHORT_ESCAPES)):
            level, index = divmod(int(places[reach]), table.dimension)
            for count in counts:
                sign = "plus" if count % 2 else "minus"
                value = (7 * count + 1 + count % 7) * (1 if count % 2 else -1)
                blank = quiet_payload(version, level, 2)
                state = list(blank.state)
                latents = [list(chunk.latents) for chunk in blank.chunks]
                (state if kind == "state" else latents[0])[index] = value
                draft.payload(
                    f"escapes.{kind}.{reach}-{count:04d}.{sign}",
                    f"{kind} {index} of level {level} is {value}: {count} escapes",
                    made_seen(make_payload(version, level, 0, 8, state, latents)),
                    flags=("Escapes",),
                    requirements=("dred.value-range",) if count > 200 else (),
                )
    return draft
