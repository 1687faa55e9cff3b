"""The drop-in ``dred_compare`` next to upstream's, on the same files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.conformance.adapters.libopus.peer import Peer
from tools.compat import dred_compare

OURS = Path(dred_compare.__file__).with_name("dred_compare")


@pytest.fixture(scope="module")
def upstream(peer_161: Peer) -> Path:
    """Upstream's program."""
    return peer_161.build.program("dred_compare")


def run(program: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and what was said."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.returncode, done.stderr


def numbers(text: str) -> list[float]:
    """The three figures of the first line."""
    return [float(x) for x in re.findall(r"= (-?[\d.]+|-?nan)", text)]


def clip(seed: int, seconds: float) -> NDArray[np.float64]:
    """Buzzes, noise and silence in turn."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(16000 * seconds)) / 16000
    pitch = 130 + 40 * np.sin(2 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    voice = sum(np.sin(k * phase) / k for k in range(1, 15)) * 5000 * (np.sin(5 * time) > -0.3)
    hiss = draw.normal(0, 900, time.size) * (np.sin(3 * time) > 0.4)
    return np.asarray(voice + hiss)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Pairs of s16 files, from nearly equal to unlike, short and long."""
    folder = tmp_path_factory.mktemp("clips")
    pairs = []
    for number, (seconds, noise) in enumerate([(0.06, 50), (1.0, 3), (3.0, 200), (7.0, 2000)]):
        x = clip(number, seconds)
        y = x + np.random.default_rng(9).normal(0, noise, x.size)
        names = []
        for name, signal in (("x", x), ("y", y)):
            path = folder / f"{number}{name}.sw"
            path.write_bytes(np.clip(np.rint(signal), -32768, 32767).astype("<i2").tobytes())
            names.append(str(path))
        pairs.append((names[0], names[1]))
    return pairs


@pytest.mark.peer
def test_audio_agrees_with_upstream(upstream: Path, clips: list[tuple[str, str]]) -> None:
    for x, y in clips:
        for options in ([], ["-skip", "160"]):
            arguments = ["-audio", *options, x, y]
            theirs, ours = run(upstream, *arguments), run(OURS, *arguments)
            assert ours[0] == theirs[0]
            if options:
                assert ours[1] == theirs[1]  # too short by what is skipped
            else:
                assert numbers(ours[1]) == pytest.approx(
                    numbers(theirs[1]), rel=1e-3, abs=2e-6, nan_ok=True
                )


@pytest.mark.peer
def test_skip_and_formats_agree(upstream: Path, tmp_path: Path) -> None:
    x = clip(5, 2.0) / 32768
    y = np.concatenate([np.zeros(80), x + 0.01 * clip(6, 2.0) / 32768])
    for form in ("-s16", "-s24", "-f32"):
        paths = []
        for name, signal in (("x", x), ("y", y)):
            if form == "-f32":
                content = signal.astype("<f4").tobytes()
            elif form == "-s16":
                content = np.rint(32768 * signal).astype("<i2").tobytes()
            else:
                wide = np.rint(8388608 * signal).astype("<i4")
                content = wide.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
            (tmp_path / name).write_bytes(content)
            paths.append(str(tmp_path / name))
        arguments = ["-audio", form, "-skip", "80", "-thresholds", "0.25", "1.0", "0.15", *paths]
        theirs, ours = run(upstream, *arguments), run(OURS, *arguments)
        assert ours[0] == theirs[0]
        assert numbers(ours[1]) == pytest.approx(numbers(theirs[1]), rel=1e-3, abs=2e-6)
        assert ours[1].splitlines()[1:] == theirs[1].splitlines()[1:]


@pytest.mark.peer
def test_features_agree_with_upstream(upstream: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    x, y = str(tmp_path / "x"), str(tmp_path / "y")
    for frames, surplus, noise in (
        (1, 0, 0.1),
        (100, 3, 0.01),
        (3000, 0, 0.5),
        (0, 0, 1),
        (5, -1, 0),
    ):
        reference = draw.normal(0, 1, (frames, 20)).astype("<f4")
        candidate = draw.normal(0, 1, (max(0, frames + surplus), 20)).astype("<f4")
        common = min(len(reference), len(candidate))
        candidate[:common] = reference[:common] + noise * candidate[:common]
        Path(x).write_bytes(reference.tobytes())
        Path(y).write_bytes(candidate.tobytes())
        for limits in ([], ["-thresholds", "0.5", "0.15", "0.02"]):
            theirs = run(upstream, "-features", *limits, x, y)
            ours = run(OURS, "-features", *limits, x, y)
            assert ours[0] == theirs[0], (frames, theirs)
            assert numbers(ours[1]) == pytest.approx(
                numbers(theirs[1]), rel=1e-3, abs=2e-6, nan_ok=True
            )
            assert ours[1].splitlines()[1:] == theirs[1].splitlines()[1:]


@pytest.mark.peer
def test_misuse_fails_as_upstream(upstream: Path, tmp_path: Path) -> None:
    there = str(tmp_path / "there")
    Path(there).write_bytes(bytes(1000))
    for arguments in (
        [],
        ["-audio"],
        ["-loud", there, there],
        ["-audio", there, "missing"],
        ["-features", "missing", there],
        ["-audio", there, there],
        ["-audio", "-s8", there, there],
        ["-features", "-thresholds", "1", there, there],
    ):
        theirs, ours = run(upstream, *arguments), run(OURS, *arguments)
        assert ours[0] == theirs[0] == 1
        assert bool(ours[1]) == bool(theirs[1])
