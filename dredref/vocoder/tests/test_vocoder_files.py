"""Files of features and samples, and the commands that read and write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref import model
from dredref.spec.errors import InputError, UsageError
from dredref.tests.commands import code, run
from dredref.vocoder import vocoder
from dredref.vocoder.files import read_features, read_samples, write_samples
from dredref.vocoder.tests.inputs import clips

STREAMS = Path(__file__).parents[3] / "spec" / "streams"
VECTORS = clips()["espeak-1"][:30]


def feature_file(folder: Path, data: bytes) -> Path:
    """A file of these bytes."""
    path = folder / "in.f32"
    path.write_bytes(data)
    return path


def test_features_come_back(tmp_path: Path) -> None:
    """Bit for bit."""
    path = feature_file(tmp_path, VECTORS.astype("<f4").tobytes())
    np.testing.assert_array_equal(read_features(path), VECTORS)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "features.empty"),
        (bytes(79), "features.truncated"),
        (bytes(161), "features.truncated"),
        (bytes(78) + b"\x80\x7f", "features.not_finite"),
    ],
)
def test_features_that_are_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    """Nothing, a part of a vector, an infinity."""
    with pytest.raises(InputError) as caught:
        read_features(feature_file(tmp_path, data))
    assert caught.value.code == expected


def test_a_missing_file(tmp_path: Path) -> None:
    """One line, for features and for samples of either form."""
    for read, name in ((read_features, "x.f32"), (read_samples, "x.wav"), (read_samples, "x.sw")):
        with pytest.raises(InputError) as caught:
            read(tmp_path / name)
        assert caught.value.code == "input.unreadable"


@pytest.mark.parametrize("name", ["a.wav", "a.WAV", "a.sw", "a.pcm"])
def test_samples_come_back(tmp_path: Path, name: str) -> None:
    """All 16-bit values, in a WAV file and bare."""
    samples = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    write_samples(tmp_path / name, samples)
    np.testing.assert_array_equal(read_samples(tmp_path / name), samples)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_samples_in_other_forms(tmp_path: Path) -> None:
    """Another rate, two channels, other integers, half a sample, an unknown ending."""
    forms = {
        "rate": (8000, 1, "PCM_16"),
        "stereo": (16000, 2, "PCM_16"),
        "wide": (16000, 1, "PCM_24"),
    }
    for name, (rate, channels, subtype) in forms.items():
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, np.zeros((400, channels)), rate, subtype)
        with pytest.raises(InputError) as caught:
            read_samples(path)
        assert caught.value.code == "audio.form"
    (tmp_path / "odd.sw").write_bytes(bytes(3))
    with pytest.raises(InputError):
        read_samples(tmp_path / "odd.sw")
    with pytest.raises(UsageError):
        write_samples(tmp_path / "x.mp3", np.zeros(4, np.int16))
    assert not (tmp_path / "x.mp3").exists()


@pytest.mark.parametrize("name", ["out.wav", "out.sw"])
def test_synthesize(tmp_path: Path, name: str) -> None:
    """N vectors give N * 160 samples; integers give the same."""
    source = feature_file(tmp_path, VECTORS[:3].tobytes())
    result = run("synthesize", source, tmp_path / name)
    assert result.exit_code == 0, result.output
    speech = read_samples(tmp_path / name)
    np.testing.assert_array_equal(speech, vocoder().utterance(VECTORS[None, :3])[0])
    assert len(speech) == 3 * 160
    other = tmp_path / f"integer-{name}"
    assert run("synthesize", source, other, "--arithmetic", "integer").exit_code == 0
    np.testing.assert_array_equal(read_samples(other), speech)


def test_synthesize_goes_on(tmp_path: Path) -> None:
    """Five vectors go with the samples, the others are spoken."""
    source = feature_file(tmp_path, VECTORS.tobytes())
    samples = np.random.default_rng(4).integers(-3000, 3000, 1000).astype(np.int16)
    write_samples(tmp_path / "before.wav", samples)
    options = ("--continue-from", tmp_path / "before.wav")
    assert run("synthesize", source, tmp_path / "out.wav", *options).exit_code == 0
    expected = vocoder().resume(VECTORS[None], samples[None, -320:])[0]
    assert len(expected) == 25 * 160
    np.testing.assert_array_equal(read_samples(tmp_path / "out.wav"), expected)


def test_synthesize_refuses(tmp_path: Path) -> None:
    """Names, lengths and contents; nothing is written."""
    source = feature_file(tmp_path, VECTORS[:5].tobytes())
    target = tmp_path / "out.wav"
    write_samples(tmp_path / "short.sw", np.zeros(319, np.int16))
    write_samples(tmp_path / "before.sw", np.zeros(320, np.int16))
    assert code(run("synthesize", source, tmp_path / "out.ogg")) == "output.form"
    assert code(run("synthesize", tmp_path / "none.f32", target)) == "input.unreadable"
    short, enough = (
        ("--continue-from", tmp_path / "short.sw"),
        ("--continue-from", tmp_path / "before.sw"),
    )
    assert code(run("synthesize", source, target, *short)) == "audio.short"
    assert code(run("synthesize", source, target, *enough)) == "features.shape"
    assert code(run("synthesize", source, tmp_path / "no" / "out.wav")) == "output.unwritable"
    assert not target.exists()


def test_synthesize_with_another_model(tmp_path: Path) -> None:
    """A model from a file: the vocoder's own gives the same, another network's is refused."""
    source, folder = (
        feature_file(tmp_path, VECTORS[:3].tobytes()),
        Path(model.__file__).parent / "data",
    )
    options = ("--model", folder / "fargan.bin")
    assert run("synthesize", source, tmp_path / "out.wav", *options).exit_code == 0
    expected = vocoder().utterance(VECTORS[None, :3])[0]
    np.testing.assert_array_equal(read_samples(tmp_path / "out.wav"), expected)
    wrong = ("--model", folder / "plc.bin")
    assert code(run("synthesize", source, tmp_path / "no.wav", *wrong)) == "model.layer"


def test_recover(tmp_path: Path) -> None:
    """What a packet's DRED holds: 18 chunks of 40 ms."""
    stream, target = STREAMS / "v12-dred-1040ms.bit", tmp_path / "out.wav"
    result = run("recover", stream, target, "--packet", "90")
    assert result.exit_code == 0
    assert "0.72 s of speech from 18 chunks of packet 90" in result.output
    speech = read_samples(target).astype(float)
    assert len(speech) == 18 * 640
    assert np.sqrt((speech**2).mean()) > 300


def test_recover_refuses(tmp_path: Path) -> None:
    """A packet without DRED, and one that is not there."""
    stream, target = STREAMS / "v12-loss-0.bit", tmp_path / "out.wav"
    assert code(run("recover", stream, target, "--packet", "30")) == "dred.absent"
    assert code(run("recover", stream, target, "--packet", "100000")) == "record.missing"
    assert code(run("recover", stream, tmp_path / "out.ogg", "--packet", "30")) == "output.form"
    assert not target.exists()
