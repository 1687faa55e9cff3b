"""What the written specification takes from the packages above: networks, classes, features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dredref.conformance.classes import CLASSES
from dredref.model import PACKAGED, packaged
from dredref.model.weights import Layer
from dredref.rdovae.decoder import decode_payloads
from dredref.spec.document.example import worked_example

NAMES = ("bands 0 to 8", "bands 9 to 17", "pitch, voicing")
"""Parts of a feature vector, as the example shows them."""


def context() -> dict[str, Any]:
    """What the chapters on networks, conformance and the worked example need."""
    return {
        "classes": CLASSES,
        "layers": list(_layers()),
        "first_vector": list(_first_vector()),
    }


def _layers() -> Iterator[dict[str, Any]]:
    """A row for each layer of each packaged model but the loss concealment's."""
    for name in PACKAGED:
        if name == "plc":
            continue
        for layer in packaged(name).layers.values():
            yield {
                "model": name,
                "layer": layer.name,
                "inputs": layer.inputs,
                "outputs": layer.outputs,
                "kind": _kind(layer),
                "format": _format(layer),
            }


def _kind(layer: Layer) -> str:
    kind = "wide" if "wide" in layer.raw.arrays else "8 bits"
    return {"dense": kind, "sparse": f"{kind}, sparse", "conv2d": f"{kind}, 2-D convolution"}[
        layer.raw.kind
    ]


def _format(layer: Layer) -> str:
    role = "wide" if "wide" in layer.raw.arrays else "scale"
    return f"Q{layer.raw.arrays[role].q}"


def _first_vector() -> Iterator[str]:
    """The newest feature vector of the example's packet: binary32 words, and as numbers."""
    dred = worked_example().reading.dred
    assert dred is not None
    vector = decode_payloads([dred])[0][0]
    for name, part in zip(NAMES, (vector[:9], vector[9:18], vector[18:]), strict=True):
        yield f"{name:14s} " + " ".join(f"{word:10x}" for word in part.view("uint32").tolist())
        yield f"{'':14s} " + " ".join(f"{value:10.6f}" for value in part.tolist())
