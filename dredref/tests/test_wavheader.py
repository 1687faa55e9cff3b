"""WAV files whose header does not know their length, or that break off."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dredref.audio import RawAudio, open_audio
from dredref.notices import InputWarning

SAMPLES = b"\1\0\2\0" * 8000


def wav(stated: int, samples: bytes = SAMPLES) -> bytes:
    """A WAV file at 16 kHz that states a length of its samples."""
    form = struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)
    riff = min(0xFFFFFFFF, stated + 36) if stated else 0
    head = b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + form + b"data"
    return head + struct.pack("<I", stated) + samples


def length(path: Path) -> int:
    """Samples that are read."""
    with open_audio(path) as audio:
        return sum(len(block) for block in audio.blocks())


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 0x7FFFFFFF, len(SAMPLES)])
def test_all_samples_are_read(tmp_path: Path, stated: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(stated))
    assert length(path) == 16000


def test_a_file_that_breaks_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(len(SAMPLES), SAMPLES[:20000]))
    with pytest.warns(InputWarning, match="20000 of 32000 bytes"):
        assert length(path) == 10000


def test_bare_samples_of_any_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(SAMPLES)
    with open_audio(RawAudio(path, 48000, 2)) as audio:
        assert (audio.rate, audio.channels, audio.length) == (48000, 2, 8000)
