"""Command templates: what is written, what is read, and how a program can fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.command import Command
from dredref.conformance.running.files import read_bit
from dredref.conformance.running.process import MEBI, Limits
from dredref.conformance.running.replies import FaultError, FaultKind, Unsupported
from dredref.conformance.running.runner import run_vectors
from dredref.rdovae.records import write_records
from dredref.spec.dred import build_payload, make_payload, parse_payload
from dredref.spec.errors import UsageError
from dredref.spec.tables import LATENT_DIM, STATE_DIM, level_of_chunk, quantizer_tables
from dredref.vectors.blob import Blob
from dredref.vectors.model import (
    ConcealInput,
    DecodeInput,
    ExtensionInput,
    Features,
    Input,
    RecordsInput,
    Survive,
    Vector,
    VocodeInput,
)

LIMITS = Limits(seconds=1.5, memory_bytes=100 * MEBI, reply_bytes=MEBI)


def vector(given: Input) -> Vector:
    """A question that any answer satisfies."""
    return Vector("hostile.test", "hostile", "t", ("none",), (), "MUST", (), 12, given, Survive())


def program(tmp_path: Path, body: str) -> str:
    """A template that runs some Python with ``source`` and ``target`` set."""
    path = tmp_path / "program.py"
    head = "import sys, os, time, json\nfrom pathlib import Path\n"
    head += "source, target = Path(sys.argv[1]), Path(sys.argv[2])\n"
    path.write_text(head + body)
    return f"{sys.executable} {path} {{input}} {{output}}"


def test_json_operations(tmp_path: Path) -> None:
    body = "asked = json.loads(source.read_text())\n"
    body += "target.write_text(json.dumps({'answer': {'heard': asked}}))\n"
    command = Command(program(tmp_path, body), ["extension"], LIMITS)
    reply = command.ask(vector(ExtensionInput(Blob(inline=b"\x07\x01"), 2)))
    assert isinstance(reply, Answer)
    asked = {"area": "0701", "nb_frames": 2, "version": 12}
    assert reply.value["heard"] == {"operation": "extension", "input": asked}


def test_binary_operations_and_places(tmp_path: Path) -> None:
    body = "target.write_bytes(source.read_bytes()[::-1])\nassert sys.argv[3] == '8000'\n"
    body += "assert Path(sys.argv[4]).read_text().split() == ['0', '1']\n"
    command = Command(program(tmp_path, body) + " {rate} {mask}", ["conceal"], LIMITS)
    reply = command.ask(vector(ConcealInput(Blob(inline=b"\x01\x02"), "01", rate=8000)))
    assert reply == Answer({"pcm": "0201"})


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        ("os.kill(os.getpid(), 11)", FaultKind.CRASH, "signal 11"),
        ("raise RuntimeError('oh no')", FaultKind.CRASH, "exit code 1: RuntimeError: oh no"),
        ("time.sleep(60)", FaultKind.HANG, "still running"),
        ("pass", FaultKind.GARBAGE, "no output file"),
        ("target.write_text('fine')", FaultKind.GARBAGE, "not JSON"),
        ("target.write_text('[]')", FaultKind.GARBAGE, "object"),
        ("target.write_text('{}')", FaultKind.GARBAGE, "no body"),
        ("target.write_bytes(bytes(1 << 21))", FaultKind.CRASH, "File too large"),
        ("\nwhile True: print('x' * 65536)", FaultKind.FLOOD, "output"),
        ("\nwhile True: print('x' * 65536, file=sys.stderr)", FaultKind.FLOOD, "output"),
        (
            "\nhoard = []\nwhile True: hoard.append(b'x' * (8 << 20)); time.sleep(0.01)",
            FaultKind.MEMORY,
            "memory",
        ),
    ],
)
def test_faults(tmp_path: Path, body: str, kind: FaultKind, detail: str) -> None:
    command = Command(program(tmp_path, body), ["extension"], LIMITS)
    with pytest.raises(FaultError) as caught:
        command.ask(vector(ExtensionInput(Blob(inline=b""), 1)))
    assert caught.value.kind is kind
    assert detail in caught.value.detail


def test_only_the_agreed_exit_code_refuses(tmp_path: Path) -> None:
    template = program(tmp_path, "print('bad packet', file=sys.stderr); sys.exit(3)")
    question = vector(ExtensionInput(Blob(inline=b""), 1))
    refusing = Command(template, ["extension"], LIMITS, reject_code=3)
    assert refusing.ask(question) == Refusal(None, "bad packet")
    for other in (None, 4):
        with pytest.raises(FaultError, match="exit code 3"):
            Command(template, ["extension"], LIMITS, reject_code=other).ask(question)


def test_missing_program() -> None:
    command = Command("./none {input} {output}", ["extension"], LIMITS)
    with pytest.raises(FaultError) as caught:
        command.ask(vector(ExtensionInput(Blob(inline=b""), 1)))
    assert caught.value.kind is FaultKind.START


@pytest.mark.parametrize(
    ("template", "operations"),
    [
        ("x {input}", ["decode"]),
        ("x {input} {output} {home}", ["decode"]),
        ("x {input} {output", ["decode"]),
        ("x '{input} {output}", ["decode"]),
        ("x {input} {output}", []),
        ("x {input} {output}", ["parse"]),
    ],
)
def test_wrong_templates(template: str, operations: list[str]) -> None:
    with pytest.raises(UsageError):
        Command(template, operations)


def payload(level: int, chunks: int, dQ: int = 0) -> bytes:
    """A payload whose every value that the tables let be is drawn."""
    draw = np.random.default_rng(level)
    tables = quantizer_tables(12)
    state = draw.integers(-3, 4, STATE_DIM[12]) * tables.state.coded[level]
    latents = [
        draw.integers(-3, 4, LATENT_DIM[12])
        * tables.latent.coded[level_of_chunk(level, dQ, 15, index)]
        for index in range(chunks)
    ]
    values = make_payload(12, level, dQ, 8, state.tolist(), [row.tolist() for row in latents])
    return build_payload(values, allow_unseen=True)


def test_payloads_without_record_form(tmp_path: Path) -> None:
    command = Command(program(tmp_path, ""), ["records"], LIMITS)
    assert "decode" in command.capabilities().operations
    rising = vector(DecodeInput(payload=Blob(inline=payload(2, 9, dQ=7))))
    assert isinstance(command.ask(rising), Unsupported)
    history = VocodeInput(Blob(inline=b""), Blob(inline=b""), Blob(inline=b""))
    assert isinstance(command.ask(vector(history)), Unsupported)


def test_streams_that_break_off() -> None:
    assert read_bit(bytes.fromhex("00000002aabbccdd0102" + "0000000000000000")) == [b"\1\2", b""]
    for broken in ("00000002aabbccdd01", "0000"):
        with pytest.raises(FaultError):
            read_bit(bytes.fromhex(broken))


@pytest.mark.peer
def test_fargan_demo_as_a_command(peer_161: Peer) -> None:
    """Payloads as records through upstream's program give what libopus decodes from payloads."""
    limits = {"total": 1e-6, "max": 1e-6, "pitch": 1e-6}
    vectors = []
    for level in (0, 6, 15):
        data = payload(level, 5)
        rows = peer_161.decode(peer_161.payloads([data]))[0]
        question = DecodeInput(payload=Blob(inline=data))
        expected = Features(Blob(inline=rows.astype("<f4").tobytes()), limits)
        name = f"decode.test.{level}"
        vectors.append(
            Vector(name, "decode", "t", ("none",), (), "MUST", (), 12, question, expected)
        )
        record = RecordsInput(Blob(inline=write_records([parse_payload(data, 12)])))
        oldest_first = Features(Blob(inline=rows[::-1].astype("<f4").tobytes()), limits)
        vectors.append(
            Vector(name + "r", "decode", "t", ("none",), (), "MUST", (), 12, record, oldest_first)
        )
    demo = peer_161.build.program("fargan_demo")
    command = Command(f"{demo} -dred-decoding {{input}} {{output}}", ["records"])
    results = run_vectors(vectors, lambda: command, command.capabilities())
    assert [str(result.outcome) for result in results] == ["pass"] * 6, results


def test_results_are_json(tmp_path: Path) -> None:
    command = Command(program(tmp_path, ""), ["extension"], LIMITS)
    assert json.dumps(command.capabilities().to_json())
