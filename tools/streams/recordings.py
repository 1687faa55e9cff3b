"""Twenty clips of real speech for ``dredref evaluate``: ``python -m tools.streams.recordings DIR``.

Thirteen are from Debian's ``pocketsphinx-testdata`` (LibriVox readings, commands), seven from
``alsa-utils`` (48 kHz spoken channel names); apt downloads both to a temporary folder. They are not
part of the repository: only the LibriVox readings are stated to be in the public domain.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import soundfile

from dredref.files import atomic_output, make_folder
from dredref.spec.errors import DredError
from tools.libopus import sources
from tools.streams.speech import RATE, READ_PACKAGE, READ_SUITE, Samples, load

PROMPT_PACKAGE = "alsa-utils"
PROMPTS = 7
BARE = ("goforward.raw", "numbers.raw", "something.raw")
"""Recordings of bare samples, 16 kHz."""


def unpacked(package: str, folder: Path) -> Path:
    """The files of a Debian package, downloaded to ``folder``."""
    apt = sources.Apt(folder, sources.find_mirror())
    apt.update([READ_SUITE], kind="deb")
    apt.run("apt-get", "download", package)
    (found,) = (folder / "get").glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", str(found), str(folder / "tree")], check=True)
    return folder / "tree"


def clips(folder: Path) -> Iterator[tuple[str, Samples]]:
    """Name and samples, 16 kHz, of every clip."""
    tree = unpacked(READ_PACKAGE, folder / "read")
    for path in sorted(tree.rglob("*.wav")):
        yield path.stem.removeprefix("sense_and_sensibility_01_austen_64kb-"), load(path)
    for name in BARE:
        (path,) = tree.rglob(name)
        yield path.stem, np.fromfile(path, "<i2").astype(np.int16)
    tree = unpacked(PROMPT_PACKAGE, folder / "prompts")
    prompts = [path for path in sorted(tree.rglob("*.wav")) if path.stem != "Noise"]
    for path in prompts[:PROMPTS]:
        yield path.stem, load(path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Write the clips as WAV files to FOLDER."""
    try:
        make_folder(folder)
        with tempfile.TemporaryDirectory(prefix="dredref-speech-") as name:
            for index, (title, samples) in enumerate(clips(Path(name)), 1):
                with atomic_output(folder / f"{index:02}-{title}.wav") as path:
                    soundfile.write(path, samples, RATE, subtype="PCM_16", format="WAV")
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
