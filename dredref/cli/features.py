"""``dredref features``: the 20 acoustic features of speech."""

from __future__ import annotations

import click
import numpy as np
from numpy.typing import NDArray

from dredref.audio import open_audio
from dredref.cli.options import (
    arithmetic_option,
    audio_options,
    audio_source,
    json_option,
    tell,
)
from dredref.cli.progress import progress, verbose_option
from dredref.files import atomic_output
from dredref.resample import Resampler
from dredref.vocoder.sizes import FEATURES


@click.command()
@click.argument("source", metavar="IN.wav", type=click.Path())
@click.argument("output", metavar="OUT.f32", type=click.Path())
@audio_options
@click.option(
    "--dred-version",
    type=click.Choice(["10", "12"]),
    default="12",
    show_default=True,
    help="Analyse as encoders of this version do.",
)
@arithmetic_option
@json_option
@verbose_option
def features(source: str, output: str, dred_version: str, as_json: bool) -> None:
    """Analyse the speech of IN.wav: 20 little-endian float32 for every 10 ms, into OUT.f32.

    WAV, FLAC, or bare samples (.sw: 16 bits, 16 kHz, mono). Other rates and stereo are converted
    to 16 kHz mono as the DRED encoder does. Samples that do not fill a frame are left out.
    """
    from dredref.analysis.analyser import FeatureAnalyser
    from dredref.analysis.tables import FRAME

    with (
        open_audio(audio_source(source)) as audio,
        atomic_output(output) as temporary,
        temporary.open("wb") as file,
        progress("analysing", audio.length / audio.rate, "s") as update,
    ):
        resampler = Resampler(audio.rate, audio.channels)
        analyser = FeatureAnalyser(version=int(dred_version))
        waiting: NDArray[np.int64] = np.zeros((1, 0), np.int64)
        done = 0
        for block in audio.blocks():
            waiting = np.concatenate([waiting, resampler.convert(block[None])], axis=1)
            whole = waiting.shape[1] // FRAME * FRAME
            file.write(analyser.analyse_q14(waiting[:, :whole])[0].astype("<f4").tobytes())
            waiting = waiting[:, whole:]
            done += len(block)
            update(done / audio.rate)
        rest = np.concatenate([waiting, resampler.flush()], axis=1)
        if rest.shape[1] >= FRAME:
            file.write(analyser.analyse_q14(rest[:, :FRAME])[0].astype("<f4").tobytes())
        vectors = file.tell() // (4 * FEATURES)
    result = {"vectors": vectors, "seconds": vectors / 100, "output": output}
    tell(result, f"{output}: {vectors} vectors of {FEATURES} numbers, one for every 10 ms", as_json)
