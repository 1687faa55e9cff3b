"""What is gathered of a stream, where its DRED is spoken, and the figures."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from dredref.pictures.gather import StreamPicture, gather
from dredref.pictures.plot import write_plot
from dredref.spec.errors import UsageError
from dredref.streams import Record, StreamInfo, expand_gaps, open_stream
from dredref.tests.commands import run

STREAM = Path(str(files("dredref.spec"))) / "streams" / "v12-rtp.pcap"


def records() -> tuple[list[Record], StreamInfo]:
    """The packets of the committed call, two of them lost."""
    with open_stream(STREAM) as stream:
        return list(expand_gaps(stream)), stream.info


@pytest.fixture(scope="module")
def picture() -> StreamPicture:
    """The committed call."""
    found, info = records()
    return gather(str(STREAM), found, info)


def test_the_loss_and_who_covers_it(picture: StreamPicture) -> None:
    assert picture.remarks == ()
    assert len(picture.entries) == 100
    assert [one.index for one in picture.entries if one.lost] == [30, 31]
    (loss,) = picture.losses
    assert (loss.start_ms, loss.ms, loss.packets, loss.left) == (600, 40, 2, 0)
    assert loss.sources == (32,)
    assert [one.name for one in picture.sounds] == ["received", "concealed", "DRED alone"]
    assert {len(one.pcm) for one in picture.sounds} == {32_000}


def spectra(pcm: np.ndarray) -> np.ndarray:
    """Log power every millisecond."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm.astype(float), 320)[::16]
    return np.log(np.abs(np.fft.rfft(frames * np.hanning(320))[:, :100]) ** 2 + 1e3)


def test_dred_is_spoken_at_its_time(picture: StreamPicture) -> None:
    heard, alone = (spectra(picture.sounds[place].pcm) for place in (1, 2))
    count = len(heard) - 80
    distance = {
        shift: float(
            np.mean((heard[40 + shift : 40 + shift + count] - alone[40 : 40 + count]) ** 2)
        )
        for shift in range(-40, 41)
    }
    nearest = min(distance, key=lambda shift: distance[shift])
    assert abs(nearest) <= 3  # ms
    assert min(distance.values()) < distance[40] / 2


def test_what_cannot_be_heard_is_said() -> None:
    found, info = records()
    lost = gather("lost", [replace(one, packet=None) for one in found[:5]], info)
    assert lost.sounds == ()
    assert "There is no sound" in lost.remarks[0]
    assert len(lost.entries) == 5


def test_packets_without_a_time_follow_each_other() -> None:
    found, info = records()
    timeless = [replace(one, timestamp_48k=None) for one in found[:4]]
    assert [one.time_ms for one in gather("x", timeless, info).entries] == [0, 20, 40, 60]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_figures(picture: StreamPicture, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"figure.{kind}"
    write_plot(picture, path)
    content = path.read_bytes()
    assert len(content) > 20_000
    assert content.startswith(b"\x89PNG" if kind == "png" else b"<?xml")
    if kind == "png":
        write_plot(picture, path)
        assert path.read_bytes() == content


def test_a_figure_of_another_kind_is_refused(tmp_path: Path) -> None:
    result = run("inspect", STREAM, "--plot", tmp_path / "figure.bmp")
    assert isinstance(result.exception, UsageError)
    assert list(tmp_path.iterdir()) == []


def test_conceal_shows_the_losses_that_it_draws(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    arguments = ("--mask", "0" * 20 + "11" + "0" * 10, "--html", page)
    assert run("conceal", STREAM, tmp_path / "out.wav", *arguments).exit_code == 0
    text = page.read_text()
    assert "<td>0.400</td><td>40</td><td>2</td>" in text
    assert "<td>0.600</td><td>40</td><td>2</td>" in text


def test_conceal_shows_what_it_was_told_to_use(tmp_path: Path) -> None:
    """The page's sound, losses and words are those of the run, its delay among them."""
    page = tmp_path / "page.html"
    mask = ("--mask", "0" * 8 + "1" * 10 + "0" * 10, "--html", page)
    both = ("--use", "dred,plc")
    assert run("conceal", STREAM, tmp_path / "out.wav", *both, *mask).exit_code == 0
    assert "losses concealed from DRED and prediction<" in page.read_text()
    assert "<th>DRED</th><th>held</th>" in page.read_text()
    late = ("--delay-ms", 60, *both)
    assert run("conceal", STREAM, tmp_path / "out.wav", *late, *mask).exit_code == 0
    text = page.read_text()
    assert "losses concealed from DRED and prediction, 60 ms of playout delay<" in text
    assert "<th>DRED</th><th>prediction</th><th>held</th>" in text
    # 140 of 200 ms are over before a packet that follows the loss has come.
    assert "<td>0.160</td><td>200</td><td>10</td><td>6</td><td>14</td>" in text
    none = ("--use", "none")
    assert run("conceal", STREAM, tmp_path / "out.wav", *none, *mask).exit_code == 0
    assert "losses concealed from nothing that was sent<" in page.read_text()
    assert "<th>codec</th><th>held</th>" in page.read_text()


def test_page_and_figure_from_the_command_line(tmp_path: Path) -> None:
    page, figure = tmp_path / "page.html", tmp_path / "figure.svg"
    result = run("inspect", STREAM, "--html", page, "--plot", figure, "--range", "20:50")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == [f"written: {page}", f"written: {figure}"]
    assert "with DRED" in page.read_text()
    assert figure.stat().st_size > 20_000
