"""Sizes of the vocoder's signals and networks."""

from __future__ import annotations

SAMPLE_RATE = 16000
"""Samples a second."""
FEATURES = 20
"""Numbers in a feature vector: 18 cepstra, pitch, voicing."""
PITCH_FEATURE = 18
"""Where the pitch stands in a feature vector."""
FRAME = 160
"""Samples that a feature vector gives: 10 ms."""
SUBFRAMES = 4
"""Runs of the signal network in a frame."""
SUBFRAME = FRAME // SUBFRAMES
"""Samples of one run."""
HISTORY = 256
"""Past samples, before de-emphasis, that a prediction may reach back to."""
MARGIN = 2
"""Samples of the prediction either side of the 40 that it is for."""
PREDICTION = SUBFRAME + 2 * MARGIN
"""Samples of a pitch prediction."""

START_SAMPLES = 320
"""Real samples that synthesis continues from."""
START_VECTORS = 5
"""Feature vectors that synthesis continues from."""

PERIOD_EMBEDDED = (32, 255)
"""Periods that have an embedding of their own; others take that of the nearest."""
PERIOD_LIMITS = (1, 511)
"""Where a period is clamped: below there is nothing to repeat; from 297 on, every sample of a
prediction lies before the history and all such periods are one."""

EMBEDDING = 12
"""Numbers in the embedding of a period."""
CONDITION = 80
"""Numbers that condition one subframe."""
CONDITION_HIDDEN = 64
"""Numbers a frame in the conditioning network's convolution."""
CONDITION_TAPS = 3
"""Frames that this convolution spans."""
SIGNAL_INPUT = CONDITION + PREDICTION + SUBFRAME
"""Inputs a subframe of the signal network's convolution, which spans two."""
SIGNAL_HIDDEN = 192
"""Its outputs."""
GRU_SIZES = (160, 128, 128)
"""States of the three recurrent units."""
SKIP = 128
"""Numbers that the output layer is given."""
