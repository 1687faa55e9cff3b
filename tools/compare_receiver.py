"""The receiver of this project beside opus_demo: ``python -m tools.compare_receiver AUDIO...``.

The same streams of libopus 1.6.1, with the same losses, are played by both. For each kind of
frame (SILK, hybrid, CELT) and scheme a row tells PLCMOS / PESQ / ESTOI of opus_demo, and of the
receiver without limit and with playout delays. opus_demo waits for the packet after a loss however
long that takes. ``--save NAME`` puts the table into ``conformance/guides/receiver.md``, where it
stands under that name.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.codec import Encoder
from dredref.conformance.adapters.libopus.codec import Settings as Encoding
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.evaluation.quality import MEASURES, RATE, Scores, score
from dredref.evaluation.run import Pcm, listen, read_clip
from dredref.losses import drop_lost, parse_loss_model
from dredref.payload.insert import strip_dred
from dredref.receiver.receiver import Settings
from dredref.spec.errors import UsageError
from dredref.streams import Record
from tools.encoder.material import at_rate
from tools.measured.page import load, save

DELAYS = ("no limit", "0", "60", "200")
"""Playout delays of the receiver, in ms; without limit it waits for what comes after each loss."""
PRE_SKIP = 104
"""The codec's delay at 16 kHz."""
FIRST = 5
"""Packets at the start that are not lost: opus_demo knows no duration before the first."""


Named = TypeVar("Named", "Kind", "Scheme")


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

    @property
    def waits(self) -> bool:
        """Whether what comes after a loss matters."""
        return "lbrr" in self.use or "dred" in self.use


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


@dataclass(frozen=True, slots=True)
class Job:
    """A clip, and what is to be played of it."""

    number: int
    path: Path
    model: str
    kinds: tuple[Kind, ...]
    schemes: tuple[Scheme, ...]
    delays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How one player did with one clip."""

    kind: str
    scheme: str
    player: str
    scores: Scores


def lose(records: list[Record], model: str, seed: int) -> list[Record]:
    """The packets with losses, up to the last that is received: opus_demo ends there."""
    drawn = parse_loss_model(model).draw(seed)
    lossy = [*records[:FIRST], *drop_lost(records[FIRST:], drawn)]
    while lossy and lossy[-1].packet is None:
        lossy.pop()
    return lossy


def results(job: Job) -> list[Result]:
    """Every player's scores of one clip."""
    pcm, found = read_clip(job.path), []
    for kind in job.kinds:
        for scheme in job.schemes:
            if scheme.fec and kind.name == "CELT":
                continue
            lossy = lose(stream(pcm, kind, scheme), job.model, job.number)
            original = pcm[: 320 * len(lossy)]
            played = opus_demo(lossy, scheme.complexity)
            found.append(Result(kind.name, scheme.name, "opus_demo", score(original, played)))
            for delay in job.delays if scheme.waits else job.delays[:1]:
                limit = None if delay == "no limit" else float(delay)
                heard, _ = listen(lossy, Settings(use=scheme.use, delay_ms=limit), len(original))
                player = delay if limit is None else f"{delay} ms"
                found.append(Result(kind.name, scheme.name, player, score(original, heard)))
    return found


def means(found: list[Result]) -> Iterator[dict[str, Any]]:
    """For each kind and scheme the mean scores of each player, and PESQ clip by clip."""
    for kind, scheme in dict.fromkeys((one.kind, one.scheme) for one in found):
        players: dict[str, list[Scores]] = {}
        for one in found:
            if (one.kind, one.scheme) == (kind, scheme):
                players.setdefault(one.player, []).append(one.scores)
        yield {
            "kind": kind,
            "scheme": scheme,
            "scores": {
                player: {
                    name: round(float(np.mean([getattr(one, name) for one in scores])), 4)
                    for name in MEASURES
                }
                for player, scores in players.items()
            },
            "pesq": {
                player: [round(one.pesq, 3) for one in scores] for player, scores in players.items()
            },
        }


def chosen(known: Iterable[Named], names: str | None) -> tuple[Named, ...]:
    """Those of the names, all if there are none.

    Raises:
        UsageError: ``compare.name``.
    """
    by_name = {one.name: one for one in known}
    wanted = names.split(",") if names else list(by_name)
    if unknown := [name for name in wanted if name not in by_name]:
        raise UsageError("compare.name", f"{unknown[0]!r} is none of {', '.join(by_name)}")
    return tuple(by_name[name] for name in wanted)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("audio", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--loss-model", "model", default="lossgen:20", show_default=True)
@click.option("--kinds", help="Of SILK, hybrid, CELT; all by default.")
@click.option("--schemes", help=f"Of {', '.join(one.name for one in SCHEMES)}; all by default.")
@click.option("--delays", default=",".join(DELAYS), show_default=True, help="In ms.")
@click.option("--jobs", default=1, show_default=True, help="Clips at a time.")
@click.option("--save", "name", help="Put the table into the page of the receiver, so named.")
@click.option("--json", "as_json", is_flag=True)
def main(
    audio: tuple[Path, ...],
    model: str,
    kinds: str | None,
    schemes: str | None,
    delays: str,
    jobs: int,
    name: str | None,
    as_json: bool,
) -> None:
    """Play AUDIO through libopus' streams with losses, by both receivers."""
    what = chosen(KINDS, kinds), chosen(SCHEMES, schemes), tuple(delays.split(","))
    work = [Job(number, path, model, *what) for number, path in enumerate(audio)]
    with ProcessPoolExecutor(jobs) as pool:
        found = [one for part in pool.map(results, work) for one in part]
    rows = list(means(found))
    if name is not None:
        options = [f'"{one}"' if " " in one else one for one in sys.argv[1:]]
        given = [one for one in options if one not in map(str, audio)]
        table = {
            "command": " ".join(["python -m tools.compare_receiver CLIPS", *given]),
            "clips": [path.stem for path in audio],
            "rows": rows,
        }
        save("receiver", load("receiver") | {name: table})
    if as_json:
        click.echo(json.dumps(rows))
        return
    players = list(dict.fromkeys(one.player for one in found))
    shown = Table("frames", "scheme", *players)
    for row in rows:
        scores = (row["scores"].get(player, {}) for player in players)
        cells = (" ".join(f"{one[key]:.2f}" for key in MEASURES if one) for one in scores)
        shown.add_row(row["kind"], row["scheme"], *cells)
    Console(width=140).print(shown)


if __name__ == "__main__":
    main()
