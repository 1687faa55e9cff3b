"""The reference in one call each: packet to features, features to speech, speech to features.

Samples are int16, or float32 within -1..1, at 16 kHz, one channel. Feature vectors are float32
[n, 20], one every 10 ms, oldest first. Batches, states between calls and other networks are had
from the classes: :class:`~dredref.FeatureAnalyser`, :class:`~dredref.Decoder`,
:class:`~dredref.Vocoder`, :class:`~dredref.DredEncoder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dredref.spec.dred import DredPayload
from dredref.spec.errors import UsageError
from dredref.spec.reading import read_packet
from dredref.spec.tables import CURRENT_VERSION

if TYPE_CHECKING:
    from dredref.arithmetic.values import Features, Pcm, Samples


def features(samples: Samples, version: int = CURRENT_VERSION) -> Features:
    """Return the features of speech: what a DRED encoder codes.

    Args:
        samples: [n], int16 or float32 within -1..1, 16 kHz. What fills no frame of 160 is left out.
        version: of DRED; encoders of version 10 take coarser logarithms.

    Raises:
        UsageError: ``samples.type``, ``samples.shape``, ``samples.range`` or
            ``dred.version.unknown``.

    >>> import numpy, dredref
    >>> dredref.features(numpy.zeros(1600, numpy.int16)).shape
    (10, 20)

    Source: libopus 1.6.1 and 1.5.2 dnn/lpcnet_enc.c.
    """
    from dredref.analysis.analyser import FeatureAnalyser
    from dredref.analysis.tables import FRAME
    from dredref.arithmetic.values import check_samples

    given = check_samples(np.asarray(samples)[np.newaxis])
    whole = given[:, : given.shape[1] // FRAME * FRAME]
    found: Features = FeatureAnalyser(version=version).analyse(whole)[0]
    return found


def decode(packet: bytes | DredPayload) -> Features:
    """Return the features that a packet's DRED holds, four vectors a chunk.

    Args:
        packet: an Opus packet, or a payload that was parsed.

    Raises:
        UsageError: ``dred.absent``, saying why there is none.

    >>> import dredref
    >>> payload = dredref.make_payload(12, 6, 3, 16, [0] * 50, [[0] * 25])
    >>> dredref.decode(payload).shape
    (4, 20)

    Source: libopus 1.6.1 dnn/dred_rdovae_dec.c.
    """
    from dredref.rdovae.decoder import decode_payloads

    if not isinstance(packet, DredPayload):
        reading = read_packet(packet)
        if reading.dred is None:
            why = reading.absence.value if reading.absence else "its DRED cannot be read"
            raise UsageError("dred.absent", f"there is nothing to decode: {why}")
        packet = reading.dred
    return np.ascontiguousarray(decode_payloads([packet])[0][::-1])


def synthesize(features: Features) -> Pcm:
    """Return speech of features: int16 [160 * n] of n vectors, aligned with them.

    Args:
        features: float32 [n, 20].

    Raises:
        UsageError: ``features.type``, ``features.shape``, ``features.not_finite``.

    >>> import numpy, dredref
    >>> dredref.synthesize(dredref.features(numpy.zeros(1600, numpy.int16))).shape
    (1600,)

    Source: libopus 1.6.1 dnn/fargan.c.
    """
    from dredref.vocoder import vocoder

    speech: Pcm = vocoder().utterance(np.asarray(features)[np.newaxis])[0]
    return speech
