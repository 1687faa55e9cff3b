"""The receiver of this project beside opus_demo: ``python -m tools.compare_receiver AUDIO...``.

The same streams of libopus 1.6.1, with the same losses, are played by both. For each kind of
frame (SILK, hybrid, CELT) and scheme a row tells PLCMOS / PESQ / ESTOI of opus_demo, and of the
receiver without limit and with playout delays. opus_demo waits for the packet after a loss however
long that takes.
"""

from __future__ import annotations

import json
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.codec import Encoder
from dredref.conformance.adapters.libopus.codec import Settings as Encoding
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.evaluation.quality import RATE, Scores, score
from dredref.evaluation.run import Pcm, listen, read_clip
from dredref.losses import drop_lost, parse_loss_model
from dredref.payload.insert import strip_dred
from dredref.receiver.receiver import Settings
from dredref.streams import Record
from tools.encoder.material import at_rate

DELAYS: tuple[float | None, ...] = (None, 0, 60, 200)
"""Playout delays of the receiver, in ms; None waits for what comes after each loss."""
PRE_SKIP = 104
"""The codec's delay at 16 kHz."""
FIRST = 5
"""Packets at the start that are not lost: opus_demo knows no duration before the first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of frame, and how libopus is brought to it."""

    name: str
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Scheme:
    """What is sent, and what the receiver uses."""

    name: str
    fec: int
    dred: bool
    complexity: int
    """Of opus_demo's decoder: from 5 on it conceals by the network."""
    use: tuple[str, ...]


BASE = Encoding(rate=48_000, loss=20, bitrate=64_000, dred=100)
KINDS = (
    Kind("SILK", replace(BASE, rate=16_000)),
    Kind("hybrid", replace(BASE, bandwidth="SWB", signal="voice")),
    Kind("CELT", replace(BASE, application="restricted-lowdelay")),
)
SCHEMES = (
    Scheme("classic", 0, False, 0, ()),
    Scheme("neural PLC", 0, False, 5, ("plc",)),
    Scheme("LBRR", 1, False, 5, ("lbrr", "plc")),
    Scheme("DRED", 0, True, 5, ("dred", "plc")),
    Scheme("LBRR + DRED", 1, True, 5, ("lbrr", "dred", "plc")),
)


def stream(pcm: Pcm, kind: Kind, scheme: Scheme) -> list[Record]:
    """The packets of a clip."""
    settings = replace(kind.encoding, fec=scheme.fec)
    with Encoder(Peer("1.6.1"), settings) as encoder:
        packets = [one.packet for one in encoder.encode_all(at_rate(pcm, settings.rate))]
    if not scheme.dred:
        packets = [strip_dred(packet) for packet in packets]
    return [Record(k, packet, timestamp_48k=960 * k) for k, packet in enumerate(packets)]


def opus_demo(records: list[Record], complexity: int) -> Pcm:
    """What opus_demo plays at 16 kHz."""
    with tempfile.TemporaryDirectory(prefix="dredref-") as name:
        source, target = Path(name) / "in.bit", Path(name) / "out.sw"
        packets = [record.packet or b"" for record in records]
        source.write_bytes(b"".join(struct.pack(">II", len(one), 0) + one for one in packets))
        program = builds.get("1.6.1").program("opus_demo")
        command = [str(program), "-d", str(RATE), "1", "-dec_complexity", str(complexity)]
        subprocess.run([*command, str(source), str(target)], check=True, capture_output=True)
        return np.fromfile(target, "<i2").astype(np.int16)[PRE_SKIP:]


def results(job: tuple[int, Path, str]) -> list[tuple[str, str, str, Scores]]:
    """Every player's scores of one clip, by kind, scheme and player."""
    number, path, model = job
    pcm = read_clip(path)
    found = []
    for kind in KINDS:
        for scheme in SCHEMES:
            if scheme.fec and kind.name == "CELT":
                continue
            records = stream(pcm, kind, scheme)
            original = pcm[: 320 * len(records)]
            drawn = parse_loss_model(model).draw(number)
            lossy = [*records[:FIRST], *drop_lost(records[FIRST:], drawn)]
            while lossy and lossy[-1].packet is None:
                lossy.pop()  # opus_demo does not play losses at the end
            original = original[: 320 * len(lossy)]
            played = opus_demo(lossy, scheme.complexity)
            found.append((kind.name, scheme.name, "opus_demo", score(original, played)))
            for delay in DELAYS:
                heard, _ = listen(lossy, Settings(use=scheme.use, delay_ms=delay), len(original))
                player = "no limit" if delay is None else f"{delay:g} ms"
                found.append((kind.name, scheme.name, player, score(original, heard)))
    return found


def means(
    found: list[tuple[str, str, str, Scores]],
) -> Iterator[tuple[str, str, dict[str, list[float]]]]:
    """For each kind and scheme the mean scores of each player."""
    keys = list(dict.fromkeys(one[:2] for one in found))
    for kind, scheme in keys:
        players: dict[str, list[Scores]] = {}
        for one in found:
            if one[:2] == (kind, scheme):
                players.setdefault(one[2], []).append(one[3])
        yield (
            kind,
            scheme,
            {
                player: [
                    float(np.mean([getattr(one, name) for one in scores]))
                    for name in ("plcmos", "pesq", "estoi")
                ]
                for player, scores in players.items()
            },
        )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("audio", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--loss-model", "model", default="lossgen:20", show_default=True)
@click.option("--jobs", default=1, show_default=True, help="Clips at a time.")
@click.option("--json", "as_json", is_flag=True)
def main(audio: tuple[Path, ...], model: str, jobs: int, as_json: bool) -> None:
    """Play AUDIO through libopus' streams with losses, by both receivers."""
    work = [(number, path, model) for number, path in enumerate(audio)]
    with ProcessPoolExecutor(jobs) as pool:
        found = [one for part in pool.map(results, work) for one in part]
    rows = list(means(found))
    if as_json:
        keys = ("kind", "scheme", "scores")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows]))
        return
    players = list(dict.fromkeys(one[2] for one in found))
    table = Table("frames", "scheme", *players)
    for kind, scheme, scores in rows:
        cells = (f"{a:.2f} {b:.2f} {c:.3f}" for a, b, c in islice(scores.values(), len(players)))
        table.add_row(kind, scheme, *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
