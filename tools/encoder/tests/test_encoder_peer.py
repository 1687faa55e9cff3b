"""The bars of the reference encoder, measured against libopus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dredref.analysis.spectrum import PCM_Q
from dredref.conformance.adapters.libopus.codec import Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.encode import DredRequest, EncodeRequest
from dredref.inject import InjectRequest, inject_file, strip_file
from dredref.payload.writer import Levels
from dredref.spec.tables import VERSIONS
from tools.encoder import streams
from tools.encoder.late import FOLDER, NAME, make
from tools.encoder.material import CLIPS, clip, interrupted
from tools.encoder.streams import (
    FRAMES_MS,
    RATES,
    alignment_of_libopus,
    alignment_of_ours,
    decodes_differently,
    encode_clip,
    packets_of,
    read_differently,
)
from tools.encoder.symbols import (
    LEAD,
    Counts,
    coded,
    fidelity,
    ours,
    ours_at,
    symbols_apart,
    theirs,
    theirs_at,
)

pytestmark = pytest.mark.peer

LIKE_LIBOPUS = Levels(6, 5, 15)
"""What libopus uses from 28 kb/s on, and the default here."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CLIPS)
def test_encoder_is_libopus_s(name: str, version: int, peer_161_c: Peer, peer_152_c: Peer) -> None:
    """Features, latents, states and integers of libopus' portable path, from the same audio."""
    reference, mine = theirs(name, {12: peer_161_c, 10: peer_152_c}[version]), ours(name, version)
    for what in ("features", "latents", "states"):
        np.testing.assert_array_equal(getattr(mine, what), getattr(reference, what))
    for levels in (LIKE_LIBOPUS, Levels(0, 2, 15), Levels(9, 5, 15), Levels(15, 0, 15)):
        counts = symbols_apart(reference, mine, levels, version=version)
        assert counts.total > 10_000
        assert (counts.by_one, counts.further) == (0, 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_stages_of_libopus_s_dred_encoder(version: int, peer_161_c: Peer, peer_152_c: Peer) -> None:
    """From audio at 16 kHz with silences, which 1.6.1 lifts by 1e-30 and 1.5.2 does not."""
    peer = {12: peer_161_c, 10: peer_152_c}[version]
    pcm = interrupted()[:64_000]
    stages = peer.stages(pcm / np.float32(32768), 16_000, 1, 320)
    given = np.concatenate([np.zeros(LEAD, np.int64), pcm])[: len(pcm)]
    mine = coded(given[None] << PCM_Q, version)
    np.testing.assert_array_equal(mine.features, stages.features[:, :20])
    np.testing.assert_array_equal(mine.latents, stages.latents)
    np.testing.assert_array_equal(mine.states, stages.states)


def test_default_build_is_farther_off(peer_161: Peer, peer_161_c: Peer) -> None:
    """The measure finds differences: libopus' vector code against its portable path."""
    counts = symbols_apart(
        theirs("librivox-1", peer_161_c), theirs("librivox-1", peer_161), LIKE_LIBOPUS
    )
    assert 0.9 < counts.share_equal < 0.999
    assert counts.further > 0


def test_converted_input_comes_near(peer_161_c: Peer) -> None:
    """Where each converts the audio by itself, integers agree as those of two builds do."""
    counts = Counts()
    for name in CLIPS:
        reference = theirs_at(name, 48_000, peer_161_c)
        counts += symbols_apart(reference, ours_at(name, 48_000), LIKE_LIBOPUS)
    assert counts.share_equal > 0.97
    assert counts.share_further < 0.001


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize(
    ("levels", "chunks", "version"),
    [(LIKE_LIBOPUS, 20, 12), (Levels(2, 2, 12), 8, 12), (LIKE_LIBOPUS, 20, 10)],
)
def test_payloads_decode_to_what_libopus_s_do(
    name: str, levels: Levels, chunks: int, version: int, peer_161_c: Peer, peer_152_c: Peer
) -> None:
    """The same bits and, decoded by libopus, the same error."""
    peer = {12: peer_161_c, 10: peer_152_c}[version]
    found = fidelity(name, peer, levels, chunks, version)
    assert found.ours_bits == found.theirs_bits
    assert found.ours_total == found.theirs_total


@pytest.mark.parametrize(
    "request_",
    [
        EncodeRequest(),
        EncodeRequest(bitrate=64_000, frame_ms=10, application="audio"),
        EncodeRequest(frame_ms=60, cbr=True, dred=DredRequest(q0=3, dQ=7, qmax=9)),
        EncodeRequest(frame_ms=120, dred=DredRequest(q0=15, max_bytes=60)),
        EncodeRequest(frame_ms=5, application="lowdelay", dred=DredRequest(q0=9, reach_ms=200)),
    ],
)
def test_libopus_reads_what_encode_and_inject_write(
    request_: EncodeRequest, tmp_path: Path, peer_161: Peer
) -> None:
    speech = clip("librivox-3")[:40_000]
    path = encode_clip(tmp_path, speech, 16_000, request_)
    packets = packets_of(path)
    assert list(read_differently(packets, peer_161)) == []
    assert decodes_differently(packets, peer_161) == []
    strip_file(path, tmp_path / "plain.opus")
    request = InjectRequest(dred=DredRequest(q0=5, dQ=2, qmax=11))
    inject_file(tmp_path / "plain.opus", tmp_path / "in.wav", tmp_path / "again.opus", request)
    injected = packets_of(tmp_path / "again.opus")
    assert list(read_differently(injected, peer_161)) == []
    assert decodes_differently(injected, peer_161) == []
    assert sum(dred.found for dred in peer_161.parse(injected)) > 0.8 * len(injected)


def test_version_10_is_read_by_libopus_1_5(tmp_path: Path, peer_152: Peer) -> None:
    request = EncodeRequest(dred=DredRequest(q0=6, version=10))
    path = encode_clip(tmp_path, clip("espeak-1")[:32_000], 16_000, request)
    packets = packets_of(path)
    assert list(read_differently(packets, peer_152)) == []
    assert decodes_differently(packets, peer_152) == []


CROSS = [(rate, 20.0) for rate in RATES] + [(16_000, ms) for ms in FRAMES_MS if ms not in (2.5, 20)]
"""Every rate and every frame size once; ``tools.compare_encoder`` takes all pairs."""


@pytest.mark.parametrize(("rate", "frame_ms"), CROSS)
def test_speech_stands_where_it_was(rate: int, frame_ms: float, tmp_path: Path) -> None:
    """After silences of 20 ms to 1 s."""
    summary = alignment_of_ours(tmp_path, interrupted(), rate, frame_ms)
    assert summary.off == ()
    assert summary.judged > 0.5 * (summary.judged + summary.unjudged)
    assert summary.median_ms is not None
    assert abs(summary.median_ms) <= 2.5


@pytest.mark.parametrize(("silence_ms", "late_ms"), [(100, 80), (240, 220), (400, 380)])
def test_libopus_stamps_the_first_packet_after_silence_late(
    silence_ms: int, late_ms: int, peer_161: Peer
) -> None:
    """The known fault of libopus 1.6.1, found by the same measure."""
    settings = Settings(bitrate=64_000, dred=100)
    summary = alignment_of_libopus(peer_161, interrupted((silence_ms,)), settings)
    assert len(summary.off) == 1
    assert summary.off[0].error_ms == pytest.approx(late_ms, abs=5)
    assert summary.median_ms == pytest.approx(0, abs=2.5)


def test_the_committed_stream_is_what_libopus_makes(tmp_path: Path, peer_161_c: Peer) -> None:
    make(tmp_path)
    stream = f"{NAME}.bit"
    assert (tmp_path / stream).read_bytes() == (FOLDER / stream).read_bytes()


def test_the_checks_themselves_find_flaws(
    tmp_path: Path, peer_161: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading that is off by one packet, and a packet whose frame changes with its DRED."""
    packets = packets_of(encode_clip(tmp_path, clip("espeak-2")[:32_000], 16_000, EncodeRequest()))
    right = streams.dred_of(packets)
    monkeypatch.setattr(streams, "dred_of", lambda _: [right[0], *right[:-1]])
    found = {one.what for one in read_differently(packets, peer_161)}
    assert {"state", "latents"} <= found
    monkeypatch.setattr(streams, "strip_dred", lambda data: packets[7])
    assert len(decodes_differently(packets, peer_161)) > len(packets) / 2
