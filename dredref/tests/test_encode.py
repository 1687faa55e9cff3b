"""Streams with DRED: what is written, what stays, and that it appears whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from dredref.audio import open_audio
from dredref.conformance.main import cli
from dredref.dtx import dtx_packet, is_dtx
from dredref.encode import DredRequest, EncodeRequest, encode_file
from dredref.inject import InjectRequest, inject_file, strip_file
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.insert import ParsedPacket
from dredref.payload.placement import Slot
from dredref.payload.writer import Levels
from dredref.resample import to_input
from dredref.spec.dred import parse_payload
from dredref.spec.errors import InputError, UsageError
from dredref.spec.packet import Frame, Packet, Toc, build_packet, parse_packet
from dredref.spec.reading import read_packet
from dredref.streams import Record, open_stream

AUDIO = Path(__file__).parents[2] / "vectors" / "audio"
SPEECH = AUDIO / "espeak-1.flac"


def speech(frames: int = 32_000) -> np.ndarray:
    pcm, _ = soundfile.read(SPEECH, dtype="int16", frames=frames)
    result: np.ndarray = pcm
    return result


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """Two seconds of speech."""
    path = tmp_path / "in.wav"
    soundfile.write(path, speech(), 16_000, subtype="PCM_16")
    return path


def records(path: Path) -> list[Record]:
    with open_stream(path) as stream:
        return list(stream)


SLOTS = [Slot(960 * index, 960) for index in range(100)]


def whole(settings: DredSettings | None = None) -> list[bytes | None]:
    encoder = DredEncoder(16_000, settings=settings)
    encoder.feed_q8(to_input(speech()))
    encoder.end()
    return encoder.payloads(SLOTS)


def test_cutting_audio_and_packets_changes_nothing() -> None:
    expected = whole()
    encoder = DredEncoder(16_000)
    samples, fed = to_input(speech()), 0
    got: list[bytes | None] = []
    for index, slot in enumerate(SLOTS):
        while fed < (slot.timestamp + slot.duration) // 3:
            encoder.feed_q8(samples[fed : fed + 777])
            fed += 777
        if index % 7 == 6:
            got += encoder.payloads(SLOTS[len(got) : index + 1])
    encoder.end()
    assert got + encoder.payloads(SLOTS[len(got) :]) == expected


def test_audio_must_come_before_its_packet() -> None:
    encoder = DredEncoder(16_000)
    encoder.feed_q8(to_input(speech(16_000)))
    with pytest.raises(UsageError) as caught:
        encoder.payloads(SLOTS)
    assert caught.value.code == "encode.audio"
    encoder.end()
    with pytest.raises(UsageError) as caught:
        encoder.feed_q8(to_input(speech(100)))
    assert caught.value.code == "encode.ended"


def test_given_activity_decides() -> None:
    settings = DredSettings(Levels(6, 5, 15), chunks=10)
    for active in (False, True):
        encoder = DredEncoder(16_000, settings=settings, activity=np.full(800, active))
        encoder.feed_q8(to_input(speech()))
        encoder.end()
        payloads = encoder.payloads(SLOTS)
        assert all((payload is not None) == active for payload in payloads[5:])


def test_limits_are_kept() -> None:
    for max_bytes, chunks in ((40, 26), (400, 3)):
        payloads = whole(DredSettings(Levels(3, 2, 9), chunks=chunks, max_bytes=max_bytes))
        read = [payload for payload in payloads if payload is not None]
        assert max(map(len, read)) <= max_bytes
    assert max(len(parse_payload(payload, 12).chunks) for payload in read) == 3


@pytest.mark.parametrize("suffix", ["opus", "bit", "jsonl", "webm", "pcap"])
def test_encode_to_every_kind_of_stream(suffix: str, wav: Path, tmp_path: Path) -> None:
    target = tmp_path / f"out.{suffix}"
    result = encode_file(wav, target, EncodeRequest())
    found = records(target)
    assert len(found) == result.packets
    readings = [read_packet(record.packet or b"") for record in found]
    assert all(reading.errors == () for reading in readings)
    assert sum(reading.dred is not None for reading in readings) == result.with_dred > 80
    assert 0.75 * 32_000 < result.bitrate < 1.25 * 32_000


def test_ogg_plays_exactly_the_input(wav: Path, tmp_path: Path) -> None:
    """Pre-skip, end trimming and count of packets: as many samples come out as went in."""
    av = pytest.importorskip("av")
    for frames in (31_000, 32_000):
        soundfile.write(wav, speech(frames), 16_000, subtype="PCM_16")
        encode_file(wav, tmp_path / "out.opus", EncodeRequest(frame_ms=60))
        with av.open(str(tmp_path / "out.opus")) as container:
            total = sum(frame.samples for frame in container.decode(audio=0))
        assert total == frames * 3


def test_strip_gives_the_packets_of_the_codec_back(wav: Path, tmp_path: Path) -> None:
    plain, with_dred = tmp_path / "plain.opus", tmp_path / "dred.opus"
    request = EncodeRequest(bitrate=40_000)
    result = encode_file(wav, with_dred, request)
    opus_only = EncodeRequest(
        bitrate=request.bitrate - result.plan.bits * 50, dred=DredRequest(reach_ms=0)
    )
    encode_file(wav, plain, opus_only)
    stripped = strip_file(with_dred, tmp_path / "stripped.opus")
    assert stripped.had_dred == result.with_dred
    assert (tmp_path / "stripped.opus").read_bytes() == plain.read_bytes()


def test_inject_gives_what_encode_gave(wav: Path, tmp_path: Path) -> None:
    request = EncodeRequest(dred=DredRequest(q0=7, dQ=4, qmax=14))
    encode_file(wav, tmp_path / "a.opus", request)
    strip_file(tmp_path / "a.opus", tmp_path / "plain.opus")
    result = inject_file(
        tmp_path / "plain.opus", wav, tmp_path / "b.opus", InjectRequest(dred=request.dred)
    )
    assert (tmp_path / "b.opus").read_bytes() == (tmp_path / "a.opus").read_bytes()
    assert result.with_dred > 80
    again = inject_file(
        tmp_path / "b.opus", wav, tmp_path / "c.opus", InjectRequest(dred=request.dred)
    )
    assert again.had_dred == result.with_dred
    assert (tmp_path / "c.opus").read_bytes() == (tmp_path / "b.opus").read_bytes()


def test_inject_keeps_lost_and_damaged_records(wav: Path, tmp_path: Path) -> None:
    encode_file(wav, tmp_path / "a.jsonl", EncodeRequest(dred=DredRequest(reach_ms=0)))
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    damaged = json.loads(lines[40])
    lines[30] = json.dumps({**json.loads(lines[30]), "packet": None})
    lines[40] = json.dumps({**damaged, "packet": "03"})
    (tmp_path / "b.jsonl").write_text("\n".join(lines) + "\n")
    result = inject_file(tmp_path / "b.jsonl", wav, tmp_path / "c.jsonl", InjectRequest())
    before, after = records(tmp_path / "b.jsonl"), records(tmp_path / "c.jsonl")
    assert result.malformed == 1
    assert after[30].packet is None
    assert after[40].packet == b"\x03"
    for old, new in zip(before, after, strict=True):
        assert (new.index, new.timestamp_48k) == (old.index, old.timestamp_48k)
        if old.packet and old.packet != b"\x03":
            frames = [frame.data for frame in read_packet(old.packet).packet.frames]  # type: ignore[union-attr]
            kept = read_packet(new.packet or b"").packet
            assert kept is not None
            assert [frame.data for frame in kept.frames] == frames


def test_inject_leaves_discontinuous_transmission_alone(wav: Path, tmp_path: Path) -> None:
    encode_file(wav, tmp_path / "a.jsonl", EncodeRequest(dred=DredRequest(reach_ms=0)))
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    toc = json.loads(lines[50])["packet"][:2]
    lines[50] = json.dumps({**json.loads(lines[50]), "packet": toc})
    (tmp_path / "b.jsonl").write_text("\n".join(lines) + "\n")
    result = inject_file(tmp_path / "b.jsonl", wav, tmp_path / "c.jsonl", InjectRequest())
    after = records(tmp_path / "c.jsonl")
    assert after[50].packet == bytes.fromhex(toc)
    assert result.with_dred == len(after) - 1
    assert result.malformed == 0


@pytest.mark.parametrize(
    ("bitrate", "frame_ms", "size"), [(32_000, 20, 80), (50_700, 10, 63), (96_000, 120, 1440)]
)
def test_constant_bit_rate_keeps_every_size(
    wav: Path, tmp_path: Path, bitrate: int, frame_ms: float, size: int
) -> None:
    request = EncodeRequest(bitrate, frame_ms=frame_ms, cbr=True)
    result = encode_file(wav, tmp_path / "a.bit", request)
    found = [record.packet or b"" for record in records(tmp_path / "a.bit")]
    assert {len(packet) for packet in found} == {size}
    assert result.with_dred > 0.8 * len(found)
    assert all(read_packet(packet).errors == () for packet in found)


def test_inject_keeps_the_size_of_padded_packets(wav: Path, tmp_path: Path) -> None:
    encode_file(wav, tmp_path / "a.jsonl", EncodeRequest(cbr=True, dred=DredRequest(reach_ms=0)))
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    for index, line in enumerate(lines):
        if line.get("packet") and index != 40:
            line["packet"] = ParsedPacket(bytes.fromhex(line["packet"])).pad(240).hex()
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    request = InjectRequest(dred=DredRequest(q0=8, reach_ms=400))
    result = inject_file(tmp_path / "b.jsonl", wav, tmp_path / "c.jsonl", request)
    after = [record.packet or b"" for record in records(tmp_path / "c.jsonl")]
    assert result.with_dred == len(after)
    bare = [index for index, packet in enumerate(after) if len(packet) != 240]
    assert len(bare) == 1


def test_silence_is_not_transmitted(tmp_path: Path) -> None:
    samples = speech(48_000)
    samples[16_000:32_000] = 3
    soundfile.write(tmp_path / "in.wav", samples, 16_000, subtype="PCM_16")
    result = encode_file(tmp_path / "in.wav", tmp_path / "a.bit", EncodeRequest(dtx=True))
    found = [record.packet or b"" for record in records(tmp_path / "a.bit")]
    silent = [index for index, packet in enumerate(found) if len(packet) == 1]
    assert silent == [*range(60, 80), *range(81, 100)]
    assert [parse_packet(found[index]).duration_48k for index in silent] == [960] * 39
    assert result.with_dred <= len(found) - len(silent)
    assert result.packets == len(found)


def test_a_silent_packet_lasts_as_long() -> None:
    for config, lengths in ((9, [5]), (9, [4, 4]), (9, [4, 9]), (1, [3, 8, 1]), (31, [7] * 6)):
        frames = tuple(Frame(bytes(length)) for length in lengths)
        equal = len(set(lengths)) == 1
        code = {1: 0, 2: 1 if equal else 2}.get(len(lengths), 3)
        data = build_packet(Packet(Toc(config, True, code), frames, code == 3 and not equal))
        silent = parse_packet(dtx_packet(data))
        assert silent.duration_48k == parse_packet(data).duration_48k
        assert is_dtx(silent)
        assert not is_dtx(parse_packet(data))
        assert (silent.toc.config, silent.toc.stereo) == (config, True)


def test_audio_at_other_rates_is_converted(tmp_path: Path) -> None:
    time = np.arange(44_100) / 44_100
    tone = np.round(9000 * np.sin(2 * np.pi * 300 * time)).astype(np.int16)
    soundfile.write(tmp_path / "in.wav", np.stack([tone, tone], 1), 44_100, subtype="PCM_16")
    result = encode_file(tmp_path / "in.wav", tmp_path / "out.opus", EncodeRequest())
    assert result.with_dred > 40
    with open_stream(tmp_path / "out.opus") as stream:
        total = sum(960 - record.discard_48k for record in stream)
        assert total - (stream.info.pre_skip or 0) == 48_000


def test_nothing_is_left_behind_on_failure(wav: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.opus").write_bytes(b"before")
    (tmp_path / "no.wav").write_bytes(b"RIFF, but no audio")
    with pytest.raises(InputError):
        encode_file(tmp_path / "no.wav", folder / "a.opus", EncodeRequest())
    with pytest.raises(UsageError):
        encode_file(wav, folder / "a.opus", EncodeRequest(dred=DredRequest(q0=6, dQ=3, qmax=5)))
    with pytest.raises(InputError):
        inject_file(tmp_path / "no.wav", wav, folder / "a.opus", InjectRequest())
    assert [path.name for path in folder.iterdir()] == ["a.opus"]
    assert (folder / "a.opus").read_bytes() == b"before"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_commands(wav: Path, tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in ("a.bit", "b.bit", "c.bit"))
    code, out, _ = run("encode", wav, a, "--q0", "5", "--dred-ms", "400", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["q0"], told["chunks"]) == (5, 11)
    assert told["packets_with_dred"] > 80
    code, out, _ = run("strip", a, b, "--json")
    assert code == 0
    assert json.loads(out)["packets_with_dred_before"] == told["packets_with_dred"]
    code, out, _ = run("inject", b, c, "--audio", wav, "--q0", "5", "--dred-ms", "400", "--json")
    assert code == 0
    assert json.loads(out)["packets_with_dred"] == told["packets_with_dred"]
    assert c.read_bytes() == a.read_bytes()
    code, out, _ = run("align", c, "--audio", wav, "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["off"] == []
    assert run("validate", a, c)[0] == 0


def test_features_command(wav: Path, tmp_path: Path) -> None:
    assert run("features", wav, tmp_path / "a.f32")[0] == 0
    rows = np.fromfile(tmp_path / "a.f32", "<f4").reshape(-1, 20)
    assert len(rows) == 200
    speech().tofile(tmp_path / "in.sw")
    assert run("features", tmp_path / "in.sw", tmp_path / "b.f32")[0] == 0
    assert (tmp_path / "b.f32").read_bytes() == (tmp_path / "a.f32").read_bytes()
    assert run("features", wav, tmp_path / "d.f32", "--dred-version", "10")[0] == 0
    older = np.fromfile(tmp_path / "d.f32", "<f4").reshape(-1, 20)
    assert 0 < np.abs(older - rows)[:, 0].max() < 0.05
    speech()[:1600].tofile(tmp_path / "in.sw")
    integers = ("--arithmetic", "integer")
    assert run("features", tmp_path / "in.sw", tmp_path / "c.f32", *integers)[0] == 0
    assert (tmp_path / "c.f32").read_bytes() == rows[:10].tobytes()


def test_missing_audio_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught, open_audio(tmp_path / "none"):
        pass
    assert caught.value.code == "audio.unreadable"


def test_sound_of_no_bytes_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(InputError, match=r"empty.wav is empty") as caught, open_audio(path):
        pass
    assert caught.value.code == "audio.unreadable"
