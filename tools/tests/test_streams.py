"""The committed streams and speech are what their manifests say, and can be made again."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.spec.errors import InputError
from dredref.spec.packet import parse_packet
from dredref.streams import open_stream
from tools.libopus import sources
from tools.streams import make, speech
from tools.streams.cases import cases
from tools.streams.make import FOLDER
from tools.streams.resample import filters, resample

MANIFEST = make.manifest()


def test_every_case_is_committed_and_nothing_else() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {make.MANIFEST}
    assert files == set(MANIFEST) == {make.file_name(case) for case in cases()}


def test_all_streams_together_are_below_a_mebibyte() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1 << 20


def test_streams_have_the_digests_of_the_manifest() -> None:
    for name, entry in MANIFEST.items():
        assert sources.sha256(FOLDER / name) == entry["sha256"], name
        assert (FOLDER / name).stat().st_size == entry["bytes"], name


def test_every_asked_variety_is_there() -> None:
    options = [entry["options"] for entry in MANIFEST.values()]
    assert {o["frame_ms"] for o in options} == {2.5, 5, 10, 20, 40, 60, 80, 100, 120}
    assert {o["rate"] for o in options} == {8000, 12_000, 16_000, 24_000, 48_000}
    assert {o["channels"] for o in options} == {1, 2, 3}
    assert {o["vbr"] for o in options} == {o["dtx"] for o in options} == {True, False}
    assert {4, 104} <= {o["dred"] for o in options}
    assert {e["codec"]["dred_version"] for e in MANIFEST.values()} == {10, 12}
    containers = [e["container"] for e in MANIFEST.values()]
    assert {"bit", "ogg", "webm", "pcap"} == set(containers)


@pytest.mark.parametrize("name", MANIFEST)
def test_readers_find_the_packets_of_the_manifest(name: str) -> None:
    entry = MANIFEST[name]
    with open_stream(FOLDER / name) as stream:
        records = list(stream)
    parts = 2 if "multistream" in name else 1
    arrived = [record for record in records if record.packet is not None]
    assert len(arrived) == parts * entry["expected"]["packets"]
    duration = Fraction(entry["options"]["frame_ms"]) * 48
    silent = entry["options"]["dtx"]
    for record in arrived:
        assert record.packet is not None
        if silent and len(record.packet) < 3:
            continue
        assert parse_packet(record.packet).duration_48k == duration


def test_lost_and_late_packets_are_where_the_manifest_says() -> None:
    entry = MANIFEST["v12-loss.bit"]
    with open_stream(FOLDER / "v12-loss.bit") as stream:
        lost = [record.index for record in stream if record.packet is None]
    assert lost == entry["lost"]
    with open_stream(FOLDER / "v12-rtp.pcap") as stream:
        for _ in stream:
            pass
        assert sum(stream.notice_counts.values()) >= 2


@pytest.mark.peer
@pytest.mark.parametrize("name", [n for n in MANIFEST if "multistream" not in n])
def test_libopus_finds_the_dred_of_the_manifest(
    name: str, peer_161_c: Peer, peer_152_c: Peer
) -> None:
    entry = MANIFEST[name]
    peer = peer_161_c if entry["codec"]["dred_version"] == 12 else peer_152_c
    with open_stream(FOLDER / name) as stream:
        packets = [record.packet for record in stream if record.packet is not None]
    batch = peer.parse(packets)
    dred = batch.summary[batch.summary["found"] == 1]
    expected = entry["expected"]
    assert len(dred) == expected["packets_with_dred"]
    assert dred["nb_chunks"].sum() == expected["chunks"]
    if len(dred):
        assert dred["dred_offset"].min() == expected["lowest_dred_offset"]


@pytest.mark.peer
def test_streams_are_made_again_byte_by_byte(peer_161_c: Peer, peer_152_c: Peer) -> None:
    names = ["v12-cbr-60ms", "v10-dtx", "v12-loss", "v12-rtp"]
    done = CliRunner().invoke(make.main, ["--check", *names])
    assert done.output == "4 streams are the same\n"
    assert done.exit_code == 0


@pytest.mark.peer
@pytest.mark.parametrize("name", ["v12-ogg", "v12-webm"])
def test_muxed_streams_hold_the_same_packets_again(name: str, peer_161_c: Peer) -> None:
    # Not the same bytes: those are the multiplexer's, and change with its version.
    case = next(case for case in cases() if case.name == name)
    with open_stream(FOLDER / make.file_name(case)) as stream:
        packets = [record.packet for record in stream]
        assert stream.info.pre_skip == 312
    assert packets == [sent.data for sent in make.encode(case, peer_161_c).packets]


@pytest.mark.peer
def test_a_changed_stream_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, peer_161_c: Peer
) -> None:
    text = (FOLDER / make.MANIFEST).read_text()
    digest = MANIFEST["v12-cbr.bit"]["sha256"]
    (tmp_path / make.MANIFEST).write_text(text.replace(digest, digest[::-1]))
    known = make.manifest(tmp_path)
    monkeypatch.setattr(make, "manifest", lambda: known)
    done = CliRunner().invoke(make.main, ["--check", "v12-cbr"])
    assert (done.exit_code, done.output) == (1, "v12-cbr.bit\n")


PROVENANCE: dict[str, Any] = json.loads((speech.FOLDER / "PROVENANCE.json").read_text())


@pytest.mark.parametrize("name", speech.CLIPS)
def test_clips_have_the_samples_of_their_provenance(name: str) -> None:
    samples = speech.read(name)
    assert len(samples) == PROVENANCE[name]["samples"]
    assert speech.digest(samples) == PROVENANCE[name]["samples_sha256"]
    assert "public domain" in PROVENANCE[name]["licence"]
    assert np.abs(samples.astype(int)).max() > 5000


def test_clips_are_below_400_kib_and_an_unknown_one_is_an_error() -> None:
    assert sum(path.stat().st_size for path in speech.FOLDER.iterdir()) < 400 << 10
    with pytest.raises(InputError, match="no clip"):
        speech.read("nobody")


@pytest.mark.parametrize("target", [8000, 12_000, 24_000, 48_000])
def test_resampling_keeps_a_tone(target: int) -> None:
    time = np.arange(16_000) / 16_000
    tone = np.round(10_000 * np.sin(2 * np.pi * 1000 * time)).astype(np.int16)
    changed = resample(tone, 16_000, target)
    assert len(changed) == target
    expected = 10_000 * np.sin(2 * np.pi * 1000 * np.arange(target) / target)
    middle = slice(200, -200)
    assert np.abs(changed[middle] - expected[middle]).max() < 30


def test_resampling_removes_what_the_new_rate_cannot_hold() -> None:
    time = np.arange(16_000) / 16_000
    tone = np.round(10_000 * np.sin(2 * np.pi * 6000 * time)).astype(np.int16)
    assert np.abs(resample(tone, 16_000, 8000)[200:-200].astype(int)).max() < 50
    assert resample(tone, 16_000, 16_000) is tone


def test_filters_pass_the_mean() -> None:
    assert np.abs(filters(Fraction(3, 2)).sum(axis=1) - 32768).max() <= 16
