"""Group ``plc``: neural concealment by scripts, frame by frame.

The samples are those of libopus' portable build, which the reference gives too. A script says what
happens to 10 ms after 10 ms: what is heard, which vectors DRED brings, what is to be concealed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dredref.vectors.answers import conceal_script
from dredref.vectors.draft import Draft
from dredref.vectors.material import read_material, read_speech
from dredref.vectors.model import Audio, PlcInput
from dredref.vectors.speech import pcm_bytes

CLAUSES = ("libopus dnn/lpcnet_plc.c",)
FRAME = 160
SPEECH, FEATURES = "call-1-v12", "call-2.f32"
START = 12_000
"""Where in the recording what is heard begins."""
FIRST_VECTOR = 60
LIMITS = {"err4": 1.6, "err16": 2.8, "pitch": 0.3}
"""Against libopus' portable build. Its default build parts by 1.4, 2.3 and 0.04 at most: a frame
that is heard between losses brings the two apart. They show what no build does: no attenuation, a
vector too few at the start, a queue that is not cleared or not waited for."""
SCRIPTS: dict[str, tuple[str, str]] = {
    "single": ("Single lost frames of 10 ms", ("u" * 14 + "c") * 12),
    "double": ("Lost packets of 20 ms", ("u" * 16 + "cc") * 6),
    "long": ("A loss of 200 ms: the speech is attenuated", "u" * 25 + "c" * 20),
    "repeated": ("Losses soon after each other", ("u" * 12 + "cc") + "uuuucc" * 6),
    "one-between": ("One frame heard between losses", "u" * 20 + "cccc" + "ucccc" * 3),
    "little-heard": ("Losses after 30 ms of speech", "uuu" + "c" * 6 + "uuu" + "c" * 6),
    "dred": ("DRED for all of a loss, and two vectors before", "u" * 25 + "f" * 18 + "c" * 16),
    "dred-ends": ("DRED that ends in a loss", "u" * 25 + "f" * 10 + "c" * 14),
    "dred-middle": (
        "DRED that comes in the middle of a loss",
        "u" * 25 + "cccc" + "f" * 8 + "c" * 11,
    ),
    "skip": ("Two vectors that are not known, then DRED", "u" * 25 + "ss" + "f" * 10 + "c" * 14),
    "skip-middle": ("Some that are not known, within a loss", "u" * 25 + "cc" + "sssf" + "c" * 12),
    "cleared": ("A queue that is cleared in a loss", "u" * 25 + "f" * 12 + "ccc" + "x" + "c" * 11),
    "left-over": (
        "Vectors left over serve the next loss unless they are cleared",
        "u" * 25 + "f" * 16 + "cccccc" + "u" * 15 + "cccccc",
    ),
    "dred-again": (
        "DRED in two losses",
        "u" * 25 + "f" * 8 + "c" * 6 + "x" + "u" * 10 + "f" * 8 + "c" * 6,
    ),
}
"""Name -> title and steps."""


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    draft = Draft("plc", "scripts", "Neural concealment by scripts", "vectors.groups.plc", CLAUSES)
    speech = read_speech(f"{SPEECH}.flac")[START:]
    vectors = np.frombuffer(read_material(FEATURES), "<f4").reshape(-1, 20)[FIRST_VECTOR:]
    for name, (title, steps) in SCRIPTS.items():
        samples = speech[: FRAME * steps.count("u")]
        features = vectors[: steps.count("f")].tobytes()
        heard = draft.binary(f"{name}-heard.s16", pcm_bytes(samples))
        told = draft.binary(f"{name}.f32", features) if features else None
        spoken = conceal_script(steps, pcm_bytes(samples), features)
        draft.add(
            f"script.{name}",
            title,
            PlcInput(steps, heard, told),
            requirements=("decoder.plc",),
            level="SHOULD",
            expected=Audio(draft.binary(f"{name}.s16", spoken), LIMITS),
        )
    yield draft
