"""The drop-in ``fargan_demo`` beside upstream's."""

from __future__ import annotations

import subprocess
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.inspection import inspections
from dredref.metrics import compare_features
from dredref.rdovae.records import write_records
from dredref.spec.dred import make_payload
from dredref.spec.tables import quantizer_tables
from dredref.streams import open_stream
from dredref.vocoder.tests.inputs import clips
from tools.compat import fargan_demo

OURS = Path(fargan_demo.__file__).with_name("fargan_demo")
AUDIO = Path(__file__).parents[2] / "vectors" / "audio"
STREAMS = Path(__file__).parents[2] / "spec" / "streams"


def run(program: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and what was said."""
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stderr


def records() -> list[bytes]:
    """Records of a stream's packets, up to 25 chunks, all set to the level of the first."""
    found = []
    with open_stream(STREAMS / "v12-dred-1040ms.bit") as stream:
        for inspection in islice(inspections(stream), 0, None, 5):
            dred = inspection.reading.dred
            if dred is None or not dred.chunks:
                continue
            tables = quantizer_tables(dred.version).latent
            coded = (tables.r[dred.q0] != 0) & (tables.p0[dred.q0] != 255)
            rows = [np.where(coded, chunk.latents, 0).tolist() for chunk in dred.chunks[:25]]
            latents = [tuple(row) for row in rows]
            payload = make_payload(dred.version, dred.q0, 0, 16, dred.state, latents)
            found.append(write_records([payload]))
    return found


@pytest.mark.peer
def test_features_are_upstreams(tmp_path: Path, peer_161_c: Peer) -> None:
    """Features within what libopus' own builds differ by, incomplete last frame left out."""
    samples = soundfile.read(AUDIO / "librivox-3.flac", dtype="int16")[0]
    (tmp_path / "in.pcm").write_bytes(samples.astype("<i2").tobytes() + bytes(100))
    upstream = peer_161_c.build.program("fargan_demo")
    for program, name in ((OURS, "ours.f32"), (upstream, "theirs.f32")):
        assert run(program, "-features", tmp_path / "in.pcm", tmp_path / name) == (0, "")
    ours, theirs = (
        np.fromfile(tmp_path / name, "<f4").reshape(-1, 20) for name in ("ours.f32", "theirs.f32")
    )
    assert ours.shape == theirs.shape == (299, 20)
    found = compare_features(theirs, ours)
    assert found.total <= 0.02
    assert found.pitch <= 0.0001


@pytest.mark.peer
def test_synthesis_is_upstreams(tmp_path: Path, peer_161_c: Peer) -> None:
    """The same file, byte for byte, an incomplete last vector left out by both."""
    (tmp_path / "in.f32").write_bytes(clips()["librivox-3"].tobytes() + b"incomplete")
    upstream = peer_161_c.build.program("fargan_demo")
    for program, name in ((OURS, "ours.pcm"), (upstream, "theirs.pcm")):
        done = run(program, "-fargan-synthesis", tmp_path / "in.f32", tmp_path / name)
        assert done == (0, "")
    assert (tmp_path / "ours.pcm").read_bytes() == (tmp_path / "theirs.pcm").read_bytes()


@pytest.mark.peer
def test_decoding_is_upstreams(tmp_path: Path, peer_161_c: Peer) -> None:
    """The same features, number for number, an incomplete last record left out by both."""
    made = records()
    assert len(made) == 19
    (tmp_path / "in.bit").write_bytes(b"".join(made) + made[0][:-1])
    upstream = peer_161_c.build.program("fargan_demo")
    for program, name in ((OURS, "ours.f32"), (upstream, "theirs.f32")):
        assert run(program, "-dred-decoding", tmp_path / "in.bit", tmp_path / name) == (0, "")
    ours, theirs = (np.fromfile(tmp_path / name, "<f4") for name in ("ours.f32", "theirs.f32"))
    assert len(ours) > 19 * 80
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "arguments",
    [(), ("-fargan-synthesis",), ("-unknown", "a", "b"), ("-fargan-synthesis", "a", "b", "c")],
)
def test_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments that make no sense end with 1, as upstream's do."""
    assert fargan_demo.main(arguments) == 1
    assert "usage: fargan_demo" in capsys.readouterr().err


def test_unusable_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No input, an empty one, a broken record: one line, and no output."""
    target = tmp_path / "out"
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "level").write_bytes(bytes([0, 0, 0, 99]) + bytes(8))
    for mode, name in (
        ("-fargan-synthesis", "none"),
        ("-fargan-synthesis", "empty"),
        ("-dred-decoding", "level"),
    ):
        assert fargan_demo.main((mode, str(tmp_path / name), str(target))) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert not target.exists()
