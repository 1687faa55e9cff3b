"""What stands behind a frame is not heard; FFmpeg's own decoder is found out, libopus is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from dredref.conformance.adapters.pyav import TITLES, Decoder
from dredref.conformance.adapters.registry import ADAPTERS
from dredref.conformance.checkers import Answer
from dredref.conformance.checkers.same import check_same
from dredref.conformance.outcome import Outcome
from dredref.conformance.report.findings import findings
from dredref.conformance.running.runner import run_vectors
from dredref.conformance.tests.test_causes import run_of
from dredref.vectors.suite import load_suite

ROOT = Path(__file__).parents[2]
HEARD = {"ones", "letters", "dred", "broken", "pairs", "letter"}
"""What FFmpeg's decoder hears behind SILK frames."""


@pytest.mark.parametrize("codec", TITLES)
def test_decoders_of_ffmpeg(codec: str) -> None:
    vectors = list(load_suite().vectors(["pcm"]))
    implementation = ADAPTERS["ffmpeg-opus" if codec == "opus" else "ffmpeg-libopus"].make()
    known = implementation.capabilities()
    results = run_vectors(vectors, lambda: implementation, known)
    missed = {one.id for one in results if one.outcome is Outcome.FAIL}
    assert all(one.outcome in (Outcome.PASS, Outcome.FAIL) for one in results)
    if codec == "libopus":
        assert not missed
        return
    silk = {one.id for one in vectors if "celt" not in one.id}
    assert missed == {name for name in silk if name.rpartition(".")[2] in HEARD}
    (found,) = findings(run_of(results, vectors))
    assert found.name == "FrameEnd"
    assert found.missed == len(missed)


def test_smallest_packet_is_of_five_bytes() -> None:
    vector = load_suite().find("pcm.smallest.letter")
    given = vector.request()["stream"]
    assert len(bytes.fromhex(given)) == 8 + 5
    heard = Decoder("opus").answer("pcm", vector.request())
    plain = vector.baseline()
    assert plain is not None
    alone = Decoder("opus").answer("pcm", plain.request())
    assert isinstance(heard, Answer)
    assert isinstance(alone, Answer)
    assert not check_same(alone.value, heard.value).ok


def test_an_empty_answer_is_not_the_same() -> None:
    assert not check_same({"pcm": ""}, {"pcm": ""}).ok
    assert not check_same({"pcm": "0000"}, {"pcm": "00000000"}).ok
    assert check_same({"pcm": "0100"}, {"pcm": "0100"}).ok


def _calls(folder: str) -> Iterator[tuple[Path, ast.Call]]:
    for path in (ROOT / folder).rglob("*.py"):
        if "tests" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield path, node


def test_everything_else_decodes_opus_by_libopus_only() -> None:
    """Containers are only taken apart; the codec is named wherever one is opened."""
    opened = []
    for path, call in _calls("dredref"):
        assert isinstance(call.func, ast.Attribute)
        text = ast.unparse(call)
        if call.func.attr == "create" and "CodecContext" in text:
            opened.append(text)
            assert "libopus" in text, (path, text)
        assert "decode(audio" not in text, (path, text)
    assert opened
