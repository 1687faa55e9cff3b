"""What the Opus encoder's high-pass before DRED is worth: ``python -m tools.measured.highpass``.

``AUDIO...`` is coded by libopus 1.6.1. Its DRED is taken out and put in again by this project's
encoder, at the same levels and with as many chunks in each packet, from the audio as it is and
through each high-pass. The same packets are lost of all streams, and ``opus_demo`` plays them; PESQ
compares with the clip. Writes ``conformance/guides/highpass.md``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from dredref.cli.progress import progress
from dredref.conformance.adapters.libopus.codec import Encoder
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.evaluation.quality import pesq_wideband
from dredref.evaluation.run import Pcm, read_clip
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.insert import insert_dred, strip_dred
from dredref.payload.placement import Slot
from dredref.payload.writer import Levels
from dredref.spec.dred import build_payload, parse_payload
from dredref.spec.reading import read_packet
from dredref.streams import Record
from tools.compare_receiver import BASE, lose, opus_demo
from tools.measured.page import load, save

PACKET_48K, PRE_SKIP = 960, 312
SETTINGS = replace(BASE, rate=16_000, bitrate=56_000)
OURS = {"raw": "none", "60 Hz": "speech"}
"""Name of a stream of this project -> its high-pass."""


def libopus_stream(pcm: Pcm) -> list[bytes]:
    """The packets of libopus."""
    with Encoder(Peer("1.6.1"), SETTINGS) as encoder:
        return [one.packet for one in encoder.encode_all(pcm)]


def ours_like(packets: list[bytes], pcm: Pcm, highpass: str) -> tuple[list[bytes], Counter[str]]:
    """The same packets with this project's DRED in place of theirs, and integers by agreement."""
    theirs = [read_packet(packet).dred for packet in packets]
    levels = Counter((one.q0, one.dQ, one.qmax) for one in theirs if one is not None)
    settings = DredSettings(Levels(*levels.most_common(1)[0][0]), highpass=highpass)
    encoder = DredEncoder(16_000, pre_skip=PRE_SKIP, settings=replace(settings, skip_silence=False))
    encoder.feed(pcm)
    encoder.end()
    slots = [Slot(PACKET_48K * place, PACKET_48K) for place in range(len(packets))]
    made, integers = [], Counter[str]()
    for packet, due, payload in zip(packets, theirs, encoder.payloads(slots), strict=True):
        if due is None or payload is None:
            made.append(strip_dred(packet))
            continue
        whole = parse_payload(payload, due.version)
        cut = replace(whole, chunks=whole.chunks[: len(due.chunks)])
        made.append(insert_dred(packet, build_payload(cut, allow_unseen=True), due.version))
        if due.dred_offset == cut.dred_offset:
            newest = zip(due.chunks[0].latents, cut.chunks[0].latents, strict=True)
            integers.update("equal" if a == b else "other" for a, b in newest if a or b)
    return made, integers


def measure(path: Path, models: tuple[str, ...], number: int) -> dict[str, Any]:
    """PESQ of one clip, by model of loss and stream."""
    pcm = read_clip(path)
    pcm = pcm[: len(pcm) // 320 * 320]
    streams, equal = {"libopus": libopus_stream(pcm)}, {}
    for name, highpass in OURS.items():
        streams[name], counts = ours_like(streams["libopus"], pcm, highpass)
        equal[name] = counts["equal"] / max(counts.total(), 1)
    pesq: dict[str, dict[str, float]] = {}
    for model in models:
        for name, packets in streams.items():
            records = [
                Record(place, packet, timestamp_48k=PACKET_48K * place)
                for place, packet in enumerate(packets)
            ]
            lossy = lose(records, model, number)
            played = opus_demo(lossy, 5)
            found = pesq_wideband(pcm[: 320 * len(lossy)], played)
            pesq.setdefault(model, {})[name] = round(found, 3)
    return {"clip": path.stem, "pesq": pesq, "equal": {k: round(v, 4) for k, v in equal.items()}}


def summary(clips: list[dict[str, Any]], models: tuple[str, ...]) -> list[dict[str, Any]]:
    """For each loss, and all together, PESQ of each stream and how far below libopus' it is."""
    together = [models] if len(models) > 1 else []
    return [_row(clips, chosen) for chosen in (*((model,) for model in models), *together)]


def _row(clips: list[dict[str, Any]], models: tuple[str, ...]) -> dict[str, Any]:
    values = {
        name: np.array([one["pesq"][model][name] for model in models for one in clips])
        for name in ("libopus", *OURS)
    }
    gaps = {name: values["libopus"] - values[name] for name in OURS}
    return {
        "loss": " and ".join(models),
        "pesq": {name: round(float(one.mean()), 3) for name, one in values.items()},
        "gap": {
            name: {
                "mean": round(float(gap.mean()), 3),
                "within": round(float(1.96 * gap.std(ddof=1) / len(gap) ** 0.5), 3),
                "median": round(float(np.median(gap)), 3),
            }
            for name, gap in gaps.items()
        },
    }


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("audio", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--loss-model",
    "models",
    multiple=True,
    default=("lossgen:20", "gilbert:22,6.5"),
    show_default=True,
)
def main(audio: tuple[Path, ...], models: tuple[str, ...]) -> None:
    """Measure on AUDIO and write the page."""
    clips = []
    with progress("measuring", len(audio), "clips") as update:
        for number, path in enumerate(audio):
            clips.append(measure(path, models, number))
            update(len(clips))
    equal = {name: round(float(np.mean([one["equal"][name] for one in clips])), 3) for name in OURS}
    data = {
        "command": "python -m tools.measured.highpass CLIPS",
        "rows": summary(clips, models),
        "equal": equal,
        "clips": clips,
    }
    save("highpass", load("highpass") | data)
    for row in data["rows"]:
        click.echo(row)


if __name__ == "__main__":
    main()
