"""The recorded digests hold, in this process and in others with other numbers of BLAS threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dredref.vocoder import Vocoder, vocoder
from dredref.vocoder.tests.digests import RECORDED, digests, of
from dredref.vocoder.tests.inputs import clips


def recorded() -> dict[str, str]:
    """What is to come out."""
    found: dict[str, str] = json.loads(RECORDED.read_text())
    return found


def test_digests() -> None:
    """Every input, in the fast form."""
    assert dict(digests(vocoder())) == recorded()


def test_a_digest_tells() -> None:
    """One sample that differs by one is another digest."""
    speech = vocoder().speak(clips()["espeak-2"][None])[0]
    assert of(speech) == recorded()["espeak-2"]
    speech[1234] += 1
    assert of(speech) != recorded()["espeak-2"]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_blas_threads(threads: str) -> None:
    """A new interpreter whose BLAS has so many threads."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, threads)}
    command = [sys.executable, "-m", "dredref.vocoder.tests.digests"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == recorded()


def test_an_utterance_in_the_integer_form() -> None:
    """Speech in the form that defines it, from the first frame to the last."""
    vectors = clips()["espeak-2"][None, 20:50]
    defined = Vocoder(form="integers").speak(vectors)
    np.testing.assert_array_equal(defined, vocoder().speak(vectors))
