"""Public API of dredref, the reference for Opus DRED.

Names are loaded on first use, so that ``import dredref`` stays quick. Type checkers read them from
``__init__.pyi``; a test holds the two equal.

A packet to speech:

>>> import dredref
>>> payload = dredref.make_payload(12, 6, 3, 16, [0] * 50, [[0] * 25])
>>> speech = dredref.synthesize(dredref.decode(payload))

A payload to integers and back:

>>> data = dredref.build_payload(payload)
>>> dredref.parse_payload(data, 12).state == payload.state
True
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Any

_NAMES: dict[str, tuple[str, ...]] = {
    "dredref.api": ("decode", "features", "synthesize"),
    "dredref.model": ("load",),
    "dredref.plc.concealer": ("PacketLossConcealer",),
    "dredref.arithmetic.carrier": ("in_use", "refusal", "use", "using"),
    "dredref.spec.errors": (
        "BuildError",
        "DredError",
        "InputError",
        "MissingExtraError",
        "ParseError",
        "UsageError",
    ),
    "dredref.spec.packet": ("Frame", "Packet", "Toc", "build_packet", "parse_packet"),
    "dredref.spec.extension": (
        "Extension",
        "ExtensionArea",
        "build_area",
        "pack_extensions",
        "parse_area",
    ),
    "dredref.spec.dred": ("Chunk", "DredPayload", "build_payload", "make_payload", "parse_payload"),
    "dredref.spec.reading": ("Reading", "read_area", "read_dred", "read_packet"),
    "dredref.spec.checks": ("StreamChecker", "Violation", "check_record"),
    "dredref.spec.requirements": ("Requirement", "requirements"),
    "dredref.spec.tables": ("quantizer_tables",),
    "dredref.streams": (
        "Notice",
        "Record",
        "Stream",
        "StreamInfo",
        "create_stream",
        "open_stream",
        "rewrite_stream",
    ),
    "dredref.inspection": ("Inspection", "inspections", "to_json"),
    "dredref.scan": ("Verdict", "validate_records"),
    "dredref.rdovae.decoder": ("Decoder", "decode_payloads"),
    "dredref.rdovae.encoder": ("RdovaeEncoder",),
    "dredref.vocoder": ("Vocoder", "VocoderState"),
    "dredref.analysis.analyser": ("FeatureAnalyser",),
    "dredref.resample": ("Resampler",),
    "dredref.payload.encoder": ("DredEncoder", "DredSettings"),
    "dredref.payload.insert": ("insert_dred", "strip_dred"),
    "dredref.payload.placement": ("Slot",),
    "dredref.payload.writer": ("Levels",),
    "dredref.encode": ("DredRequest", "EncodeRequest", "encode_file"),
    "dredref.inject": ("InjectRequest", "inject_file", "strip_file"),
    "dredref.conceal": ("Concealment", "Loss", "conceal_stream"),
    "dredref.losses": (
        "LossModel",
        "drop_by_chance",
        "drop_lost",
        "drop_masked",
        "parse_loss_model",
    ),
    "dredref.alignment": ("Aligner", "Alignment", "Placed"),
    "dredref.metrics.features": ("compare_features",),
    "dredref.metrics.audio": ("compare_audio",),
}
"""Module -> the public names that it defines."""

_HOMES = {name: home for home, names in _NAMES.items() for name in names}
"""Public name -> module that defines it."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name == "__version__":
        return version("dredref")
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
