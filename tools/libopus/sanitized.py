"""What the vectors do not ask of libopus with sanitizers: ``python -m tools.libopus.sanitized``.

Each trial is a process of its own, which the first report of a sanitizer ends. The table says which
trials ended in a report, and the report's first line; the exit code is then 1. The vectors are put
to the same build by ``dredref run --impl libopus-1.6.1-san``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click
import numpy as np

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.codec import DURATIONS, Decoder, Encoder, Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.conformance.running.said import key_line
from dredref.spec.errors import DredError, UsageError
from dredref.streams import open_stream

STREAMS = Path(__file__).parents[2] / "spec" / "streams"
LONGEST_INT = 2**31 - 1
RATES = (8000, 12000, 16000, 24000, 48000)


def packets(name: str) -> list[bytes]:
    """The packets of a committed stream."""
    with open_stream(STREAMS / name) as stream:
        return [record.packet for record in stream if record.packet]


def players(peer: Peer) -> Iterator[tuple[Decoder, list[bytes]]]:
    """A decoder of each rate and channel count that has played 12 packets, and those to come."""
    stream = packets("v12-dred-1040ms.bit")
    for rate in RATES:
        for channels in (1, 2):
            with Decoder(peer, rate, channels) as decoder:
                for packet in stream[:12]:
                    decoder.decode(packet)
                yield decoder, stream[12:]


def ask(decoder: Decoder, packet: bytes, gap: int, piece: int, offset: int = 0) -> None:
    """Fill a gap in pieces from the DRED of the packet behind it; a refusal is an answer."""
    with suppress(UsageError):
        decoder.dred_parse(packet, min(gap, LONGEST_INT // 100 - 2))
        for back in range(gap, 0, -piece):
            decoder.dred_decode(back + offset, piece)
        decoder.decode(packet)


def one_call(peer: Peer) -> None:
    """A gap of half a second to five, asked for in one call (xiph/opus 405)."""
    for decoder, rest in players(peer):
        for packet, tenths in zip(rest, (5, 10, 11, 15, 20, 50), strict=False):
            size = decoder.rate * tenths // 10
            ask(decoder, packet, size, size)


def long_losses(peer: Peer) -> None:
    """Losses of more than the 100 vectors that the queue holds, frame by frame."""
    for decoder, rest in players(peer):
        for packet, frames in zip(rest, (55, 110), strict=False):
            ask(decoder, packet, frames * decoder.rate // 50, decoder.rate // 50)


def every_piece(peer: Peer) -> None:
    """A gap of 120 ms in pieces of every size that libopus takes."""
    for decoder, rest in players(peer):
        for packet, frame_ms in zip(rest, DURATIONS, strict=False):
            piece = int(decoder.rate * frame_ms / 1000)
            ask(decoder, packet, 120 * decoder.rate // 1000 // piece * piece, piece)


def far_offsets(peer: Peer) -> None:
    """Places before and behind all that the DRED holds, up to the ends of the integers."""
    for decoder, rest in players(peer):
        size = decoder.rate // 50
        for offset in (-100 * size, -size, 1, 100 * size, LONGEST_INT - size, -LONGEST_INT):
            ask(decoder, rest[0], size, size, offset)


def all_streams(peer: Peer) -> None:
    """The committed streams of version 12, every third packet lost."""
    for path in sorted(STREAMS.glob("v12-*.bit")):
        with Decoder(peer, 48000, 2) as decoder:
            for place, packet in enumerate(packets(path.name)[:60]):
                if place % 3:
                    ask(decoder, packet, 960 * (place % 3 == 1), 960)


def damaged(peer: Peer) -> None:
    """Packets with DRED that are cut at every byte, and with every byte inverted."""
    with Decoder(peer, 16000, 1) as decoder:
        for packet in packets("v12-dred-1040ms.bit")[40:44]:
            for place in range(1, len(packet)):
                ask(decoder, packet[:place], 320, 320)
                other = packet[:place] + bytes([packet[place] ^ 255]) + packet[place + 1 :]
                ask(decoder, other, 320, 320)


def encoders(peer: Peer) -> None:
    """The encoder at every rate and packet size, mono and stereo, loud noise and silence."""
    draw = np.random.default_rng(1)
    for rate in RATES:
        for frame_ms in DURATIONS:
            for channels in (1, 2):
                shape = rate // 5, channels
                noise = draw.integers(-32768, 32768, shape).astype(np.int16)
                pcm = np.concatenate([noise, np.zeros(shape, np.int16)])
                settings = Settings(rate, channels, frame_ms=frame_ms, bitrate=64_000)
                with suppress(UsageError), Encoder(peer, settings) as encoder:
                    encoder.encode_all(pcm[:, 0] if channels == 1 else pcm)


TRIALS: dict[str, Callable[[Peer], None]] = {
    trial.__name__: trial
    for trial in (
        *(one_call, long_losses, every_piece, far_offsets, all_streams, damaged, encoders),
    )
}


def tried(name: str, build: builds.Build) -> str:
    """The first line of the report in which a trial ends; empty if there is none."""
    command = [sys.executable, "-m", "tools.libopus.sanitized", name, "--build", build.name]
    environment = {**os.environ, **builds.preload(build)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    said = key_line(done.stderr) or f"exit code {done.returncode}"
    return said.replace(f"{build.source}/", "") if done.returncode else ""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", type=click.Choice(list(TRIALS)), required=False)
@click.option("--build", "build_name", default="1.6.1-san", show_default=True)
def main(name: str | None, build_name: str) -> None:
    """Try what the vectors do not ask, all of it or NAME alone in this process."""
    try:
        if name is not None:
            TRIALS[name](Peer(build_name))
            return
        build = builds.get(build_name)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    bad = 0
    for trial, work in TRIALS.items():
        report = tried(trial, build)
        bad += bool(report)
        print(f"{trial:<12} {report or 'no report'}\n{'':<12} {work.__doc__}", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
