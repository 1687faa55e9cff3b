"""Makes ``spec/streams`` again: ``python -m tools.streams.make [--check] [NAMES...]``.

Speech comes from ``vectors/audio``, packets from the plain builds of libopus, so that the bytes
depend on neither the machine's vector unit nor a download. ``MANIFEST.json`` says of every stream
what it shows and how it was made, its SHA-256, and what libopus' own parser finds in it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track as progress

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.codec import Encoder, MultistreamEncoder, Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.files import atomic_output
from dredref.spec.errors import DredError
from dredref.streams.opushead import OpusHead
from tools.libopus import sources
from tools.streams import containers, speech
from tools.streams.cases import Case, Piece, cases
from tools.streams.containers import Sent, Track
from tools.streams.resample import resample

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "streams"
MANIFEST = "MANIFEST.json"

Samples = npt.NDArray[np.int16]


def heard(pieces: Sequence[Piece]) -> Samples:
    """The pieces one after the other, 16 kHz."""
    parts = []
    for piece in pieces:
        length = piece.length * speech.RATE // 1000
        if piece.clip == "silence":
            parts.append(np.zeros(length, np.int16))
        else:
            start = piece.start * speech.RATE // 1000
            parts.append(speech.read(piece.clip)[start : start + length])
    return np.concatenate(parts)


def audio(case: Case) -> Samples:
    """What the encoder is given: [n] for one channel, [n, channels] for more."""
    rows = [resample(heard(pieces), speech.RATE, case.settings.rate) for pieces in case.audio]
    if len(rows) == 1:
        return rows[0]
    length = min(len(row) for row in rows)
    return np.stack([row[:length] for row in rows], axis=1)


def encode(case: Case, peer: Peer) -> Track:
    """The packets of a case."""
    settings = case.settings
    duration = settings.frame_size * 48_000 // settings.rate
    if settings.channels > 2:
        with MultistreamEncoder(peer, settings) as many:
            packets = [(packet, 0) for packet in many.encode_all(audio(case))]
            layout = {"streams": many.streams, "coupled": many.coupled, "mapping": many.mapping}
        with Encoder(peer, dataclasses.replace(settings, channels=1)) as one:
            skip = one.lookahead
        family = 1
    else:
        with Encoder(peer, settings) as encoder:
            packets = [(e.packet, e.final_range) for e in encoder.encode_all(audio(case))]
            skip = encoder.lookahead
        family, layout = 0, {"coupled": settings.channels - 1}
    sent = [Sent(k, data, final, k in case.lost) for k, (data, final) in enumerate(packets)]
    skip = skip * 48_000 // settings.rate
    head = OpusHead(settings.channels, skip, settings.rate, 0, family, **layout)  # type: ignore[arg-type]
    return Track(sent, duration, head)


def summary(track: Track, peer: Peer) -> dict[str, int]:
    """What libopus finds in the packets that arrive."""
    arriving = [sent.data for sent in track.packets if not sent.lost]
    found = {"packets": len(arriving), "lost": len(track.packets) - len(arriving)}
    if track.head.family:
        return found
    batch = peer.parse(arriving)
    dred = batch.summary[batch.summary["found"] == 1]
    found |= {"packets_with_dred": len(dred), "chunks": int(dred["nb_chunks"].sum())}
    if len(dred):
        offsets = dred["dred_offset"]
        found |= {
            "most_chunks": int(dred["nb_chunks"].max()),
            "lowest_dred_offset": int(offsets.min()),
            "highest_dred_offset": int(offsets.max()),
        }
    return found


def options(settings: Settings) -> dict[str, Any]:
    """The settings that are not left to libopus."""
    return {key: value for key, value in dataclasses.asdict(settings).items() if value is not None}


def entry(case: Case, track: Track, peer: Peer, path: Path) -> dict[str, Any]:
    """What the manifest says of a stream."""
    known: Any = builds.manifest()
    source = known["sources"][peer.build.recipe.source]
    return {
        "name": path.name,
        "shows": case.shows,
        "codec": {
            "library": f"libopus {source['upstream']}",
            "package": f"{source['package']} {source['version']}",
            "build": "plain portable path",
            "dred_version": peer.version,
        },
        "options": options(case.settings),
        "audio": [[f"{p.clip} {p.start}+{p.length} ms" for p in row] for row in case.audio],
        "licence": "audio: public domain, see vectors/audio/PROVENANCE.json",
        "container": case.container,
        "lost": sorted(case.lost),
        "late": sorted(case.swapped),
        "bytes": path.stat().st_size,
        "sha256": sources.sha256(path),
        "expected": summary(track, peer),
    }


def file_name(case: Case) -> str:
    """The stream's name with its container's suffix."""
    return f"{case.name}.{case.container}"


def make(chosen: Sequence[Case], folder: Path, *, show: bool) -> list[dict[str, Any]]:
    """Write the streams into ``folder``; their entries for the manifest."""
    peers = {name: Peer(name) for name in {case.build for case in chosen}}
    entries = []
    for case in progress(chosen, "streams", console=Console(stderr=True), disable=not show):
        peer = peers[case.build]
        track = encode(case, peer)
        with atomic_output(folder / file_name(case)) as path:
            containers.write(track, path, case.container, case.swapped)
        entries.append(entry(case, track, peer, folder / file_name(case)))
    return entries


def manifest(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """The committed manifest, entries by file name."""
    text = (folder / MANIFEST).read_text()
    return {entry["name"]: entry for entry in json.loads(text)["streams"]}


def write_manifest(entries: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the manifest of all streams."""
    about = "Real Opus streams with DRED; made by python -m tools.streams.make"
    with atomic_output(folder / MANIFEST) as path:
        content = {"about": about, "streams": list(entries)}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1)
@click.option("--check", is_flag=True, help="make them elsewhere and compare with what is here")
def main(names: tuple[str, ...], check: bool) -> None:
    """Make the streams named (all if none) and their entries in the manifest."""
    chosen = [case for case in cases() if not names or case.name in names]
    show = sys.stderr.isatty()
    try:
        if check:
            with tempfile.TemporaryDirectory(prefix="dredref-streams-") as name:
                differing = compare(make(chosen, Path(name), show=show), manifest())
            print("\n".join(differing) or f"{len(chosen)} streams are the same")
            sys.exit(1 if differing else 0)
        FOLDER.mkdir(exist_ok=True)
        entries = {e["name"]: e for e in make(chosen, FOLDER, show=show)}
        before = manifest() if (FOLDER / MANIFEST).is_file() else {}
        order = [file_name(case) for case in cases()]
        merged = {**before, **entries}
        write_manifest([merged[name] for name in order if name in merged], FOLDER)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def compare(entries: list[dict[str, Any]], known: dict[str, dict[str, Any]]) -> list[str]:
    """The names of entries that differ from those known."""
    return [e["name"] for e in entries if known.get(e["name"]) != e]


if __name__ == "__main__":
    main()
