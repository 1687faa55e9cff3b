"""The export for upstream's script, and upstream's procedure with its own and this project's
programs: the steps, thresholds and order of ``tests/dred_vectors.sh``.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.conformance.main import cli
from dredref.spec.errors import InputError
from dredref.vectors.export import SETS, export_upstream
from dredref.vectors.material import bit_packets
from dredref.vectors.suite import load_suite

COMPAT = Path(__file__).parents[2] / "tools" / "compat"
FEATURES = ("-features", "-thresholds", "0.5", "0.15", "0.02")
VOCODER = ("-audio", "-thresholds", "0.25", "1.0", "0.15")
CODEC = ("-audio", "-thresholds", "1.0", "3.0", "0.25")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported files."""
    folder = tmp_path_factory.mktemp("upstream")
    assert export_upstream(load_suite(), folder) == 5 * len(SETS)
    return folder


@dataclass(frozen=True)
class Programs:
    """What the procedure runs."""

    fargan_demo: Path
    dred_compare: Path
    opus_demo: Path | None = None


def run(*words: str | Path) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stdout[-400:], done.stderr[-400:])


def procedure(programs: Programs, folder: Path, work: Path, sets: Sequence[int] = SETS) -> None:
    """Upstream's procedure: decoding, then the vocoder, then the codec if there is a program."""
    for stage in stages(programs, work):
        for number in sets:
            made, words, source, wanted = stage
            run(*words, folder / source.format(number), made)
            kind = FEATURES if made.suffix == ".f32" else VOCODER
            if programs.opus_demo in words:
                kind = CODEC
            run(programs.dred_compare, *kind, folder / wanted.format(number), made)


def stages(programs: Programs, work: Path) -> Iterator[tuple[Path, list[str | Path], str, str]]:
    """Output, program, input and reference of each part."""
    fargan = programs.fargan_demo
    yield work / "tmp.f32", [fargan, "-dred-decoding"], "vector{}_dred.bit", "vector{}_dred_dec.f32"
    features, original = "vector{}_features.f32", "vector{}_orig.sw"
    yield work / "tmp.sw", [fargan, "-fargan-synthesis"], features, original
    if programs.opus_demo is not None:
        words: list[str | Path] = [programs.opus_demo, "-d", "16000", "1"]
        yield work / "tmp.sw", words, "vector{}_opus.bit", original


def theirs(peer: Peer) -> Programs:
    """Upstream's own programs."""
    build = peer.build
    return Programs(*(build.program(name) for name in ("fargan_demo", "dred_compare", "opus_demo")))


@pytest.mark.peer
def test_upstream_procedure_with_the_default_build(
    exported: Path, tmp_path: Path, peer_161: Peer
) -> None:
    procedure(theirs(peer_161), exported, tmp_path)


@pytest.mark.peer
def test_upstream_procedure_with_the_portable_build(
    exported: Path, tmp_path: Path, peer_161_c: Peer
) -> None:
    """Two sets, and without the codec part: plain C takes long."""
    programs = replace(theirs(peer_161_c), opus_demo=None)
    procedure(programs, exported, tmp_path, (2, 5))


def test_upstream_procedure_with_the_drop_ins(exported: Path, tmp_path: Path) -> None:
    """Decoding and vocoder; two sets, for the time that a Python process each takes."""
    programs = Programs(COMPAT / "fargan_demo", COMPAT / "dred_compare")
    procedure(programs, exported, tmp_path, (1, 5))


@pytest.mark.peer
def test_the_procedure_rejects_wrong_files(exported: Path, tmp_path: Path, peer_161: Peer) -> None:
    """Exchanged references fail in each part: the thresholds mean something here."""
    programs = theirs(peer_161)
    for part in stages(programs, tmp_path):
        made, words, source, wanted = part
        run(*words, exported / source.format(1), made)
        kind = FEATURES if made.suffix == ".f32" else CODEC
        with pytest.raises(AssertionError):
            run(programs.dred_compare, *kind, exported / wanted.format(2), made)


@pytest.mark.peer
def test_without_dred_the_codec_part_fails(exported: Path, tmp_path: Path, peer_161: Peer) -> None:
    """A stream whose DRED is gone does not pass for one that has it."""
    from dredref.payload.insert import strip_dred

    content = (exported / "vector2_opus.bit").read_bytes()
    parts = []
    place = 0
    for packet in bit_packets(content):
        stripped = strip_dred(packet) if packet else b""
        head = len(stripped).to_bytes(4, "big") + content[place + 4 : place + 8]
        parts.append(head + stripped)
        place += 8 + len(packet)
    bare, made = tmp_path / "bare.bit", tmp_path / "tmp.sw"
    bare.write_bytes(b"".join(parts))
    programs = theirs(peer_161)
    assert programs.opus_demo is not None
    run(programs.opus_demo, "-d", "16000", "1", bare, made)
    with pytest.raises(AssertionError):
        run(programs.dred_compare, *CODEC, exported / "vector2_orig.sw", made)


def test_losses_have_no_bytes(exported: Path) -> None:
    for number in SETS:
        packets = bit_packets((exported / f"vector{number}_opus.bit").read_bytes())
        lost = sum(not packet for packet in packets)
        assert 0.2 < lost / len(packets) < 0.6
        assert packets[-1]


def test_the_command_tells_how_many(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["vectors", "export", "--upstream", str(tmp_path / "x")])
    assert result.exit_code == 0
    assert result.output.startswith("40 files in ")
    archive = tmp_path / "suite.zip"
    result = CliRunner().invoke(cli, ["vectors", "export", "--zip", str(archive), "--json"])
    assert json.loads(result.output)["written"] == str(archive)


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"output\.unwritable"):
        export_upstream(load_suite(), tmp_path / "file" / "x")
