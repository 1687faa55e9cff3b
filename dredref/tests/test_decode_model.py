"""``dredref decode`` and ``dredref model`` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dredref.model import PACKAGED, load, packaged
from dredref.model.blob import write_blob
from dredref.model.tests.test_blob import arrays_of
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.records import read_records, write_records
from dredref.rdovae.tests.inputs import STREAMS, payloads
from dredref.tests.commands import code, run
from tools.compat.fargan_demo import main as fargan_demo

STREAM = STREAMS / "v12-dtx.bit"


def test_arrays(tmp_path: Path) -> None:
    """Every array, and the rows that `start` and `chunks` point at."""
    out = tmp_path / "out.npz"
    assert run("decode", STREAM, out).exit_code == 0
    found = np.load(out)
    expected = decode_payloads(payloads(STREAM.name))
    assert set(found) == {"index", "version", "dred_offset", "chunks", "start", "features"}
    assert found["features"].dtype == np.float32
    assert found["features"].shape == (sum(map(len, expected)), 20)
    assert len(found["index"]) == len(expected) < 200
    assert (np.diff(found["index"]) > 0).all()
    assert set(found["version"]) == {12}
    dred = payloads(STREAM.name)
    assert found["dred_offset"].tolist() == [payload.dred_offset for payload in dred]
    for start, chunks, rows in zip(found["start"], found["chunks"], expected, strict=True):
        np.testing.assert_array_equal(found["features"][start : start + 4 * chunks], rows)


def test_one_packet(tmp_path: Path) -> None:
    """The vectors of one record, newest first; the newest chunks alone; on integers."""
    everything, out = tmp_path / "all.npz", tmp_path / "out.f32"
    run("decode", STREAM, everything)
    found = np.load(everything)
    place = 50
    index = int(found["index"][place])
    rows = found["features"][found["start"][place] :][: 4 * found["chunks"][place]]
    assert run("decode", STREAM, out, "--packet", index).exit_code == 0
    assert out.read_bytes() == rows.astype("<f4").tobytes()
    assert run("decode", STREAM, out, "--packet", index, "--max-chunks", 2).exit_code == 0
    assert out.read_bytes() == rows[:8].astype("<f4").tobytes()
    shorter = ("--max-chunks", 1, "--arithmetic", "integer")
    assert run("decode", STREAM, out, "--packet", index, *shorter).exit_code == 0
    assert out.read_bytes() == rows[:4].astype("<f4").tobytes()


def test_nothing_in_it(tmp_path: Path) -> None:
    """A stream without DRED gives empty arrays."""
    out = tmp_path / "out.npz"
    assert run("decode", STREAMS / "v12-loss-0.bit", out).exit_code == 0
    found = np.load(out)
    assert found["features"].shape == (0, 20)
    assert found["index"].shape == (0,)


def test_records(tmp_path: Path) -> None:
    """Payloads of one level as records, and records as features, oldest first."""
    records, out = tmp_path / "records.bit", tmp_path / "out.f32"
    source = STREAMS / "v12-dred-40ms.bit"
    assert run("decode", source, records, "--max-chunks", 1).exit_code == 0
    given = read_records(records.read_bytes(), 12)
    assert len(given) == len(payloads(source.name))
    assert records.read_bytes() == write_records(given)
    assert run("decode", records, out, "--records", 12).exit_code == 0
    rows = [part[::-1] for part in decode_payloads(given)]
    assert out.read_bytes() == np.concatenate(rows).astype("<f4").tobytes()
    drop_in = tmp_path / "drop_in.f32"
    assert fargan_demo(["-dred-decoding", str(records), str(drop_in)]) == 0
    assert drop_in.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("in.wav",), "output.kind"),
        (("out.f32",), "output.kind"),
        (("out.npz", "--records", "12"), "output.kind"),
        (("out.f32", "--records", "12", "--packet", "1"), "output.kind"),
        (("out.f32", "--packet", "100000"), "dred.absent"),
        (("out.f32", "--packet", "0"), "dred.absent"),
        (("out.bit",), "record.level"),
        (("out.f32", "--records", "12"), "record.level"),
        (("out.npz", "--model", "none.bin"), "input.unreadable"),
        (("none/out.npz",), "output.unwritable"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """One clear error each, and no output."""
    output, *options = arguments
    result = run("decode", STREAM, tmp_path / output, *options)
    assert code(result) == expected
    assert not list(tmp_path.iterdir())


def test_errors_are_one_line(tmp_path: Path) -> None:
    """Exit code 2, a line on stderr, no traceback, nothing on stdout."""
    for arguments in (("decode", "none.bit", "o.npz"), ("model", "show", "none.bin")):
        command = [sys.executable, "-m", "dredref.conformance.main", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 2
        assert (done.stdout, done.stderr.count("\n")) == ("", 1)
        assert done.stderr.startswith("dredref: ")


def test_model_of_another_version(tmp_path: Path) -> None:
    """A model given by file is used, and only for its version."""
    (given,) = models("rdovae-decoder-v12", tmp_path)
    out, plain = tmp_path / "a.npz", tmp_path / "b.npz"
    assert run("decode", STREAM, out, "--model", given).exit_code == 0
    assert run("decode", STREAM, plain).exit_code == 0
    np.testing.assert_array_equal(np.load(out)["features"], np.load(plain)["features"])
    other = run("decode", STREAMS / "v10-dtx.bit", out, "--model", given)
    assert code(other) == "model.version"


def models(name: str, folder: Path) -> list[Path]:
    """Model files imported from a blob of one network."""
    blob = folder / "weights_blob.bin"
    blob.write_bytes(write_blob(arrays_of(name)))
    result = run("model", "import", blob, "--to", folder)
    assert result.exit_code == 0
    return [folder / Path(line.split(":")[0]).name for line in result.output.splitlines()]


def test_import_of_a_blob(tmp_path: Path) -> None:
    """A blob becomes a model file with the packaged numbers and its own provenance."""
    (path,) = models("pitch", tmp_path)
    found = load(path)
    assert found.provenance["file"] == "weights_blob.bin"
    for name, layer in packaged("pitch").layers.items():
        for role, quantity in layer.raw.arrays.items():
            np.testing.assert_array_equal(
                found.layers[name].raw.arrays[role].mantissa, quantity.mantissa
            )


def test_what_cannot_be_imported(tmp_path: Path) -> None:
    """No such source, no source at all, a folder that is none, a blob that breaks off."""
    assert code(run("model", "import", tmp_path / "none")) == "input.unreadable"
    (tmp_path / "text").write_text("nothing")
    assert code(run("model", "import", tmp_path / "text")) == "model.source"
    assert code(run("model", "import", tmp_path)) == "model.source"
    assert code(run("model", "import", tmp_path, "--to", tmp_path / "none")) == "output.unwritable"
    (tmp_path / "cut").write_bytes(write_blob(arrays_of("pitch"))[:-64])
    assert code(run("model", "import", tmp_path / "cut")) == "model.blob"


def test_show(tmp_path: Path) -> None:
    """The packaged models, one of them, and a model file; as JSON too."""
    rows = json.loads(run("model", "show", "--json").output)
    assert [row["model"] for row in rows] == list(PACKAGED)
    one = json.loads(run("model", "show", "rdovae-decoder-v12", "--json").output)
    assert one["dred_version"] == 12
    assert [layer["layer"] for layer in one["layers"]] == list(packaged(one["model"]).layers)
    text = run("model", "show", "rdovae-decoder-v12").output
    assert "dec_gru5_recurrent" in text
    assert "BSD-3-Clause" in text
    assert all(name in run("model", "show").output for name in PACKAGED)
    path = tmp_path / "file.bin"
    path.write_bytes(b"no model")
    assert code(run("model", "show", path)) == "model.format"
