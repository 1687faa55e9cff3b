"""``dredref diff``: what it finds, what it refuses, what it prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from dredref.cli.inspect import inspect
from dredref.conformance.cli.diff import diff
from dredref.payload.insert import strip_dred
from dredref.spec.errors import DredError
from dredref.spec.packet import parse_packet
from dredref.streams import Record, create_stream, open_stream

STREAMS = Path(__file__).parents[3] / "spec" / "streams"
STREAM = str(STREAMS / "v12-dred-200ms.bit")
DRAW = np.random.default_rng(2)
ROWS = DRAW.normal(0, 1, (60, 20)).astype("<f4")
SPEECH = np.rint(5000 * np.sin(np.arange(16000) ** 1.1 / 9)).astype("<i2")


def run(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(diff, [str(one) for one in arguments])


def found(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON."""
    done = run(*arguments, "--json")
    assert done.exit_code in (0, 1), done.output
    return done.exit_code, json.loads(done.output)


def refused(*arguments: str | Path) -> str:
    """The code of the error."""
    error = run(*arguments).exception
    assert isinstance(error, DredError), error
    return error.code


def put(path: Path, rows: Any) -> Path:
    """A file of raw numbers."""
    path.write_bytes(rows.tobytes())
    return path


def test_equal_features(tmp_path: Path) -> None:
    path = put(tmp_path / "a.f32", ROWS)
    code, result = found("features", path, path)
    assert code == 0
    assert result["within"] is True
    assert result["first_difference"] is None
    assert result["counts"] == {"vectors": 60, "differ": 0}
    assert "equal" in run("features", path, path).output


def test_features_first_and_worst(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[20, 3] += np.float32(0.125)
    rows[40, 5] -= np.float32(9)
    a, b = put(tmp_path / "a.f32", ROWS), put(tmp_path / "b.f32", rows)
    code, result = found("features", a, b)
    assert code == 1
    first, over, worst = result["first_difference"], result["first_over"], result["worst"]
    assert (first["frame"], first["index"]) == (20, 3)
    assert (over["frame"], over["index"]) == (40, 5)
    assert [one["frame"] for one in worst] == [40, 20]
    code, _ = found("features", a, b, "--thresholds", "5", "5", "5")
    assert code == 0
    assert "(cepstrum 5)" in run("features", a, b).output


def test_features_in_every_form(tmp_path: Path) -> None:
    raw = put(tmp_path / "a.f32", ROWS)
    np.save(tmp_path / "a.npy", ROWS)
    np.savez(tmp_path / "a.npz", features=ROWS, index=np.arange(60))
    for other in ("a.npy", "a.npz"):
        assert found("features", raw, tmp_path / other)[0] == 0


def test_lengths_count(tmp_path: Path) -> None:
    a, b = put(tmp_path / "a.f32", ROWS), put(tmp_path / "b.f32", ROWS[:-1])
    code, result = found("features", a, b)
    assert code == 1
    assert result["first_difference"]["stage"] == "features count"
    x, y = put(tmp_path / "x.sw", SPEECH), put(tmp_path / "y.sw", SPEECH[:-5])
    code, result = found("audio", x, y)
    assert code == 1
    assert result["first_over"]["stage"] == "samples count"


def test_unusable_features(tmp_path: Path) -> None:
    good = put(tmp_path / "a.f32", ROWS)
    (tmp_path / "b.f32").write_bytes(ROWS.tobytes()[:-1])
    (tmp_path / "c.npz").write_bytes(b"PK")
    np.savez(tmp_path / "d.npz", other=ROWS)
    np.save(tmp_path / "e.npy", ROWS[:, :19])
    (tmp_path / "f.f32").write_bytes(b"")
    for name in ("b.f32", "c.npz", "d.npz", "e.npy", "f.f32"):
        assert refused("features", good, tmp_path / name) == "features.form", name
    assert refused("features", good, tmp_path / "none") == "input.unreadable"


def test_audio_forms_and_rates(tmp_path: Path) -> None:
    bare = put(tmp_path / "a.sw", SPEECH)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, SPEECH, 16000, subtype="PCM_16")
        code, result = found("audio", bare, tmp_path / name)
        assert code == 0
        assert result["first_difference"] is None
    soundfile.write(tmp_path / "fast.wav", SPEECH, 48000)
    assert refused("audio", bare, tmp_path / "fast.wav") == "audio.rate"
    assert refused("audio", bare, bare, "--rate", "8000") == "audio.rate"
    soundfile.write(tmp_path / "two.wav", np.stack([SPEECH, SPEECH // 2], axis=1), 16000)
    assert refused("audio", bare, tmp_path / "two.wav") == "audio.channel"
    assert refused("audio", bare, tmp_path / "two.wav", "--channel", "2") == "audio.channel"
    assert refused("audio", bare, tmp_path / "none.wav") == "input.unreadable"
    assert refused("audio", put(tmp_path / "s.sw", SPEECH[:639]), bare) == "audio.short"
    (tmp_path / "h.sw").write_bytes(SPEECH.tobytes()[:-1])
    assert refused("audio", bare, tmp_path / "h.sw") == "audio.form"


def test_audio_places(tmp_path: Path) -> None:
    other = SPEECH.copy()
    other[8000:8160] = DRAW.integers(-9000, 9000, 160)
    a, b = put(tmp_path / "a.sw", SPEECH), put(tmp_path / "b.sw", other)
    code, result = found("audio", a, b)
    assert code == 1
    assert result["first_difference"]["index"] == 8000
    assert 40 <= result["first_over"]["frame"] <= 50
    assert 46 <= result["worst"][0]["frame"] <= 53


def records(path: Path) -> list[dict[str, Any]]:
    """The output of ``inspect --json``."""
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def inspected(tmp_path: Path) -> Path:
    """The stream as ``inspect --json`` shows it."""
    path = tmp_path / "inspected.jsonl"
    path.write_text(CliRunner().invoke(inspect, [STREAM, "--json"]).output)
    return path


def write(path: Path, found_: Sequence[dict[str, Any]]) -> Path:
    """Records as JSON lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in found_))
    return path


def test_packets_of_stream_and_its_inspection(inspected: Path) -> None:
    assert found("packets", STREAM, STREAM)[0] == 0
    code, result = found("packets", STREAM, inspected)
    assert code == 0
    assert result["counts"]["differ"] == 0
    assert result["counts"]["records"] > 20


def test_packets_find_one_changed_latent(inspected: Path, tmp_path: Path) -> None:
    changed = records(inspected)
    index = max(n for n, one in enumerate(changed) if one["dred"])
    chunk = len(changed[index]["dred"]["chunks"]) - 1
    changed[index]["dred"]["chunks"][chunk]["latents"][2] += 1
    code, result = found("packets", inspected, write(tmp_path / "b.jsonl", changed))
    assert code == 1
    first = result["first_difference"]
    assert first["stage"] == f"dred.chunks.latents[{chunk}]"
    assert (first["frame"], first["index"]) == (index, 2)
    assert result["counts"]["differ"] == 1


def test_packets_missing_and_unreadable(inspected: Path, tmp_path: Path) -> None:
    short = write(tmp_path / "b.jsonl", records(inspected)[:-3])
    code, result = found("packets", inspected, short)
    assert code == 1
    assert result["first_difference"]["stage"] == "records"
    (tmp_path / "c.jsonl").write_text(inspected.read_text() + "{\n")
    assert refused("packets", inspected, tmp_path / "c.jsonl") == "input.json"
    assert refused("packets", tmp_path / "none", inspected) == "input.unreadable"


OTHER = STREAMS / "v12-dred-40ms.bit"
SOURCE = STREAMS / "v12-dred-200ms.bit"
"""Streams of two sources, of equal frames."""


def packets_of(path: Path) -> list[bytes]:
    with open_stream(path) as stream:
        return [record.packet for record in stream if record.packet is not None]


def forwarded(path: Path, packets: Iterable[bytes]) -> Path:
    """A stream of packets."""
    with create_stream(path) as writer:
        for index, packet in enumerate(packets):
            writer.write(Record(index, packet))
    return path


def test_frames_count_and_are_told(tmp_path: Path) -> None:
    given = packets_of(SOURCE)[:40]
    changed = bytearray(given[20])
    parsed = parse_packet(given[20])
    changed[parsed.frames[0].offset] ^= 1
    path = forwarded(tmp_path / "a.bit", [*given[:20], bytes(changed), *given[21:]])
    reference = forwarded(tmp_path / "r.bit", given)
    code, result = found("packets", reference, path)
    assert code == 1
    assert result["counts"] == {"records": 40, "equal": 39, "differ": 1, "missing": 0, "surplus": 0}
    assert result["first_difference"]["stage"].startswith("frames")
    notes = " ".join(result["notes"])
    assert "the frames are the same in 39 of 40 packets that are in both" in notes
    assert "the packet's own audio is another (1 packets)" in notes


def test_packets_without_their_dred_are_paired_by_frames(tmp_path: Path) -> None:
    given = packets_of(SOURCE)[:60]
    kept = [strip_dred(one) for index, one in enumerate(given) if index % 7 != 3]
    path = forwarded(tmp_path / "a.bit", kept)
    code, result = found("packets", forwarded(tmp_path / "r.bit", given), path)
    assert code == 1
    assert result["counts"]["missing"] == len(given) - len(kept)
    assert result["counts"]["surplus"] == 0
    assert f"the frames are the same in {len(kept)} of {len(kept)}" in " ".join(result["notes"])


def test_reach_over_a_change_of_source_is_told(tmp_path: Path) -> None:
    one, other = packets_of(SOURCE)[:90], packets_of(OTHER)[:90]
    reference = forwarded(tmp_path / "r.bit", one)
    spliced = forwarded(tmp_path / "s.bit", [*one[:30], *other[30:60], *one[60:]])
    notes = " ".join(found("packets", reference, spliced)[1]["notes"])
    assert "DRED reaches over a change of source in" in notes
    assert "(2 changes)" in notes
    clean = [*one[:30], *map(strip_dred, other[30:60]), *map(strip_dred, one[60:75]), *one[75:]]
    notes = " ".join(found("packets", reference, forwarded(tmp_path / "c.bit", clean))[1]["notes"])
    assert "no DRED reaches over a change of source (2 changes)" in notes
    lossy = forwarded(tmp_path / "l.bit", [*one[:30], *one[50:]])
    assert "change of source" not in " ".join(found("packets", reference, lossy)[1]["notes"])


def test_reports(tmp_path: Path) -> None:
    a, b = put(tmp_path / "a.sw", SPEECH), put(tmp_path / "b.sw", SPEECH // 2)
    for kind, one, other, wanted in (
        ("audio", a, b, "Candidate, spectrogram"),
        ("features", put(tmp_path / "a.f32", ROWS), put(tmp_path / "b.f32", -ROWS), "Difference"),
        ("packets", STREAM, STREAMS / "v12-cbr.bit", "First difference"),
    ):
        folder = tmp_path / kind
        done = run(kind, one, other, "--report", folder)
        assert done.exit_code == 1, done.output
        page = (folder / "diff.html").read_text()
        assert wanted in page
        assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", page)


def test_packets_are_aligned_by_content(inspected: Path, tmp_path: Path) -> None:
    """What a forwarder leaves out is missing, and the rest is equal, whatever its number."""
    whole = records(inspected)
    late = write(tmp_path / "late.jsonl", whole[7:])
    code, result = found("packets", inspected, late)
    assert code == 1
    assert result["counts"] == {
        "records": len(whole),
        "equal": len(whole) - 7,
        "differ": 0,
        "missing": 7,
        "surplus": 0,
    }
    holes = write(tmp_path / "holes.jsonl", [*whole[:5], *whole[6:12], *whole[14:]])
    counts = found("packets", inspected, holes)[1]["counts"]
    assert (counts["missing"], counts["differ"], counts["surplus"]) == (3, 0, 0)
    counts = found("packets", holes, inspected)[1]["counts"]
    assert (counts["missing"], counts["surplus"]) == (0, 3)


def test_a_changed_latent_is_told_in_words(inspected: Path, tmp_path: Path) -> None:
    changed = records(inspected)
    place = next(i for i, one in enumerate(changed) if one["dred"] and one["dred"]["chunks"])
    changed[place]["dred"]["chunks"][0]["latents"][0] += 1
    _, result = found("packets", inspected, write(tmp_path / "b.jsonl", changed))
    assert result["counts"]["differ"] == 1
    assert any("recovered speech changes from 0 ms" in note for note in result["notes"])
    assert any(note.startswith("DRED survives in") for note in result["notes"])
