"""Makes ``vectors/audio``: ``python -m tools.streams.speech``.

Read speech is LibriVox' public-domain recording of *Sense and Sensibility*, as Debian ships parts
of it in ``pocketsphinx-testdata``; it is downloaded by apt to a temporary folder and unpacked
there. Synthetic speech is spoken by ``espeak-ng``, which must be installed. Both end as 16 kHz mono
FLAC, with ``PROVENANCE.json`` beside them: origin, licence, length, and the SHA-256 of the samples
(a FLAC file's own digest depends on the version of the FLAC library).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import soundfile

from dredref.files import atomic_output
from dredref.spec.errors import DredError, InputError
from tools.libopus import sources
from tools.streams.resample import resample

Samples = npt.NDArray[np.int16]
FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "audio"
RATE = 16_000
READ_PACKAGE, READ_SUITE = "pocketsphinx-testdata", "bookworm"
READ_PREFIX = "sense_and_sensibility_01_austen_64kb-"


@dataclass(frozen=True, slots=True)
class Read:
    """A recording in the Debian package, by the number in its file name."""

    number: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text for the synthesiser."""

    voice: str
    words_per_minute: int
    text: str


CLIPS: dict[str, Read | Spoken] = {
    "librivox-1": Read("0870"),
    "librivox-2": Read("0890"),
    "librivox-3": Read("0880"),
    "espeak-1": Spoken("en-gb", 170, "One lost packet is told again by the next, nobody hears."),
    "espeak-2": Spoken("de+f3", 165, "Ein kleines Paket geht verloren, und keiner merkt es."),
}


def read(name: str) -> Samples:
    """The samples of a committed clip, 16 kHz mono.

    Raises:
        InputError: ``speech.unknown`` if there is none of that name.
    """
    path = FOLDER / f"{name}.flac"
    if not path.is_file():
        raise InputError("speech.unknown", f"no clip {name} in {FOLDER.name}")
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE
    return np.asarray(samples, np.int16)


def digest(samples: Samples) -> str:
    """SHA-256 of the samples as little-endian 16-bit integers."""
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def load(path: Path) -> Samples:
    """A recording as 16 kHz mono samples."""
    samples, rate = soundfile.read(path, dtype="int16")
    return resample(np.asarray(samples, np.int16), rate, RATE)


def recordings(folder: Path) -> tuple[Path, dict[str, str]]:
    """The unpacked folder of recordings, and where the package came from."""
    apt = sources.Apt(folder, sources.find_mirror())
    apt.update([READ_SUITE], kind="deb")
    apt.run("apt-get", "download", READ_PACKAGE)
    (package,) = (folder / "get").glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "tree")], check=True)
    found = next((folder / "tree").rglob(f"{READ_PREFIX}*.wav")).parent
    origin = {
        "package": READ_PACKAGE,
        "version": package.name.split("_")[1],
        "package_sha256": sources.sha256(package),
    }
    return found, origin


def speak(spoken: Spoken, path: Path) -> Samples:
    """Let the synthesiser speak."""
    command = ["espeak-ng", "-v", spoken.voice, "-s", str(spoken.words_per_minute), "-w", str(path)]
    subprocess.run([*command, spoken.text], check=True)
    return load(path)


def make(folder: Path) -> None:
    """Write every clip and its provenance to ``folder``.

    Raises:
        InputError: ``apt.*``, or ``speech.no_synthesiser``.
    """
    if shutil.which("espeak-ng") is None:
        raise InputError("speech.no_synthesiser", "espeak-ng is not installed")
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True).stdout
    entries = {}
    with tempfile.TemporaryDirectory(prefix="dredref-speech-") as name:
        wavs, package = recordings(Path(name))
        for clip, origin in CLIPS.items():
            if isinstance(origin, Read):
                wav = wavs / f"{READ_PREFIX}{origin.number}.wav"
                samples = load(wav)
                entry = {
                    **package,
                    "file": wav.name,
                    "work": "Jane Austen, Sense and Sensibility, read for LibriVox",
                    "licence": "public domain",
                }
            else:
                samples = speak(origin, Path(name) / "spoken.wav")
                entry = {
                    "synthesiser": " ".join(version.split("Data at")[0].split()),
                    **{key: str(value) for key, value in asdict(origin).items()},
                    "licence": "public domain (the text is this project's own)",
                }
            with atomic_output(folder / f"{clip}.flac") as path:
                soundfile.write(path, samples, RATE, format="FLAC", subtype="PCM_16")
            entries[clip] = {**entry, "samples": len(samples), "samples_sha256": digest(samples)}
    with atomic_output(folder / "PROVENANCE.json") as path:
        path.write_text(json.dumps(entries, indent=2) + "\n")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make the clips of vectors/audio again."""
    FOLDER.mkdir(exist_ok=True)
    try:
        make(FOLDER)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
