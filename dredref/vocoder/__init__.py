"""FARGAN, the vocoder: feature vectors to speech, sample for sample that of libopus' plain C build.

==============  ====================================================
``synthesis``   the public interface: start, synthesize, utterance, resume
``engine``      a run of frames, from a state to a state
``network``     the two networks
``period``      what a pitch period repeats
==============  ====================================================
"""

from dredref.vocoder.state import VocoderState
from dredref.vocoder.synthesis import Vocoder, vocoder

__all__ = ["Vocoder", "VocoderState", "vocoder"]
