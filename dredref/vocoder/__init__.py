"""FARGAN, the vocoder: feature vectors to speech.

The arithmetic is that of :mod:`dredref.arithmetic.significand`, integers by definition, and the
speech is that of libopus' portable path, sample for sample.

===================  =============================================================
``synthesis``        the public interface: start, synthesize, speak
``engine``           a run of frames, from a state to a state
``network``          the specification of the two networks
``weights``          its layers, made from the model
``period``           the pitch period of a feature vector, and what it repeats
``emphasis``         pre-emphasis, de-emphasis, rounding to 16 bits
``compiled``         the two networks as compiled functions, which run by default
``compiled_layers``  their layers
``compiled_engine``  the engine that calls them
===================  =============================================================
"""

from dredref.vocoder.state import VocoderState
from dredref.vocoder.synthesis import Vocoder, vocoder

__all__ = ["Vocoder", "VocoderState", "vocoder"]
