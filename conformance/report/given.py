"""Plots of the DRED that a question gives, and of that in an encoder's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dredref.conformance.report.plots import Plots, payload_plots, stream_plots
from dredref.spec.dred import DredPayload
from dredref.spec.reading import read_dred, read_packet
from dredref.vectors.model import DecodeInput, PayloadInput, Vector


def payload_of(vector: Vector) -> Plots:
    """Bits of each chunk of the payload in question."""
    given = vector.input
    if not isinstance(given, PayloadInput | DecodeInput):
        return Plots()
    dred: DredPayload | None
    if given.payload is not None:
        dred = read_dred(given.payload.read(), vector.version or 12).dred
    else:
        assert given.packet is not None
        dred = read_packet(given.packet.read()).dred
    return payload_plots(dred) if dred else Plots()


def stream_of(answer: Mapping[str, Any]) -> Plots:
    """Bits of each chunk of an answer's packets."""
    packets = answer.get("packets")
    if not isinstance(packets, list):
        return stream_plots([])
    readings = (read_packet(bytes.fromhex(packet)).dred for packet in packets)
    return stream_plots([(index, dred) for index, dred in enumerate(readings) if dred is not None])
