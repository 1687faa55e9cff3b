"""The probe says what libopus does: consistent with itself, and with its programs."""

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.codec import (
    Decoder,
    Encoder,
    MultistreamEncoder,
    Settings,
)
from dredref.conformance.adapters.libopus.peer import Peer, PeerExtension
from dredref.spec.errors import InputError, UsageError
from tools.libopus import build
from tools.streams import speech

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def clip() -> npt.NDArray[np.int16]:
    """Two seconds of read speech."""
    return speech.read("librivox-3")[3200:35200]


@pytest.fixture(params=["peer_161", "peer_161_c", "peer_152", "peer_152_c"])
def peer(request: pytest.FixtureRequest) -> Peer:
    """Every build in turn."""
    found: Peer = request.getfixturevalue(request.param)
    return found


def encoded(peer: Peer, clip: npt.NDArray[np.int16]) -> list[bytes]:
    """The clip with DRED."""
    with Encoder(peer, Settings(bitrate=48_000)) as encoder:
        return [e.packet for e in encoder.encode_all(clip)]


def test_a_build_is_what_its_name_says(peer: Peer) -> None:
    assert peer.library.opus_get_version_string().decode() == f"libopus {peer.build.recipe.source}"
    assert peer.plain == peer.build.recipe.plain
    assert peer.version == (12 if peer.name.startswith("1.6") else 10)


def test_the_plain_builds_hold_no_vector_code(peer_161_c: Peer, peer_161: Peer) -> None:
    def vector_symbols(peer: Peer) -> list[str]:
        listed = subprocess.run(["nm", peer.build.library], capture_output=True, text=True).stdout
        return [line for line in listed.splitlines() if "_avx2" in line or "_sse" in line]

    assert not vector_symbols(peer_161_c)
    assert vector_symbols(peer_161)


def test_the_plain_builds_divide_in_tanh(peer_161_c: Peer) -> None:
    # Single precision throughout, in the order of the portable expression.
    f = np.float32
    for x in np.linspace(-4, 4, 101, dtype=np.float32):
        x2 = x * x
        top = f(f(f(0.60863042) * x2 + f(96.39235687)) * x2 + f(952.52801514))
        bottom = f(f(f(11.88600922) * x2 + f(413.36801147)) * x2 + f(952.72399902))
        expected = max(f(-1), min(f(1), f(top * x) / bottom))
        assert f(peer_161_c.library.probe_tanh(float(x))) == expected


def test_the_default_build_would_not_pass_for_the_plain_one(peer_161: Peer) -> None:
    recipe = builds.RECIPES["1.6.1"]
    with pytest.raises(InputError, match="plain path"):
        build.prove_plain(recipe, peer_161.build.source, peer_161.build.path)


def test_parsing_a_packet_is_decoding_its_payload(peer: Peer, clip: npt.NDArray[np.int16]) -> None:
    packets = encoded(peer, clip)
    parsed = peer.parse(packets)
    assert parsed.summary["found"].sum() > 90
    for data, whole in list(zip(packets, parsed, strict=True))[40:60]:
        cut = peer.packet(data)
        assert not isinstance(cut, int)
        assert cut.padding is not None
        start, size = cut.padding
        found, returned = peer.extensions(data[start : start + size], len(cut.frames))
        assert (returned, [e.id for e in found]) == (0, [126])
        assert found[0].data[:2] == bytes([ord("D"), peer.version])
        alone = peer.payloads([found[0].data[2:]])[0]
        assert alone.exact
        assert np.array_equal(alone.latents, whole.latents)
        assert np.array_equal(alone.state_values, whole.state_values)
        assert alone.tells[-1] <= 64 * (len(found[0].data) - 2)


def test_the_vector_holds_its_level(peer_161: Peer, clip: npt.NDArray[np.int16]) -> None:
    for dred in peer_161.parse(encoded(peer_161, clip)):
        if dred.found:
            assert np.array_equal(dred.latent_values[:, -1], dred.levels / 8 - 1)


def test_stages_agree_with_the_single_networks(peer: Peer, clip: npt.NDArray[np.int16]) -> None:
    stages = peer.stages(clip / 32768, 16_000, 1, 320)
    assert np.array_equal(peer.analysis(stages.pcm16).features, stages.features)
    latents, states = peer.rdovae_encode(stages.features[: 2 * len(stages.latents), :20])
    assert np.array_equal(latents, stages.latents)
    assert np.array_equal(states, stages.states)


def test_a_written_payload_is_read_again(peer: Peer, clip: npt.NDArray[np.int16]) -> None:
    stages = peer.stages(clip / 32768, 16_000, 1, 320)
    payload = peer.write_payload(
        *(stages.latents[::-1][:40], stages.states[::-1][:40]),
        **{"q0": 5, "dQ": 3, "qmax": 9, "max_chunks": 20, "max_bytes": 900, "dred_offset": -20},
    )
    dred = peer.payloads([payload])[0]
    assert (dred.q0, dred.dQ, dred.qmax, dred.dred_offset) == (5, 3, 9, -20)
    assert dred.nb_chunks > 10


def test_an_activity_of_none_moves_the_offset(peer: Peer, clip: npt.NDArray[np.int16]) -> None:
    stages = peer.stages(clip / 32768, 16_000, 1, 320)
    activity = np.ones(416, np.uint8)
    activity[:48] = 0
    payload = peer.write_payload(
        *(stages.latents[::-1][:40], stages.states[::-1][:40]),
        **{"q0": 5, "dQ": 3, "qmax": 9, "max_chunks": 20, "max_bytes": 900},
        activity=activity,
    )
    # A latent speaks for the 40 ms before it, so of six that start in silence the last ends in
    # activity.
    assert peer.payloads([payload])[0].dred_offset == 8 - 8 * 5


def test_features_in_a_batch_are_those_of_one(peer: Peer, clip: npt.NDArray[np.int16]) -> None:
    batch = peer.parse(encoded(peer, clip))
    together = peer.decode(batch)
    dred = batch[70]
    alone = peer.features(dred.state_values[None], dred.latent_values[None])[0]
    assert alone.shape == (4 * dred.nb_chunks, 20)
    assert np.array_equal(alone, together[70])


def run(peer: Peer, mode: str, source: Path, target: Path) -> None:
    """One of fargan_demo's modes."""
    command = [str(peer.build.program("fargan_demo")), mode, str(source), str(target)]
    subprocess.run(command, check=True)


def width(peer: Peer) -> int:
    """Values a vector in fargan_demo's files: 1.5 adds the linear prediction."""
    return 20 if peer.version == 12 else 36


def test_the_vocoder_is_that_of_fargan_demo(
    peer: Peer, clip: npt.NDArray[np.int16], tmp_path: Path
) -> None:
    analysed = peer.analysis(clip.astype(np.float32)).features
    features = analysed[:, :20]
    # 1.5 starts from the first five vectors; 1.6 from the first one five times, less 80 samples.
    start, skip = (5, 0) if peer.version == 10 else (1, 80)
    first = np.repeat(features[:start], 5 // start, axis=0)
    spoken = peer.fargan(features[start:], start_features=first)
    analysed[:, : width(peer)].astype("<f4").tofile(tmp_path / "f32")
    run(peer, "-fargan-synthesis", tmp_path / "f32", tmp_path / "pcm")
    theirs = np.fromfile(tmp_path / "pcm", "<i2")
    ours = np.floor(0.5 + np.clip(32768 * spoken.pcm, -32767, 32767)).astype(np.int16)[skip:]
    assert len(ours) > 30_000
    assert np.array_equal(ours, theirs[: len(ours)])


def test_features_are_those_of_fargan_demo(
    peer: Peer, clip: npt.NDArray[np.int16], tmp_path: Path
) -> None:
    clip.astype("<i2").tofile(tmp_path / "pcm")
    run(peer, "-features", tmp_path / "pcm", tmp_path / "f32")
    theirs = np.fromfile(tmp_path / "f32", "<f4").reshape(-1, width(peer))
    ours = peer.analysis(clip.astype(np.float32)).features[:, : width(peer)]
    assert np.array_equal(ours, theirs)


def test_the_decoder_ends_in_the_range_of_the_encoder(
    peer: Peer, clip: npt.NDArray[np.int16]
) -> None:
    settings = Settings(channels=2, rate=48_000, bitrate=64_000)
    audio = np.stack([np.repeat(clip, 3), np.repeat(clip, 3)], axis=1)[:48_000]
    with Encoder(peer, settings) as encoder, Decoder(peer, 48_000, 2) as decoder:
        for sent in encoder.encode_all(audio):
            assert decoder.decode(sent.packet).shape == (960, 2)
            assert decoder.final_range == sent.final_range


def test_a_loss_is_filled_from_the_next_packet(peer_161: Peer, clip: npt.NDArray[np.int16]) -> None:
    packets = encoded(peer_161, clip)
    with Decoder(peer_161) as decoder, Decoder(peer_161) as whole:
        for data in packets[:50]:
            decoder.decode(data)
        for data in packets[:60]:
            lossless = whole.decode(data)
        available, end = decoder.dred_parse(packets[60], 16_000)
        assert end == 0
        assert available > 320 * 11
        for back in range(10, 0, -1):
            filled = decoder.dred_decode(320 * back, 320)
        plc = np.abs(filled).max()
        assert plc > np.abs(lossless).max() / 8


def test_multistream_packets_are_made(peer_161: Peer, clip: npt.NDArray[np.int16]) -> None:
    settings = Settings(rate=48_000, channels=3, application="audio", bitrate=120_000)
    audio = np.stack([np.repeat(clip, 3)] * 3, axis=1)[:9600]
    with MultistreamEncoder(peer_161, settings) as encoder:
        assert (encoder.streams, encoder.coupled) == (2, 1)
        assert len(encoder.encode_all(audio)) == 10


def test_refusals_carry_the_words_of_libopus(peer_161: Peer) -> None:
    with pytest.raises(UsageError, match="invalid argument"):
        Encoder(peer_161, Settings(rate=44_100))
    with pytest.raises(UsageError, match="invalid argument"):
        Encoder(peer_161, Settings(loss=101))
    with pytest.raises(UsageError, match="corrupted stream"):
        Decoder(peer_161).decode(b"\x03")


def test_areas_written_by_libopus_are_read_by_it(peer_161: Peer) -> None:
    wanted = [PeerExtension(126, f, bytes([f]) * f, 0) for f in range(4)]
    area = peer_161.write_area(wanted, 4, size=40)
    assert isinstance(area, bytes)
    assert len(area) == 40
    found, returned = peer_161.extensions(area, 4)
    assert returned == 0
    assert [(e.id, e.frame, e.data) for e in found] == [(e.id, e.frame, e.data) for e in wanted]
    assert peer_161.write_area([PeerExtension(2, 0, b"", 0)], 1) == -1


def test_a_batch_of_areas_gives_what_each_gives(peer: Peer) -> None:
    areas = [b"", b"\x06", b"\x04", b"\xfd\x02ab", b"\x06\x02\x07a", b"\xfc" + bytes(3000), b"\x03"]
    rows, counts, returns = peer.extensions_batch(areas, [2] * len(areas))
    end = 0
    for area, count, code in zip(areas, counts, returns, strict=True):
        found, returned = peer.extensions(area, 2)
        start, end = end, end + int(count)
        assert returned == code
        assert [(e.id, e.frame, e.offset, len(e.data)) for e in found] == [
            tuple(row) for row in rows[start:end].tolist()
        ]


def test_timing_counts_what_it_parsed(peer_161: Peer, clip: npt.NDArray[np.int16]) -> None:
    packets = encoded(peer_161, clip)
    timing = peer_161.time_parse(packets, repeats=3)
    assert 0 < timing.cpu <= timing.seconds * 1.01
    assert timing.chunks == peer_161.parse(packets).summary["nb_chunks"].sum()


def test_a_program_is_compiled_once_for_each_build(peer_161: Peer, tmp_path: Path) -> None:
    unit = tmp_path / "hello.c"
    unit.write_text(
        '#include <stdio.h>\n#include "opus.h"\nint main(void) { puts(opus_get_version_string()); }'
    )
    program = builds.compile_program("hello", [unit], peer_161.build)
    try:
        assert subprocess.run([program], capture_output=True).stdout == b"libopus 1.6.1\n"
        made = program.stat().st_mtime_ns
        assert builds.compile_program("hello", [unit], peer_161.build) == program
        assert program.stat().st_mtime_ns == made
    finally:
        program.unlink()
    unit.write_text("int main(void) { nonsense }")
    with pytest.raises(InputError, match="nonsense"):
        builds.compile_program("hello", [unit], peer_161.build)
