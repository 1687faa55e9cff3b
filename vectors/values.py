"""The form of exact answers, operation by operation, as the schema says it."""

from __future__ import annotations

from typing import Annotated, TypedDict

from dredref.vectors.model import Count, Rule

Hex = Annotated[str, Rule({"pattern": "^([0-9a-f]{2})*$"})]
Version = Annotated[int, Rule({"enum": [10, 12]})]


class TocValue(TypedDict):
    """The first byte of a packet."""

    config: Annotated[int, Rule({"minimum": 0, "maximum": 31})]
    stereo: bool
    code: Annotated[int, Rule({"minimum": 0, "maximum": 3})]


class SpanValue(TypedDict):
    """Where bytes stand in a packet."""

    offset: Count
    bytes: Count


class PacketValue(TypedDict):
    """An Opus packet taken apart."""

    toc: TocValue
    nb_frames: Count
    frame_ms: float
    frames: list[SpanValue]
    padding: SpanValue | None


class ExtensionValue(TypedDict):
    """One extension."""

    id: Annotated[int, Rule({"minimum": 2, "maximum": 127})]
    frame: Count
    offset: Count
    data: Hex


class ErrorValue(TypedDict):
    """What ends an area."""

    code: Annotated[str, Rule({"minLength": 1})]


class AreaValue(TypedDict):
    """An extension area."""

    extensions: list[ExtensionValue]
    error: ErrorValue | None


class ChunkValue(TypedDict):
    """40 ms of redundancy."""

    level: Count
    bits: float
    latents: list[int]


class DredValue(TypedDict):
    """A DRED payload."""

    version: Version
    frame: Count
    q0: Count
    dQ: Count
    qmax: Count
    offset: Count
    extra_offset: Count
    dred_offset: int
    nb_chunks: Count
    state: list[int]
    chunks: list[ChunkValue]
    bits_used: float
    bits_total: Count


class PayloadValue(TypedDict):
    """DRED, or that there is none."""

    dred: DredValue | None


class ReachValue(TypedDict):
    """What a query returns."""

    samples: int
    dred_end: int


class QueryValue(TypedDict):
    """What all queries return."""

    results: list[ReachValue]


Duration = Annotated[int | None, Rule({"type": ["integer", "null"], "minimum": 0})]


class SdpTypeValue(TypedDict):
    """What is said of one payload type of Opus; null where nothing is."""

    payload_type: Annotated[int, Rule({"minimum": 0, "maximum": 127})]
    sends_ms: Duration
    takes_ms: Duration


class SdpValue(TypedDict):
    """The payload types of Opus in a session description."""

    types: list[SdpTypeValue]


VALUES: dict[str, type] = {
    "packet": PacketValue,
    "extension": AreaValue,
    "payload": PayloadValue,
    "query": QueryValue,
    "sdp": SdpValue,
}
"""Operation -> the form of its exact answer."""
