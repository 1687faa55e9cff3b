"""How the reference encoder measures up to libopus: ``python -m tools.compare_encoder``.

Prints each figure next to its bar, and ends with 1 if a bar is missed. ``--all`` aligns every pair
of sample rate and packet duration, not just each once.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from dredref.conformance.adapters.libopus.codec import Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.encode import DredRequest, EncodeRequest
from dredref.inject import InjectRequest, inject_file, strip_file
from dredref.payload.writer import Levels
from tools.encoder.material import CLIPS, SILENCES_MS, clip, interrupted
from tools.encoder.streams import (
    FRAMES_MS,
    RATES,
    alignment_of_libopus,
    alignment_of_ours,
    decodes_differently,
    encode_clip,
    packets_of,
    read_differently,
)
from tools.encoder.symbols import (
    Coded,
    Counts,
    features_apart,
    fidelity,
    ours,
    ours_at,
    symbols_apart,
    theirs_at,
)
from tools.encoder.symbols import theirs as coded_by

LIKE_LIBOPUS = Levels(6, 5, 15)
LEVELS = ((LIKE_LIBOPUS, 20), (Levels(9, 3, 15), 20), (Levels(2, 2, 12), 8))


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure."""

    group: str
    name: str
    value: float
    limit: float | None = None
    """The bar; None where the figure is there to compare with."""
    at_least: bool = False
    """Whether the bar is a floor, not a ceiling."""

    @property
    def met(self) -> bool | None:
        """Whether the bar is met."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def feature_figures(plain: dict[str, Coded], default: dict[str, Coded]) -> Iterator[Figure]:
    """Features of each clip against libopus' portable path."""
    limits = {"total": 0.02, "max": 0.02, "pitch": 0.001}
    for name in CLIPS:
        mine = features_apart(plain[name], ours(name)).measures
        its = features_apart(plain[name], default[name]).measures
        for measure, limit in limits.items():
            yield Figure("features", f"{name}, {measure}", mine[measure], limit)
            yield Figure("features", f"{name}, {measure}, default build", its[measure])


def symbol_figures(plain: dict[str, Coded], default: dict[str, Coded]) -> Iterator[Figure]:
    """Integers that take a symbol, for packets of full reach."""
    for levels in (LIKE_LIBOPUS, Levels(9, 5, 15), Levels(0, 2, 15)):
        mine, its = Counts(), Counts()
        for name in CLIPS:
            mine += symbols_apart(plain[name], ours(name), levels)
            its += symbols_apart(plain[name], default[name], levels)
        what = f"q0 {levels.q0}, dQ {levels.dQ}"
        yield Figure("integers", f"{what}, equal", mine.share_equal, 0.98, at_least=True)
        yield Figure("integers", f"{what}, equal, default build", its.share_equal)
        yield Figure("integers", f"{what}, further than 1", mine.share_further, 0.0)
        yield Figure("integers", f"{what}, further than 1, default build", its.share_further)


def converted_figures(plain: Peer, default: Peer) -> Iterator[Figure]:
    """The same for audio of 48 kHz, which each encoder converts by itself."""
    mine, its = Counts(), Counts()
    for name in CLIPS:
        reference = theirs_at(name, 48_000, plain)
        mine += symbols_apart(reference, ours_at(name, 48_000), LIKE_LIBOPUS)
        its += symbols_apart(reference, theirs_at(name, 48_000, default), LIKE_LIBOPUS)
    for whose, counts in (("", mine), (", default build", its)):
        yield Figure("integers", f"48 kHz input, equal{whose}", counts.share_equal)
        yield Figure("integers", f"48 kHz input, further than 1{whose}", counts.share_further)


def fidelity_figures(plain: Peer) -> Iterator[Figure]:
    """Bits, and what libopus decodes from them."""
    for levels, chunks in LEVELS:
        for name in CLIPS:
            found = fidelity(name, plain, levels, chunks)
            what = f"{name}, q0 {levels.q0}, dQ {levels.dQ}, qmax {levels.qmax}"
            yield Figure("bits", f"{what}, apart", abs(found.bits_ratio - 1), 0.01)
            yield Figure("fidelity", f"{what}, total error ratio", found.error_ratio, 1.01)


def stream_figures(peer: Peer, folder: Path) -> Iterator[Figure]:
    """Packets of encode and inject that libopus reads or decodes otherwise than it should."""
    for frame_ms in FRAMES_MS:
        request = EncodeRequest(
            bitrate=64_000, frame_ms=frame_ms, application="audio", dred=DredRequest(q0=6, dQ=3)
        )
        first = encode_clip(folder, clip("librivox-2")[:48_000], 16_000, request)
        strip_file(first, folder / "plain.opus")
        second = folder / "injected.opus"
        injection = InjectRequest(dred=DredRequest(q0=4, dQ=4, qmax=12))
        inject_file(folder / "plain.opus", folder / "in.wav", second, injection)
        for verb, path in (("encode", first), ("inject", second)):
            packets = packets_of(path)
            what = f"{verb}, {frame_ms:g} ms"
            misread = len({one.packet for one in read_differently(packets, peer)})
            yield Figure("streams", f"{what}, packets misread", misread, 0)
            differ = len(decodes_differently(packets, peer))
            yield Figure("streams", f"{what}, packets with other PCM", differ, 0)


def alignment_figures(peer: Peer, folder: Path, every_pair: bool) -> Iterator[Figure]:
    """Packets whose speech stands more than 10 ms from where it was; libopus beside."""
    once = [(rate, 20.0) for rate in RATES] + [(16_000, float(ms)) for ms in FRAMES_MS if ms != 20]
    pairs = [(rate, float(ms)) for rate in RATES for ms in FRAMES_MS] if every_pair else once
    speech = interrupted()
    for rate, frame_ms in pairs:
        summary = alignment_of_ours(folder, speech, rate, frame_ms)
        what = f"{rate} Hz, {frame_ms:g} ms"
        yield Figure("alignment", f"{what}, packets off", len(summary.off), 0)
        yield Figure("alignment", f"{what}, median, ms", abs(summary.median_ms or 0), 2.5)
    for silence in SILENCES_MS:
        settings = Settings(bitrate=64_000, dred=100)
        late = alignment_of_libopus(peer, interrupted((silence,)), settings).off
        worst = max((one.error_ms or 0 for one in late), default=0)
        yield Figure("alignment", f"libopus, {silence} ms of silence, packets off", len(late))
        yield Figure("alignment", f"libopus, {silence} ms of silence, worst, ms", worst)


def figures(every_pair: bool) -> Iterator[Figure]:
    """Every figure."""
    plain, default = Peer("1.6.1-c"), Peer("1.6.1")
    of_plain = {name: coded_by(name, plain) for name in CLIPS}
    of_default = {name: coded_by(name, default) for name in CLIPS}
    yield from feature_figures(of_plain, of_default)
    yield from symbol_figures(of_plain, of_default)
    yield from converted_figures(plain, default)
    yield from fidelity_figures(plain)
    with tempfile.TemporaryDirectory() as folder:
        yield from stream_figures(default, Path(folder))
        yield from alignment_figures(default, Path(folder), every_pair)


@click.command()
@click.option("--all", "every_pair", is_flag=True, help="Align every rate with every duration.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(every_pair: bool, as_json: bool) -> None:
    """Measure the reference encoder against libopus 1.6.1."""
    found = []
    table = Table(box=None, pad_edge=False)
    for heading in ("group", "figure"):
        table.add_column(heading)
    for heading in ("value", "bar", ""):
        table.add_column(heading, justify="right")
    for figure in figures(every_pair):
        found.append(figure)
        sign = "" if figure.limit is None else ("≥ " if figure.at_least else "≤ ")
        bar = "" if figure.limit is None else f"{sign}{figure.limit:g}"
        verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
        table.add_row(figure.group, figure.name, f"{figure.value:.6g}", bar, verdict)
    if as_json:
        click.echo(json.dumps([asdict(figure) for figure in found], indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 120).print(table)
    missed = sum(figure.met is False for figure in found)
    if missed:
        click.echo(f"{missed} bars missed", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
