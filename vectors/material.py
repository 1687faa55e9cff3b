"""Reading ``vectors/material``: payloads and streams that libopus made, once."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from dredref.vectors.speech import SPEECH_RATE

FOLDER = Path(__file__).parent / "material"


@dataclass(frozen=True, slots=True)
class RealPayload:
    """A payload of real speech, and what it was made from."""

    clip: str
    seconds: float
    """Where in the clip its newest chunk ends."""
    q0: int
    dQ: int  # noqa: N815 - the draft's name
    qmax: int
    chunks: int
    payload: bytes


@cache
def manifest() -> Mapping[str, Mapping[str, Any]]:
    """File name -> how it was made and its SHA-256."""
    found: dict[str, Any] = json.loads((FOLDER / "MANIFEST.json").read_text())
    return MappingProxyType(found)


@cache
def read_material(name: str) -> bytes:
    """A file of the material, its digest checked."""
    content = (FOLDER / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == manifest()[name]["sha256"], name
    return content


def read_speech(name: str, rate: int = SPEECH_RATE) -> NDArray[np.int16]:
    """Mono speech of the material, a FLAC file."""
    samples, found = soundfile.read(io.BytesIO(read_material(name)), dtype="int16")
    assert found == rate, name
    return np.asarray(samples, np.int16)


def real_payloads(version: int) -> list[RealPayload]:
    """The payloads of one version."""
    entries = json.loads(read_material(f"payloads-v{version}.json"))
    return [
        RealPayload(**{**entry, "payload": bytes.fromhex(entry["payload"])}) for entry in entries
    ]


def bit_packets(content: bytes) -> list[bytes]:
    """The packets of a ``.bit`` file."""
    packets = []
    place = 0
    while place < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        packets.append(content[place + 8 : place + 8 + size])
        place += 8 + size
    return packets


def bit_stream(packets: Iterable[bytes]) -> bytes:
    """Packets as a ``.bit`` file, without final ranges."""
    return b"".join(len(one).to_bytes(4, "big") + bytes(4) + one for one in packets)
