"""Digests of speech for fixed inputs: ``python -m dredref.vocoder.tests.digests [CLIP...]``.

It prints them as JSON; ``data/digests.json`` holds what is to come out, on every machine. Changing
that file means that the reference has changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator

import numpy as np

from dredref.vocoder import Vocoder, VocoderState, vocoder
from dredref.vocoder.tests.inputs import DATA, clips, extremes

RECORDED = DATA / "digests.json"


def of(*arrays: np.ndarray) -> str:
    """SHA-256 of integers, or of the bits of float32, little-endian, one array after another."""
    digest = hashlib.sha256()
    for array in arrays:
        array = array.view(np.int32) if array.dtype == np.float32 else array
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def digests(speaker: Vocoder, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Speech of the clips ``names``, and of the extremes as one batch, with its last state."""
    for name in names:
        yield name, of(speaker.utterance(clips()[name][None])[0])
    batch = np.stack(list(extremes().values()))
    samples = np.arange(-32768, 32768, 19, dtype=np.int64)[: 320 * len(batch)]
    start = np.resize(samples, (len(batch), 320)).astype(np.int16)
    state: VocoderState = speaker.start(batch[:, :5], start)
    speech, state = speaker.synthesize(state, batch)
    for index, name in enumerate(extremes()):
        yield name, of(speech[index], *state.select([index]).arrays())


if __name__ == "__main__":
    print(json.dumps(dict(digests(vocoder("integer"), sys.argv[1:] or clips())), indent=1))
