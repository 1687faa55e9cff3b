"""A small run with everything in it that a report can show."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.classes import count_vectors
from dredref.conformance.record import Run
from dredref.conformance.running.replies import (
    Capabilities,
    FaultError,
    FaultKind,
    Reply,
    Unsupported,
)
from dredref.conformance.running.runner import run_vectors
from dredref.streams import open_stream
from dredref.vectors.blob import Blob
from dredref.vectors.form import file_to_text
from dredref.vectors.model import (
    Audio,
    DecodeInput,
    Encoded,
    EncodeInput,
    Exact,
    Expected,
    ExtensionInput,
    Features,
    Input,
    PacketInput,
    Reject,
    Survive,
    Vector,
    VectorFile,
    VocodeInput,
)
from dredref.vectors.suite import Suite

STREAM = Path(__file__).parents[3] / "spec" / "streams" / "v12-dred-500ms.bit"
NASTY = "<script>alert('x')</script> & \"quotes\""
LIMITS = {"total": 0.5, "max": 0.15, "pitch": 0.02}
DRAW = np.random.default_rng(11)
ROWS = DRAW.normal(0, 1, (48, 20)).astype("<f4")
SPEECH = np.rint(6000 * np.sin(np.arange(24000) ** 1.2 / 40)).astype("<i2")


def packets() -> list[bytes]:
    """A real stream's packets."""
    with open_stream(STREAM) as stream:
        return [record.packet for record in stream if record.packet is not None]


def make(
    name: str, given: Input, expected: Expected, flags: tuple[str, ...] = (), level: str = "MUST"
) -> Vector:
    """A vector whose id says what comes of it."""
    return Vector(
        id=name,
        group=name.partition(".")[0],
        title=f"Title of {name}",
        clauses=("RFC 6716 3.2",),
        requirements=("packet.r1",),
        level=level,  # type: ignore[arg-type]
        flags=flags,
        version=12,
        input=given,
        expected=expected,
        notes={flag: f"Note on {flag}, {NASTY}" for flag in flags},
    )


def example_vectors(root: Path) -> list[Vector]:
    """One vector for each outcome and each kind of plot."""

    def blob(name: str, content: bytes) -> Blob:
        (root / "blobs").mkdir(parents=True, exist_ok=True)
        (root / "blobs" / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return Blob(path=f"blobs/{name}", sha256=digest, root=root)

    area = ExtensionInput(Blob(inline=bytes.fromhex("0707fd0301020302fc440c00")), 2)
    plain = Exact({"extensions": [], "error": None})
    last = packets()[-1]
    rows, pcm = blob("rows.f32", ROWS.tobytes()), blob("speech.sw", SPEECH.tobytes())
    features = Features(rows, LIMITS)
    near = {"err4": 0.25, "err16": 1.0, "pitch": 0.15}
    audio = Audio(pcm, near, pcm, near)
    encoded = Encoded(rows, LIMITS)
    return [
        make("packet.pass.one", PacketInput(Blob(inline=b"\x08\x01")), Survive()),
        make("packet.refusal.one", PacketInput(Blob(inline=b"\x09\x01")), Reject("packet.r3.odd")),
        make("extension.fail.one", area, plain, ("Repeat", "Other")),
        make("extension.should.one", area, plain, ("Repeat",), "SHOULD"),
        make("extension.error.one", area, plain),
        make("extension.timeout.one", area, plain),
        make("extension.unsupported.one", area, plain),
        make("extension.skipped.one", area, Features(Blob(path="none/x", sha256="0" * 64), LIMITS)),
        make("decode.pass.one", DecodeInput(packet=Blob(inline=last)), features),
        make("decode.fail.one", DecodeInput(packet=Blob(inline=last)), features),
        make("vocoder.pass.one", VocodeInput(rows), audio),
        make("vocoder.fail.one", VocodeInput(rows), audio),
        make("encode.fail.one", EncodeInput(pcm), encoded),
        make("hostile.pass.one", PacketInput(Blob(inline=b"")), Survive()),
    ]


class Actor:
    """An implementation whose answers follow from the vector's id."""

    def capabilities(self) -> Capabilities:
        """All operations."""
        operations = ("packet", "extension", "decode", "vocode", "encode")
        return Capabilities(f"actor {NASTY}", operations, "1", details={"compiler": NASTY})

    def ask(self, vector: Vector) -> Reply:
        """What the id asks for."""
        kind = vector.id.split(".")[1]
        if kind == "error":
            raise FaultError(FaultKind.CRASH, f"ended by SIGSEGV: {NASTY}\x00")
        if kind == "timeout":
            raise FaultError(FaultKind.HANG, "no reply in time")
        if kind == "unsupported":
            return Unsupported(NASTY)
        if vector.operation == "packet":
            return Refusal("packet.r3.odd", NASTY)
        noise = 1.0 if kind == "fail" else 0.0
        if vector.operation == "decode":
            rows = ROWS + noise * DRAW.normal(0, 1, ROWS.shape)
            return Answer({"features": rows.astype("<f4").tobytes().hex()})
        if vector.operation == "vocode":
            pcm = SPEECH + np.rint(noise * DRAW.normal(0, 2000, SPEECH.shape)).astype("<i2")
            return Answer({"pcm": pcm.astype("<i2").tobytes().hex()})
        if vector.operation == "encode":
            return Answer({"packets": [packet.hex() for packet in packets()]})
        wrong = {"id": 3, "frame": 0, "data": NASTY}
        return Answer({"extensions": [wrong], "error": None})

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Suite]:
    """The run, and the suite it was of."""
    root = tmp_path_factory.mktemp("suite")
    vectors = example_vectors(root)
    notes = {flag: text for vector in vectors for flag, text in vector.notes.items()}
    for group in dict.fromkeys(vector.group for vector in vectors):
        members = tuple(vector for vector in vectors if vector.group == group)
        (root / group).mkdir()
        content = VectorFile(group, "Examples", "0.1.0", "by hand", None, notes, members)
        (root / group / "a.json").write_text(file_to_text(content))
    suite = Suite(root)
    actor = Actor()
    totals = count_vectors(vectors)
    run = Run(
        implementation=actor.capabilities(),
        suite={"version": "0.1.0", "digest": suite.digest(), "totals": totals, "notes": notes},
        environment={"python": "3"},
        selection={"groups": [], "ids": []},
        started="2026-01-01T00:00:00+00:00",
        seconds=2.0,
        results=tuple(run_vectors(list(suite.vectors()), lambda: actor, actor.capabilities())),
    )
    return run, suite
