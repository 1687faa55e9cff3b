"""``dredref model rate``: bits a second against what features lose, by quantizer level."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dredref.cli.options import stdout
from dredref.cli.progress import progress, verbose_option
from dredref.cli.tables import plain_table
from dredref.extras import needs
from dredref.files import atomic_output
from dredref.model import load
from dredref.spec.errors import UsageError

if TYPE_CHECKING:
    from dredref.evaluation.rate import Point


@click.command(short_help="Measure an RDOVAE model on speech.")
@click.argument("audio", nargs=-1, required=True, metavar="AUDIO...")
@click.option("--encoder", metavar="FILE", help="RDOVAE encoder other than the packaged one.")
@click.option("--decoder", metavar="FILE", help="RDOVAE decoder other than the packaged one.")
@click.option(
    "--dred-version",
    type=click.Choice(["10", "12"]),
    default="12",
    show_default=True,
    help="DRED version of the quantizer tables.",
)
@click.option("--plot", metavar="FILE", help="Draw the curve too: .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@verbose_option
def rate(
    audio: tuple[str, ...],
    encoder: str | None,
    decoder: str | None,
    dred_version: str,
    plot: str | None,
    as_json: bool,
) -> None:
    """Measure an RDOVAE model on speech: rate and distortion at every level.

    Each payload holds 800 ms of AUDIO at a constant level, header and state included; distortion is
    the root mean square difference of the decoded features from those that were encoded.
    """
    from dredref.evaluation.rate import LEVELS, rate_distortion
    from dredref.evaluation.run import read_clip

    if plot is not None and Path(plot).suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError("output.suffix", f"{plot}: a plot ends in .png, .svg or .pdf")
    sender, receiver = (None if path is None else load(path) for path in (encoder, decoder))
    with progress("measuring", len(LEVELS), "levels") as update:
        clips = [read_clip(path) for path in audio]
        points = list(rate_distortion(clips, int(dred_version), sender, receiver, update))
    if plot is not None:
        draw(
            points, Path(plot), f"version {dred_version}, {len(clips)} clip{'s' * (len(clips) > 1)}"
        )
    if as_json:
        rows = [asdict(point) for point in points]
        click.echo(json.dumps({"dred_version": int(dred_version), "levels": rows}))
        return
    table = plain_table("level", "bits/s", "cepstrum RMS", "pitch RMS, octaves", "voicing RMS")
    for point in points:
        figures = (point.cepstrum_rms, point.pitch_rms, point.voicing_rms)
        cells = [f"{figure:.3f}" for figure in figures]
        table.add_row(str(point.level), f"{point.bits_per_second:.0f}", *cells)
    stdout.print(table)


def draw(points: Sequence[Point], path: Path, title: str) -> None:
    """Draw rate against distortion.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: ``output.unwritable``.
    """
    with needs("plots", "drawing the curve"):
        from matplotlib.figure import Figure
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.add_subplot()
    rates = [point.bits_per_second for point in points]
    losses = [point.cepstrum_rms for point in points]
    axes.plot(rates, losses, marker="o", color="#0b5cad")
    for point in points:
        axes.annotate(
            str(point.level),
            (point.bits_per_second, point.cepstrum_rms),
            xytext=(4, 5),
            textcoords="offset points",
            fontsize=8,
        )
    axes.set_xlabel("bits a second of speech, header and state included")
    axes.set_ylabel("cepstrum RMS difference")
    axes.set_title(f"RDOVAE rate and distortion by level: {title}", fontsize=10)
    axes.set_ylim(0, 1.08 * max(losses))
    axes.grid(alpha=0.3)
    with atomic_output(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=120)
