"""Drop-in for upstream's ``fargan_demo``: the same arguments and formats.

==============================================  =================================================
``-features IN.pcm OUT.f32``                    16-bit samples at 16 kHz to feature vectors
``-fargan-synthesis IN.f32 OUT.pcm``            feature vectors to 16-bit samples at 16 kHz
``-dred-decoding IN.bit OUT.f32``               records of latents to feature vectors
==============================================  =================================================

As upstream's, it leaves out what does not fill a last frame, vector or record. Exit code 1 and a
line on stderr for anything unusable.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dredref.files import atomic_output
from dredref.spec.errors import DredError, InputError
from dredref.spec.tables import CURRENT_VERSION

USAGE = """\
usage: {0} -features <input.pcm> <features.f32>
       {0} -fargan-synthesis <features.f32> <output.pcm>
       {0} -dred-decoding <records.bit> <features.f32>
"""


def analysis(data: bytes) -> bytes:
    """Samples to feature vectors, one for every whole frame of 160."""
    from dredref.analysis.analyser import FeatureAnalyser
    from dredref.vocoder.sizes import FRAME

    whole = len(data) // (2 * FRAME)
    samples = np.frombuffer(data, "<i2", whole * FRAME).astype(np.int16)[None]
    vectors: bytes = FeatureAnalyser().analyse(samples)[0].tobytes()
    return vectors


def synthesis(data: bytes) -> bytes:
    """Feature vectors to samples: ``n * 160`` of ``n`` vectors."""
    from dredref.vocoder import vocoder
    from dredref.vocoder.sizes import FEATURES

    whole = len(data) // (4 * FEATURES)
    if not whole:
        raise InputError("features.empty", "there is no feature vector")
    vectors = np.frombuffer(data, "<f4", whole * FEATURES).reshape(1, whole, FEATURES)
    samples: bytes = vocoder().utterance(vectors)[0].astype("<i2").tobytes()
    return samples


def decoding(data: bytes) -> bytes:
    """Records of latents to feature vectors, oldest first in each record."""
    from dredref.rdovae.decoder import decode_payloads
    from dredref.rdovae.records import read_records

    records = read_records(data, CURRENT_VERSION, partial=True)
    vectors = [found[::-1].astype("<f4").tobytes() for found in decode_payloads(records)]
    return b"".join(vectors)


MODES: dict[str, Callable[[bytes], bytes]] = {
    "-features": analysis,
    "-fargan-synthesis": synthesis,
    "-dred-decoding": decoding,
}
"""Mode -> what makes the output's bytes of the input's."""


def main(arguments: Sequence[str], name: str = "fargan_demo") -> int:
    """Run with the arguments after the program's name; returns the exit code."""
    if len(arguments) != 3 or arguments[0] not in MODES:
        sys.stderr.write(USAGE.format(name))
        return 1
    mode, source, target = arguments
    try:
        data = Path(source).read_bytes()
    except OSError:
        sys.stderr.write(f"Can't open {source}\n")
        return 1
    try:
        with atomic_output(target) as temporary:
            temporary.write_bytes(MODES[mode](data))
    except DredError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
