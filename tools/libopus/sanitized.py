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
from dredref.payload.insert import insert_dred
from dredref.spec.dred import DECODER_CHUNKS, OFFSET_BIAS, build_payload, make_payload
from dredref.spec.errors import DredError, UsageError
from dredref.spec.tables import quantizer_tables
from dredref.streams import open_stream

STREAMS = Path(__file__).parents[2] / "spec" / "streams"
LONGEST_INT = 2**31 - 1
RATES = (8000, 12000, 16000, 24000, 48000)


def packets(name: str) -> list[bytes]:
    """The packets of a committed stream."""
    with open_stream(STREAMS / name) as stream:
        return [record.packet for record in stream if record.packet]


def full(packet: bytes, version: int) -> bytes:
    """The packet with all the DRED that libopus reads: 26 chunks, which reach back 1,040 ms."""
    tables = quantizer_tables(version)
    state, latents = [0] * tables.state.dimension, [0] * tables.latent.dimension
    latents[int(tables.latent.r[0].argmax())] = 1  # a chunk of no bit would not be seen
    payload = make_payload(version, 0, 0, OFFSET_BIAS, state, [latents] * DECODER_CHUNKS)
    return insert_dred(packet, build_payload(payload, allow_unseen=True) + bytes(2), version)


def players(peer: Peer) -> Iterator[tuple[Decoder, list[bytes]]]:
    """A decoder of each rate and channel count that has played 12 packets, and those to come."""
    stream = packets(f"v{peer.version}-dred-1040ms.bit")
    for rate in RATES:
        for channels in (1, 2):
            with Decoder(peer, rate, channels) as decoder:
                for packet in stream[:12]:
                    decoder.decode(packet)
                yield decoder, stream[12:]


def ask(decoder: Decoder, packet: bytes, gap: int, piece: int, offset: int = 0) -> int:
    """Fill a gap in pieces from the DRED of the packet behind it; pieces that were filled.

    A refusal is an answer.
    """
    filled = 0
    with suppress(UsageError):
        found, _ = decoder.dred_parse(packet, gap)
        for back in range(gap, 0, -piece):
            decoder.dred_decode(back + offset, piece)
            filled += found > 0
        decoder.decode(packet)
    return filled


def one_call(peer: Peer) -> int:
    """A gap of half a second to five, asked for in one call (xiph/opus 405)."""
    filled = 0
    for decoder, rest in players(peer):
        for packet, tenths in zip(rest[60:], (5, 10, 11, 15, 20, 50), strict=False):
            size = decoder.rate * tenths // 10
            filled += ask(decoder, packet, size, size)
            filled += ask(decoder, full(packet, peer.version), size, size)
    return filled


def long_losses(peer: Peer) -> int:
    """Losses of more than the 100 vectors that the queue holds, frame by frame."""
    return sum(
        ask(decoder, packet, frames * decoder.rate // 50, decoder.rate // 50)
        for decoder, rest in players(peer)
        for packet, frames in zip(rest[60:], (55, 110), strict=False)
    )


def every_piece(peer: Peer) -> int:
    """A gap of 120 ms in pieces of every size that libopus takes."""
    filled = 0
    for decoder, rest in players(peer):
        for packet, frame_ms in zip(rest[60:], DURATIONS, strict=False):
            piece = int(decoder.rate * frame_ms / 1000)
            filled += ask(decoder, packet, 120 * decoder.rate // 1000 // piece * piece, piece)
    return filled


def far_offsets(peer: Peer) -> int:
    """Places before and behind all that the DRED holds, up to the ends of the integers."""
    filled = 0
    for decoder, rest in players(peer):
        size = decoder.rate // 50
        for offset in (-100 * size, -size, 1, 100 * size, LONGEST_INT - size, -LONGEST_INT):
            filled += ask(decoder, rest[60], size, size, offset)
    return filled


def all_streams(peer: Peer) -> int:
    """The committed streams, every third packet lost."""
    filled = 0
    for path in sorted(STREAMS.glob(f"v{peer.version}-*.bit")):
        with Decoder(peer, 48000, 2) as decoder:
            for place, packet in enumerate(packets(path.name)[:60]):
                if place % 3:
                    filled += ask(decoder, packet, 960 * (place % 3 == 1), 960)
    return filled


def damaged(peer: Peer) -> int:
    """Packets with DRED that are cut at every byte, and with every byte inverted."""
    filled = 0
    with Decoder(peer, 16000, 1) as decoder:
        for packet in packets(f"v{peer.version}-dred-1040ms.bit")[70:73]:
            for place in range(1, len(packet)):
                other = packet[:place] + bytes([packet[place] ^ 255]) + packet[place + 1 :]
                filled += ask(decoder, packet[:place], 320, 320)
                filled += ask(decoder, other, 320, 320)
    return filled


def encoders(peer: Peer) -> int:
    """The encoder at every rate and packet size, mono and stereo, loud noise and silence."""
    draw, made = np.random.default_rng(1), 0
    for rate in RATES:
        for frame_ms in DURATIONS:
            for channels in (1, 2):
                shape = rate // 5, channels
                noise = draw.integers(-32768, 32768, shape).astype(np.int16)
                pcm = np.concatenate([noise, np.zeros(shape, np.int16)])
                settings = Settings(rate, channels, frame_ms=frame_ms, bitrate=64_000)
                with suppress(UsageError), Encoder(peer, settings) as encoder:
                    made += len(encoder.encode_all(pcm[:, 0] if channels == 1 else pcm))
    return made


TRIALS: dict[str, Callable[[Peer], int]] = {
    trial.__name__: trial
    for trial in (
        *(one_call, long_losses, every_piece, far_offsets, all_streams, damaged, encoders),
    )
}


def tried(name: str, build: builds.Build) -> tuple[bool, str]:
    """Whether a trial ends in a report, and its first line; else how much was done."""
    command = [sys.executable, "-m", "tools.libopus.sanitized", name, "--build", build.name]
    environment = {**os.environ, **builds.preload(build)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if not done.returncode:
        return False, f"no report, {done.stdout.strip()} calls"
    said = key_line(done.stderr) or f"exit code {done.returncode}"
    return True, said.replace(f"{build.source}/", "")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", type=click.Choice(list(TRIALS)), required=False)
@click.option("--build", "build_name", default="1.6.1-san", show_default=True)
def main(name: str | None, build_name: str) -> None:
    """Try what the vectors do not ask, all of it or NAME alone in this process."""
    try:
        if name is not None:
            print(TRIALS[name](Peer(build_name)))
            return
        build = builds.get(build_name)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    bad = 0
    for trial, work in TRIALS.items():
        is_reported, told = tried(trial, build)
        bad += is_reported
        print(f"{trial:<12} {told}\n{'':<12} {work.__doc__}", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
