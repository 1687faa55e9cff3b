"""A stream as one HTML page that stands alone: it loads nothing and needs no server."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dredref.files import atomic_output
from dredref.pictures.gather import NAMES, StreamPicture
from dredref.pictures.sounds import shown
from dredref.receiver.receiver import SOURCES


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("dredref.pictures", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_of(picture: StreamPicture) -> str:
    """Return the page."""
    summary = picture.summary
    return (
        _environment()
        .get_template("stream.html.j2")
        .render(
            picture=picture,
            name=Path(picture.source).name if picture.source != "-" else "standard input",
            figures=_figures(picture),
            answer=summary.answer(),
            sounds=shown(picture.sounds),
            losses=[_loss(picture, number) for number in range(len(picture.losses))],
            loss_columns=_loss_columns(picture),
            data=_data(picture),
            version=version("dredref"),
        )
    )


def write_page(picture: StreamPicture, path: str | Path) -> None:
    """Write the page.

    Raises:
        InputError: ``output.unwritable``.
    """
    text = page_of(picture)
    with atomic_output(path) as temporary:
        temporary.write_text(text, "utf-8")


def _figures(picture: StreamPicture) -> list[tuple[str, str]]:
    """The numbers at the top: name and value."""
    summary = picture.summary
    found = [
        ("length", f"{picture.end_ms / 1000:.1f} s"),
        ("packets", f"{summary.records}"),
        ("lost", f"{summary.lost}"),
        ("with DRED", f"{summary.with_dred}"),
    ]
    if summary.with_dred:
        found.append(("mean reach", f"{summary.covered.mean:.0f} ms"))
    if summary.bits_per_second:
        found.append(("bit rate", f"{summary.bits_per_second / 1000:.1f} kb/s"))
    if summary.with_dred and summary.dred_bits_per_second:
        found.append(("of it DRED", f"{summary.dred_bits_per_second / 1000:.1f} kb/s"))
    return found


def _loss(picture: StreamPicture, number: int) -> dict[str, Any]:
    """One loss as a row of the table."""
    loss = picture.losses[number]
    return {
        "start": f"{loss.start_ms / 1000:.3f}",
        "ms": f"{loss.ms:g}",
        "packets": loss.packets,
        "parts": [loss.parts.get(source, 0) for source, _ in _loss_columns(picture)],
        "held": loss.held,
        "sources": ", ".join(map(str, loss.sources)) or "none",
    }


def _loss_columns(picture: StreamPicture) -> list[tuple[str, str]]:
    """The sources that any loss was concealed from, the best first, and their names."""
    used = {source for loss in picture.losses for source in loss.parts}
    return [(source, NAMES.get(source, source)) for source in SOURCES if source in used]


def _data(picture: StreamPicture) -> dict[str, Any]:
    """What the script draws: packets as columns, losses, and where the sound begins."""
    entries = picture.entries
    columns = {
        "index": [one.index for one in entries],
        "seq": [one.sequence for one in entries],
        "t": [_short(one.time_ms) for one in entries],
        "ms": [_short(one.duration_ms) for one in entries],
        "bytes": [one.bytes for one in entries],
        "lost": [one.lost for one in entries],
        "mode": [one.mode and f"{one.mode} {one.bandwidth}" for one in entries],
        "lbrr": [int(bool(one.lbrr)) for one in entries],
        "chunks": [one.chunks for one in entries],
        "reach": [_short(one.reach_ms) for one in entries],
        "offset": [_short(one.offset_ms) for one in entries],
        "low": [one.first_level for one in entries],
        "high": [one.last_level for one in entries],
        "bits": [_short(one.dred_bits) for one in entries],
        "wrong": [" ".join(one.violations) for one in entries],
        "absence": [one.absence for one in entries],
    }
    losses = [
        {
            "t": _short(one.start_ms),
            "ms": _short(one.ms),
            "sources": list(one.sources),
            "whole": one.left == 0,
            "none": one.recovered + one.held == 0,
        }
        for one in picture.losses
    ]
    return {
        "packets": columns,
        "losses": losses,
        "end": _short(picture.end_ms),
        "sound": _short(picture.sound_start_ms),
        "spectrograms": [{"name": one.name, "ms": len(one.pcm) / 16} for one in picture.sounds],
    }


def _short(value: float | None) -> float | None:
    """A number in few digits."""
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 3)


__all__ = ["page_of", "write_page"]
