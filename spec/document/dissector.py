"""The Wireshark dissector, generated from the declarations."""

from __future__ import annotations

import re
from typing import Any

from construct import Construct

from dredref.spec.document.layout import bit_fields, symbol_rows
from dredref.spec.document.render import environment
from dredref.spec.dred import EXPERIMENT_ID, EXTRA_UNIT, FINAL_ID, OFFSET_BIAS, PAYLOAD, UNIT_48K
from dredref.spec.extension import FIRST_LONG
from dredref.spec.packet import FRAME_COUNT, TOC, parse_toc
from dredref.spec.symbols import TOP_LEVEL
from dredref.spec.tables import CURRENT_VERSION, VERSIONS


def render_dissector() -> str:
    """The dissector as a Lua script."""
    return (
        environment()
        .get_template("dissector.lua.j2")
        .render(
            toc=_masks(TOC),
            count=_masks(FRAME_COUNT),
            header=[_symbol(row.name, row.coding, row.condition) for row in _header_rows()],
            frame_48k=[parse_toc(config << 3).frame_48k for config in range(32)],
            versions=VERSIONS,
            experiment_id=EXPERIMENT_ID,
            final_id=FINAL_ID,
            current_version=CURRENT_VERSION,
            first_long=FIRST_LONG,
            cap_top=TOP_LEVEL,
            unit_48k=UNIT_48K,
            offset_bias=OFFSET_BIAS,
            extra_unit=EXTRA_UNIT,
        )
    )


def _masks(declaration: Construct) -> list[dict[str, str]]:
    """Name and mask of each field of a byte, the first bit being the most significant."""
    found = []
    left = 8
    for field in bit_fields(declaration):
        left -= field.width
        found.append({"name": field.name, "mask": f"0x{((1 << field.width) - 1) << left:02x}"})
    return found


def _header_rows() -> list[Any]:
    """The fields before the state."""
    rows = list(symbol_rows(PAYLOAD))
    return rows[: [row.name for row in rows].index("state")]


def _symbol(name: str, coding: str, condition: str) -> dict[str, str]:
    """A header field with its total and its condition as Lua writes it."""
    total = re.sub(r"\D", "", coding)
    lua = re.sub(r"\b([a-z]\w*)\b", lambda found: _lua_name(found[1]), condition)
    if lua and not re.search(r"[<>]", lua):
        lua += " == 1"
    return {"name": name, "total": total, "condition": lua}


def _lua_name(word: str) -> str:
    return word if word in ("and", "or", "not") else f"h.{word}"
