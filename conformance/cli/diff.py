"""``dredref diff``: where two results part."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from dredref.cli.groups import SuggestingGroup
from dredref.cli.options import Finite, stdout
from dredref.conformance.diff.compare import (
    AUDIO_LIMITS,
    FEATURE_LIMITS,
    diff_audio,
    diff_features,
    diff_packets,
)
from dredref.conformance.diff.model import Difference
from dredref.metrics.features import NAMES


@click.group(cls=SuggestingGroup)
def diff() -> None:
    """Compare two results: the first difference, the worst places, the thresholds.

    The first file is the reference. Exit code 0 if the second is within the thresholds (packets:
    equal), 1 if not, 2 if the two cannot be compared.
    """


def _shared(function: click.decorators.FC) -> click.decorators.FC:
    """The arguments and options of all three."""
    function = click.argument("candidate", type=click.Path())(function)
    function = click.argument("reference", type=click.Path())(function)
    folder = click.Path(path_type=Path)
    function = click.option("--report", type=folder, help="Folder for an HTML page.")(function)
    return click.option("--json", "as_json", is_flag=True, help="One JSON object.")(function)


@diff.command(short_help="Compare features.")
@click.option(
    "--thresholds",
    nargs=3,
    type=Finite(),
    default=tuple(FEATURE_LIMITS.values()),
    show_default=True,
    metavar="TOTAL MAX PITCH",
)
@_shared
def features(
    reference: str,
    candidate: str,
    thresholds: tuple[float, float, float],
    as_json: bool,
    report: Path | None,
) -> None:
    """Compare features: raw float32, .npy, or the .npz of dredref decode."""
    limits = dict(zip(FEATURE_LIMITS, thresholds, strict=True))
    _finish(diff_features(reference, candidate, limits), as_json, report)


@diff.command(short_help="Compare speech at 16 kHz.")
@click.option(
    "--thresholds",
    nargs=3,
    type=Finite(),
    default=tuple(AUDIO_LIMITS.values()),
    show_default=True,
    metavar="ERR4 ERR16 PITCH",
)
@click.option("--rate", type=int, help="Rate of files without a header; 16000 if not given.")
@click.option("--channel", type=click.IntRange(0), help="Which channel, if there are several.")
@_shared
def audio(
    reference: str,
    candidate: str,
    thresholds: tuple[float, float, float],
    rate: int | None,
    channel: int | None,
    as_json: bool,
    report: Path | None,
) -> None:
    """Compare speech at 16 kHz: WAV, FLAC, or raw 16-bit samples (.sw, .raw, .pcm, .s16)."""
    limits = dict(zip(AUDIO_LIMITS, thresholds, strict=True))
    found = diff_audio(reference, candidate, limits, rate=rate, channel=channel)
    _finish(found, as_json, report)


@diff.command(short_help="Compare two streams.")
@_shared
def packets(reference: str, candidate: str, as_json: bool, report: Path | None) -> None:
    """Compare two streams, or two outputs of dredref inspect --json."""
    _finish(diff_packets(reference, candidate), as_json, report)


def _finish(found: Difference, as_json: bool, report: Path | None) -> None:
    """Print, write, and end with the exit code."""
    if report is not None:
        from dredref.conformance.report.difference import write_difference

        write_difference(found, report)
    if as_json:
        click.echo(json.dumps(found.to_json()))
    else:
        _print(found, stdout)
        if report is not None:
            click.echo(f"report: {report / 'diff.html'}")
    sys.exit(0 if found.within else 1)


def _print(found: Difference, console: Console) -> None:
    """The comparison for people."""
    for note in found.notes:
        console.print(note, markup=False)
    for one in found.measures:
        style = "green" if one.kept else "red"
        limit = "" if one.limit is None else f" (limit {one.limit:g})"
        console.print(f"{one.name:<6} [{style}]{one.value:.6f}[/]{limit}")
    counts = ", ".join(f"{number} {name}" for name, number in found.counted.items())
    console.print(counts)
    if found.first is None:
        console.print("[green]equal[/]")
        return
    console.print(f"first difference: {found.first}", markup=False, soft_wrap=True)
    if found.first_over is not None and found.first_over != found.first:
        console.print(f"first over limit: {found.first_over}", markup=False, soft_wrap=True)
    if found.worst:
        console.print("worst places:")
    for place in found.worst:
        name = ""
        if found.kind == "features" and place.index is not None:
            name = f"  ({NAMES[place.index]})"
        console.print(f"  {place}{name}", markup=False, soft_wrap=True)
