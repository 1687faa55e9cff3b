"""Which real streams there are: one declarative list, nothing computed but the variations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from dredref.conformance.adapters.libopus.codec import DURATIONS, Settings

Container = Literal["bit", "ogg", "webm", "pcap"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a clip in milliseconds; ``silence`` is digital silence."""

    clip: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Case:
    """One stream: what it shows, what is heard in it, and how it is encoded.

    ``audio`` holds one row of pieces a channel. ``lost`` are packets that the stream leaves out,
    ``swapped`` packets that arrive after their successor (pcap only).
    """

    name: str
    shows: str
    build: str
    settings: Settings
    audio: tuple[tuple[Piece, ...], ...]
    container: Container = "bit"
    lost: frozenset[int] = field(default_factory=frozenset)
    swapped: frozenset[int] = field(default_factory=frozenset)


# The plain portable builds encode: theirs is the same arithmetic on every machine.
BUILDS = {10: "1.5.2-c", 12: "1.6.1-c"}

READ_1 = (Piece("librivox-1", 200, 2000),)
READ_2 = (Piece("librivox-2", 300, 2000),)
READ_3 = (Piece("librivox-3", 200, 2000),)
SPOKEN_1 = (Piece("espeak-1", 0, 2000),)
SPOKEN_2 = (Piece("espeak-2", 0, 2000),)
PAUSED = (
    Piece("librivox-3", 200, 1100),
    Piece("silence", 0, 1000),
    Piece("espeak-1", 0, 900),
    Piece("silence", 0, 400),
    Piece("librivox-2", 300, 600),
)


def frame_durations(version: int) -> Iterator[Case]:
    """Every packet duration, each at a bit rate that leaves room for DRED."""
    for ms in DURATIONS:
        celt = ms < 10
        settings = Settings(
            rate=48_000 if celt or ms == 20 else 16_000,
            application="restricted-lowdelay" if celt else "voip",
            frame_ms=ms,
            bitrate=96_000 if celt else 48_000 if ms <= 20 else 40_000,
        )
        audio = READ_1 if ms <= 20 else (Piece("librivox-1", 200, 3000),)
        if celt:
            audio = (Piece("librivox-1", 200, 1000),)
        yield Case(
            *(f"v{version}-frame-{ms:g}ms", f"packets of {ms:g} ms", BUILDS[version]),
            *(settings, (audio,)),
        )


def rates(version: int) -> Iterator[Case]:
    """Every sampling rate."""
    for rate in (8_000, 12_000, 16_000, 24_000, 48_000):
        # libopus 1.5 judges activity only in input of 16 kHz and more; without it there is no DRED.
        shows = f"input at {rate} Hz" + (", no DRED" if version == 10 and rate < 16_000 else "")
        yield Case(
            *(f"v{version}-rate-{rate // 1000}k", shows, BUILDS[version]),
            *(Settings(rate=rate, bitrate=40_000), (READ_2,)),
        )


def durations(version: int) -> Iterator[Case]:
    """DRED of 40 to 1040 ms."""
    for units in (4, 8, 20, 50, 104) if version == 12 else (4, 20, 104):
        shows = f"at most {10 * units} ms of DRED asked for"
        yield Case(
            *(f"v{version}-dred-{10 * units}ms", shows, BUILDS[version]),
            *(Settings(bitrate=64_000, loss=30, dred=units), (SPOKEN_1,)),
        )


def modes(version: int) -> Iterator[Case]:
    """Channels, rate control, silence, and what else changes the look of a packet."""
    build = BUILDS[version]
    stereo = (READ_3, SPOKEN_2)

    def case(name: str, shows: str, settings: Settings, *audio: tuple[Piece, ...]) -> Case:
        return Case(f"v{version}-{name}", shows, build, settings, audio)

    two = Settings(channels=2, rate=48_000, bitrate=64_000)
    yield case("stereo", "two channels", two, *stereo)
    long = Settings(channels=2, frame_ms=60, bitrate=48_000, max_bandwidth="WB")
    yield case("stereo-60ms", "two channels in SILK frames of 60 ms", long, *stereo)
    yield case(
        *("cbr", "constant bit rate: every packet is as long as the next"),
        *(Settings(vbr=False, bitrate=40_000), SPOKEN_2),
    )
    yield case(
        *("cbr-60ms", "constant bit rate, 60 ms packets"),
        *(Settings(vbr=False, frame_ms=60, bitrate=48_000), SPOKEN_2),
    )
    yield case(
        *("dtx", "discontinuous transmission: pauses leave packets of a byte or two"),
        *(Settings(dtx=True, bitrate=32_000), PAUSED),
    )
    yield case(
        *("pause", "pauses sent as silence: DRED skips them, offsets grow"),
        *(Settings(bitrate=48_000), PAUSED),
    )
    yield case(
        *("fine", "128 kb/s, much of it redundancy: fine quantizers, long payloads"),
        *(Settings(bitrate=128_000, loss=40, dred=104), (Piece("librivox-3", 200, 1500),)),
    )


def extremes() -> Iterator[Case]:
    """Version 12 only: bit rates, layers and coding modes with their own look."""
    build = BUILDS[12]

    def case(name: str, shows: str, settings: Settings, audio: tuple[Piece, ...]) -> Case:
        return Case(f"v12-{name}", shows, build, settings, (audio,))

    yield case(
        *("low-bitrate", "12 kb/s leave nothing for DRED: there is none"),
        *(Settings(bitrate=12_000), SPOKEN_1),
    )
    yield case(
        *("loss-0", "no loss expected, so no DRED although its duration is set"),
        *(Settings(bitrate=48_000, loss=0), SPOKEN_1),
    )
    yield case(
        *("coarse", "20 kb/s: a coarse quantizer from the first chunk on"),
        *(Settings(bitrate=20_000, loss=30), READ_3),
    )
    yield case(
        *("fec", "DRED beside in-band FEC"),
        *(Settings(bitrate=48_000, fec=1, loss=25, max_bandwidth="WB"), READ_3),
    )
    yield case(
        *("hybrid", "hybrid mode, super-wideband"),
        *(Settings(rate=48_000, bitrate=32_000, bandwidth="SWB", signal="voice"), READ_3),
    )
    yield case(
        *("music", "CELT mode, full band"),
        *(Settings(rate=48_000, application="audio", signal="music", bitrate=96_000), READ_3),
    )


def transports() -> Iterator[Case]:
    """One of each container, and a stream with losses."""
    build = BUILDS[12]
    live = Settings(rate=48_000, bitrate=48_000)
    yield Case(
        *("v12-loss", "lost packets, in bursts that DRED can fill", build),
        *(Settings(bitrate=48_000), (READ_1,)),
        lost=frozenset({10, 25, 26, 40, 41, 42, 43, *range(60, 70)}),
    )
    yield Case("v12-ogg", "Ogg Opus, mono", build, live, (READ_2,), "ogg")
    stereo = Settings(rate=48_000, channels=2, bitrate=64_000)
    yield Case(
        *("v12-webm", "WebM, two channels", build, stereo, (READ_3, SPOKEN_2), "webm"),
    )
    yield Case(
        *("v12-rtp", "RTP in pcap: two packets lost, one late", build, live, (SPOKEN_2,), "pcap"),
        lost=frozenset({30, 31}),
        swapped=frozenset({50}),
    )
    surround = Settings(rate=48_000, channels=3, application="audio", bitrate=120_000)
    several = (READ_2, SPOKEN_1, READ_3)
    shows = "multistream Ogg, family 1: a stereo stream and a mono stream"
    yield Case("v12-multistream", shows, build, surround, several, "ogg")


def cases() -> list[Case]:
    """Every stream in the order of the manifest."""
    found: list[Case] = []
    for version in (12, 10):
        for group in (frame_durations, rates, durations, modes):
            found += group(version)
    return [*found, *extremes(), *transports()]
