"""The page of ``dredref diff``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dredref.conformance.diff.model import Difference
from dredref.conformance.report.plots import Plots, plot_audio, plot_features
from dredref.conformance.report.templates import render
from dredref.conformance.report.views import gauge
from dredref.conformance.report.write import put
from dredref.files import make_folder
from dredref.metrics.audio import AudioComparison
from dredref.metrics.features import FeatureComparison


def write_difference(found: Difference, folder: Path) -> None:
    """Write ``diff.html`` into a folder, which is made if it is not there.

    Raises:
        InputError: ``output.unwritable``.
    """
    make_folder(folder)
    page = render(
        "diff.html.j2",
        title=f"{found.kind}: {Path(found.names[0]).name} and {Path(found.names[1]).name}",
        found=found,
        measures=[gauge(one) for one in found.measures],
        plots=_plots(found),
    )
    put(folder / "diff.html", page)


def _plots(found: Difference) -> Plots:
    """What there is to see of a comparison."""
    limits = {one.name: one.limit for one in found.measures if one.limit is not None}
    if isinstance(found.detail, FeatureComparison):
        return plot_features(found.detail, limits)
    if isinstance(found.detail, AudioComparison):
        reference, candidate = (
            np.clip(np.rint(one), -32768, 32767).astype(np.int16)
            for one in (found.detail.reference, found.detail.candidate)
        )
        return plot_audio(reference, candidate, found.detail, limits)
    return Plots()
