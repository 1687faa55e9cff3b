"""The figures of a stream's page as PNG or SVG, drawn by matplotlib (extra ``plots``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dredref.extras import needs
from dredref.files import atomic_output
from dredref.pictures.gather import StreamPicture
from dredref.pictures.images import spectrogram
from dredref.spec.errors import UsageError

FORMATS = (".png", ".svg", ".pdf")
DEPTH_DB = 70
DRED, PLAIN, LOST, MARK = "#12797f", "#9aa5b1", "#c02b2b", "#b4500e"


def check_plot_path(path: str | Path) -> None:
    """Refuse a name that does not say PNG, SVG or PDF.

    Raises:
        UsageError: ``plot.format``.
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise UsageError(
            "plot.format", f"{path}: the name of a figure ends in {', '.join(FORMATS)}"
        )


def write_plot(picture: StreamPicture, path: str | Path) -> None:
    """Draw the timeline, reach, bytes, levels and spectrograms one above the other.

    Raises:
        UsageError: ``plot.format``.
        MissingExtraError: matplotlib is not installed.
        InputError: ``output.unwritable``.
    """
    check_plot_path(path)
    with needs("plots", "drawing figures"):
        from matplotlib.figure import Figure
    heights = [1.0, 1.2, 1.2, 1.0, *[1.4] * len(picture.sounds)]
    figure = Figure(figsize=(11, 1.4 + 1.15 * sum(heights)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    figure.suptitle(f"{Path(picture.source).name}\n{picture.summary.answer()}", fontsize=9)
    for draw, axis in zip((_packets, _reach, _bytes, _levels), axes, strict=False):
        draw(picture, axis)
    for sound, axis in zip(picture.sounds, axes[4:], strict=True):
        _spectrogram(picture, sound, axis)
    axes[0].set_xlim(0, max(picture.end_ms, 1) / 1000)
    axes[-1].set_xlabel("seconds", fontsize=8)
    for axis in axes:
        axis.tick_params(labelsize=7)
    with atomic_output(path) as temporary:
        # Without a date, the same stream gives the same file.
        metadata = {"Date": None} if Path(path).suffix.lower() == ".svg" else None
        kind = Path(path).suffix[1:].lower()
        figure.savefig(temporary, format=kind, dpi=120, metadata=metadata)


def _bars(picture: StreamPicture) -> tuple[Any, Any]:
    """Start and length of each packet in seconds."""
    starts = np.array([one.time_ms or 0.0 for one in picture.entries])
    lengths = np.array([one.duration_ms or 20.0 * max(1, one.lost) for one in picture.entries])
    return starts / 1000, lengths / 1000


def _packets(picture: StreamPicture, axis: Any) -> None:
    starts, lengths = _bars(picture)
    colours = [
        LOST if one.lost else PLAIN if one.chunks is None else DRED for one in picture.entries
    ]
    axis.bar(starts, 0.6, lengths, align="edge", color=colours, linewidth=0)
    lbrr = [place for place, one in enumerate(picture.entries) if one.lbrr]
    axis.bar(starts[lbrr], 0.12, lengths[lbrr], align="edge", color=MARK, linewidth=0)
    at = {one.index: start for one, start in zip(picture.entries, starts, strict=True)}
    for loss in picture.losses:
        middle = (loss.start_ms + loss.ms / 2) / 1000
        axis.plot([middle], [0.66], marker="v", color=DRED if loss.sources else LOST, ms=4)
        for source in loss.sources:
            along = np.linspace(at[source], middle, 24)
            arch = 0.66 + 0.36 * np.sin(np.linspace(0, np.pi, 24))
            axis.plot(along, arch, color=DRED, lw=0.8)
    axis.set_ylim(0, 1.1)
    axis.set_yticks([])
    _title(axis, "packets: with DRED, without (grey), lost (red), LBRR (orange); who covers a loss")


def _reach(picture: StreamPicture, axis: Any) -> None:
    starts, lengths = _bars(picture)
    reach = [one.reach_ms or 0 for one in picture.entries]
    axis.bar(starts, reach, lengths, align="edge", color=DRED, linewidth=0)
    _title(axis, "reach, ms")


def _bytes(picture: StreamPicture, axis: Any) -> None:
    starts, lengths = _bars(picture)
    whole = [one.bytes for one in picture.entries]
    dred = [(one.dred_bits or 0) / 8 for one in picture.entries]
    axis.bar(starts, whole, lengths, align="edge", color=PLAIN, linewidth=0)
    axis.bar(starts, dred, lengths, align="edge", color=DRED, linewidth=0)
    _title(axis, "bytes of each packet, DRED's below")


def _levels(picture: StreamPicture, axis: Any) -> None:
    starts, lengths = _bars(picture)
    known = [place for place, one in enumerate(picture.entries) if one.first_level is not None]
    low = np.array([picture.entries[place].first_level or 0 for place in known])
    high = np.array([picture.entries[place].last_level or 0 for place in known])
    span = np.maximum(high - low, 0.2)
    axis.bar(starts[known], span, lengths[known], low, align="edge", color=DRED, linewidth=0)
    axis.set_ylim(0, 15.5)
    _title(axis, "levels, newest chunk (fine) to oldest (coarse)")


def _spectrogram(picture: StreamPicture, sound: Any, axis: Any) -> None:
    columns = min(4000, max(1, len(sound.pcm) // 160))
    levels = spectrogram(sound.pcm, columns)
    top = float(np.max(levels, initial=0.0))
    start = picture.sound_start_ms / 1000
    extent = (start, start + len(sound.pcm) / 16_000, 0, 8)
    axis.imshow(levels, aspect="auto", extent=extent, vmin=top - DEPTH_DB, vmax=top, cmap="viridis")
    _title(axis, f"{sound.name}, kHz: {sound.caption}")


def _title(axis: Any, text: str) -> None:
    axis.set_title(text, loc="left", fontsize=8)


__all__ = ["FORMATS", "check_plot_path", "write_plot"]
