"""The smallest stream that shows how libopus 1.6.1 stamps the first packet after silence.

160 ms of speech, 60 ms of silence, 40 ms of speech, in 20 ms packets. The packet in which speech
starts again carries the DRED of before the silence, and says that it is 40 ms more recent than it
is. ``python -m tools.encoder.late`` makes ``late-after-silence.bit`` and ``.flac`` in
``dredref/tests/data`` again, byte for byte.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import soundfile

from dredref.conformance.adapters.libopus.codec import Encoder, Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.streams import Record, StreamInfo, create_stream
from tools.encoder.material import Samples, clip

FOLDER = Path(__file__).parents[2] / "dredref" / "tests" / "data"
NAME = "late-after-silence"
BUILD = "1.6.1-c"
SETTINGS = Settings(bitrate=32_000, loss=20, dred=100)
CLIP, START, SPEECH_MS, SILENCE_MS, AGAIN_MS = "espeak-1", 8000, 160, 60, 40


def audio() -> Samples:
    """The stream's audio, 16 kHz."""
    speech = clip(CLIP)[START:]
    first, last = SPEECH_MS * 16, (SPEECH_MS + AGAIN_MS) * 16
    silence = np.zeros(SILENCE_MS * 16, np.int16)
    joined: Samples = np.concatenate([speech[:first], silence, speech[first:last]])
    return joined


def make(folder: Path = FOLDER) -> None:
    """Write stream, audio and where they come from."""
    pcm = audio()
    with Encoder(Peer(BUILD), SETTINGS) as encoder:
        packets = encoder.encode_all(pcm)
    target = folder / f"{NAME}.bit"
    with create_stream(target, info=StreamInfo(0, "bit")) as writer:
        for index, encoded in enumerate(packets):
            writer.write(Record(index, encoded.packet, final_range=encoded.final_range))
    soundfile.write(folder / f"{NAME}.flac", pcm, 16_000, subtype="PCM_16")
    provenance = {
        "encoder": f"libopus {BUILD} (plain portable path)",
        "settings": "16 kHz, mono, voip, 32 kb/s, loss 20 %, DRED 1 s, 20 ms packets",
        "audio": f"{SPEECH_MS} ms of {CLIP} from sample {START}, {SILENCE_MS} ms of silence, "
        f"the next {AGAIN_MS} ms",
        "sha256": sha256(target.read_bytes()).hexdigest(),
    }
    (folder / f"{NAME}.json").write_text(json.dumps(provenance, indent=2) + "\n")


if __name__ == "__main__":
    make()
