"""The recorded digests hold, in this process and in others with other numbers of BLAS threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dredref.arithmetic.significand import Form
from dredref.vocoder import Vocoder, vocoder
from dredref.vocoder.tests.digests import RECORDED, digests, of
from dredref.vocoder.tests.inputs import clips


def recorded() -> dict[str, str]:
    """What is to come out."""
    found: dict[str, str] = json.loads(RECORDED.read_text())
    return found


def test_digests() -> None:
    """Every input, in the form that runs by default."""
    assert dict(digests(vocoder(), clips())) == recorded()


def test_a_digest_tells() -> None:
    """One sample that differs by one is another digest."""
    speech = vocoder().speak(clips()["espeak-2"][None])[0]
    assert of(speech) == recorded()["espeak-2"]
    speech[1234] += 1
    assert of(speech) != recorded()["espeak-2"]


def test_several_blas_threads() -> None:
    """A new interpreter whose BLAS has two threads; here it has one."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "2")}
    command = [sys.executable, "-m", "dredref.vocoder.tests.digests", "espeak-2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert "espeak-2" in found
    assert found == {name: recorded()[name] for name in found}


@pytest.mark.parametrize("form", ["pairs", "binary32"])
def test_an_utterance_in_other_forms(form: Form) -> None:
    """Speech by the definition and in floating point, from the first frame to the last."""
    vectors = clips()["espeak-2"][None, 30:45]
    np.testing.assert_array_equal(Vocoder(form=form).speak(vectors), vocoder().speak(vectors))
