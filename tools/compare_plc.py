"""Neural concealment beside libopus' plain C build: ``python -m tools.compare_plc``.

Each script says what happens, in the letters of the suite's operation ``plc``: u a received frame,
f a vector of DRED, s none where one is missing, x the queue is cleared, c a frame is concealed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.carrier import Arithmetic, using
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.plc.concealer import PacketLossConcealer
from dredref.vocoder.sizes import FRAME
from tools.encoder.material import clip

SCRIPTS = {
    "one loss": "u" * 20 + "c" * 2,
    "long loss": "u" * 20 + "c" * 40,
    "nothing heard": "c" * 4 + "u" * 3 + "c" * 3,
    "little heard": "u" * 3 + "c" * 6,
    "soon again": "u" * 5 + "c" * 3 + "u" * 3 + "c" * 4,
    "every third frame": "u" * 30 + "cuc" * 6,
    "one frame between": "u" * 16 + "c" * 5 + "u" + "c" * 5 + "uu" + "cc",
    "far apart": "u" * 20 + "cc" + "u" * 40 + "c" * 3,
    "features": "u" * 20 + "f" * 8 + "c" * 12,
    "features for all": "u" * 20 + "f" * 12 + "c" * 10,
    "features in the middle": "u" * 20 + "c" * 3 + "f" * 4 + "c" * 6,
    "features late, then cleared": "u" * 20 + "ccc" + "ffff" + "cc" + "x" + "c" * 4,
    "features left over": "u" * 20 + "f" * 9 + "ccc" + "u" * 4 + "ccc",
    "cleared before": "u" * 20 + "fff" + "x" + "c" * 4,
    "skips": "u" * 20 + "ss" + "fff" + "c" * 8,
    "skips in the middle": "u" * 20 + "cc" + "s" + "ff" + "c" * 6,
    "skips behind features": "u" * 20 + "ff" + "s" + "f" + "c" * 7,
    "skips alone": "u" * 12 + "sss" + "c" * 5 + "f" + "c" * 2,
    "features, then again": "u" * 20 + "fff" + "c" + "x" + "cc" + "u" * 20 + "ff" + "ccc",
    "alternating": "u" * 20 + "fffc" + "xcfc" * 5,
    "counter restarts": "u" * 20 + "c" * 12 + "f" + "c" * 6,
}
"""What happens, by name."""
CARRIERS: tuple[Arithmetic, ...] = ("integer", "hardware")
BUILD = "1.6.1-c"


def material() -> NDArray[np.int16]:
    """Return speech with a loud part, whole frames at 16 kHz."""
    speech = clip("librivox-1")[16_000:]
    loud = np.clip(clip("espeak-1")[8000:24_000].astype(int) * 6, -32768, 32767).astype(np.int16)
    samples = np.concatenate([speech[: 50 * FRAME], loud])
    return samples[: samples.size // FRAME * FRAME]


def vectors(peer: Peer) -> NDArray[np.float32]:
    """Return feature vectors [n, 20] of other speech, as DRED would bring them."""
    return peer.analysis(clip("librivox-2")[20_000:60_000]).features[10:, :20]


def play(
    script: str, samples: NDArray[np.int16], features: NDArray[np.float32]
) -> NDArray[np.int16]:
    """Return the concealed samples that this project makes of a script."""
    concealer, heard, told = PacketLossConcealer(), iter(samples.reshape(-1, FRAME)), iter(features)
    parts = [np.zeros(0, np.int16)]
    for step in script:
        if step == "u":
            concealer.update(next(heard))
        elif step == "c":
            parts.append(concealer.conceal())
        elif step == "x":
            concealer.clear()
        else:
            concealer.add_features(next(told) if step == "f" else None)
    return np.concatenate(parts)


def compare(peer: Peer) -> Iterator[dict[str, Any]]:
    """For each script and carrier the samples, and how many of them differ."""
    samples, features = material(), vectors(peer)
    for name, script in SCRIPTS.items():
        due, _ = peer.plc(script, samples, features)
        for arithmetic in CARRIERS:
            with using(arithmetic):
                differing = int((play(script, samples, features) != due).sum())
            row = {"script": name, "arithmetic": arithmetic}
            yield row | {"samples": due.size, "differing": differing}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def main(as_json: bool) -> None:
    """Compare; exit code 1 if a sample differs."""
    rows = []
    for row in compare(Peer(BUILD)):
        rows.append(row)
        words = "{script:<28} {arithmetic:<9} {samples:>6} samples, {differing} differ"
        click.echo(json.dumps(row) if as_json else words.format(**row))
    total, differing = (sum(row[key] for row in rows) for key in ("samples", "differing"))
    if not as_json:
        click.echo(
            f"{len(SCRIPTS)} scripts, {total} samples beside libopus {BUILD}: {differing} differ"
        )
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
