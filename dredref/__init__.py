"""Public API of dredref, the reference for Opus DRED.

Names are loaded on first use, so that ``import dredref`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES: dict[str, str] = {
    "Decoder": "dredref.rdovae.decoder",
    "DredError": "spec.errors",
    "Notice": "dredref.streams",
    "ParseError": "spec.errors",
    "Record": "dredref.streams",
    "Stream": "dredref.streams",
    "StreamInfo": "dredref.streams",
    "Vocoder": "dredref.vocoder",
    "VocoderState": "dredref.vocoder",
    "create_stream": "dredref.streams",
    "decode_payloads": "dredref.rdovae.decoder",
    "open_stream": "dredref.streams",
    "rewrite_stream": "dredref.streams",
    "validate_records": "dredref.batch",
}
"""Public name -> module that defines it."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, for completion."""
    return list(__all__)
