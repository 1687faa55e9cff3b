"""Compiled functions made ready before someone waits for them.

``python -m dredref.kernels [integer|hardware]``: functions are compiled when they are first called
and kept on disk. Here each is called once, on a fifth of a second of noise, by the ways that lead
to it; where all are kept already, this takes about a second.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from dredref.notices import listen
from dredref.spec.errors import DredError
from dredref.spec.tables import VERSIONS

if TYPE_CHECKING:
    from dredref.arithmetic.carrier import Arithmetic

SAMPLES = 3200
"""Of the noise, at 16 kHz."""
PACKETS = 50
"""Of a file: enough to be found in a capture."""


def make_ready(arithmetic: Arithmetic) -> None:
    """Encode, decode, synthesize and conceal a little: both versions, from silence and speech."""
    from dredref.arithmetic.carrier import using

    with using(arithmetic):
        _call_all()


def _call_all() -> None:
    from dredref.payload.encoder import DredEncoder, DredSettings
    from dredref.payload.highpass import HighPass
    from dredref.payload.placement import Slot
    from dredref.plc.concealer import PacketLossConcealer
    from dredref.rdovae.decoder import decode_payloads
    from dredref.spec.dred import parse_payload
    from dredref.vocoder import vocoder
    from dredref.vocoder.sizes import FRAME, START_VECTORS

    rng = np.random.Generator(np.random.PCG64(1))
    noise = rng.integers(-9000, 9000, SAMPLES).astype(np.int16)
    HighPass("speech", 16_000, 1).filter(noise[:, np.newaxis].astype(np.int64))
    for version in VERSIONS:
        settings = DredSettings(version=version, skip_silence=False)
        encoder = DredEncoder(16_000, settings=settings)
        encoder.feed(noise)
        encoder.end()
        (payload,) = encoder.payloads([Slot(7680, 960)])
        assert payload is not None
        (features,) = decode_payloads([parse_payload(payload, version)])
    speech = vocoder().utterance(features[np.newaxis])
    before = features[:1].repeat(START_VECTORS, axis=0)
    vocoder().resume(np.concatenate([before, features])[np.newaxis], speech[:, :320])
    concealer = PacketLossConcealer()
    for frame in noise.reshape(-1, FRAME)[:2]:
        concealer.update(frame)
    concealer.add_features(features[0])
    concealer.conceal()


def make_readers_ready() -> None:
    """Read and scan a little of each kind of file that is walked by compiled functions."""
    from dredref.scan import scan_stream
    from dredref.streams import Record, open_stream
    from dredref.streams.write import create_stream

    with TemporaryDirectory(prefix="dredref-") as folder:
        for suffix in (".bit", ".ogg", ".pcap"):
            path = Path(folder) / f"ready{suffix}"
            with suppress(DredError):  # an extra is missing: such files cannot be read at all
                with create_stream(path) as writer:
                    for index in range(PACKETS):
                        writer.write(Record(index, b"\x48frame"))
                with open_stream(path) as stream:
                    for _ in scan_stream(stream.batches()):
                        pass


def main() -> None:
    """Make all ready; say on a terminal what takes the time."""
    if sys.stderr.isatty():
        listen(lambda notice: print(f"dredref: {notice}", file=sys.stderr))
    try:
        make_readers_ready()
        make_ready("integer" if sys.argv[1:] == ["integer"] else "hardware")
    except DredError as error:
        print(f"dredref: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
