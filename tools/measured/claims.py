"""What the article behind this project claims, measured: ``python -m tools.measured.claims``.

Writes ``conformance/guides/claims.md``. Times are ratios of processor time within one run.
``--evaluation evaluation.json`` takes the results figure from a run of ``dredref evaluate``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.conformance.adapters.libopus.codec import Encoder, Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.evaluation.quality import pesq_wideband
from dredref.losses import drop_lost, parse_loss_model
from dredref.opusdecoder import LAG
from dredref.opusframes import OpusEncoder, OpusSettings
from dredref.opuslibrary import LibraryDecoder
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.placement import Slot
from dredref.payload.rate import chunks_of, plan_rate
from dredref.payload.writer import Levels
from dredref.rdovae.decoder import decode_payloads
from dredref.receiver.receiver import SOURCES, Receiver
from dredref.receiver.receiver import Settings as Receiving
from dredref.red import add_copies
from dredref.spec.dred import DredPayload
from dredref.spec.reading import read_packet
from dredref.streams import Record
from dredref.vocoder.synthesis import vocoder
from tools.compare_receiver import PRE_SKIP as DELAY
from tools.compare_receiver import opus_demo
from tools.encoder.material import Samples, clip
from tools.measured.page import load, save

SPEECH = ("librivox-1", "librivox-2", "librivox-3")
REACHES_MS = (100, 200, 500, 1000)
PRE_SKIP = 312
PACKET_48K = 960
ROUNDS = 3
TYPICAL = Levels(6, 3, 15)
"""libopus' levels at 20 % loss and some 32 kb/s of DRED."""
PAYLOADS = 40
PLAIN_BITRATE, BITRATES = 24_000, (28_000, 32_000, 36_000, 40_000, 44_000, 48_000)
Floats = NDArray[np.float32]
Values = dict[str, Any]


def speech() -> Samples:
    """Read speech, some 15 s."""
    joined: Samples = np.concatenate([clip(name) for name in SPEECH])
    return joined


def payloads_of(packets: Sequence[bytes]) -> list[DredPayload]:
    """The DRED of packets."""
    found = [read_packet(packet).dred for packet in packets]
    return [dred for dred in found if dred is not None]


def libopus_packets(pcm: Samples, **changes: int) -> list[bytes]:
    """Packets of libopus 1.6.1."""
    base = Settings(bitrate=64_000, loss=20, dred=100)
    with Encoder(Peer("1.6.1"), replace(base, **changes)) as encoder:  # type: ignore[arg-type]
        return [one.packet for one in encoder.encode_all(pcm)]


def processor(work: Callable[[], object]) -> float:
    """The least processor time of some work, over the rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def alone() -> Values:
    """Packets whose features are the same alone, in any order, as in a batch."""
    packets = [one for one in libopus_packets(speech()) if read_packet(one).dred][:PAYLOADS]
    payloads = payloads_of(packets)
    together = decode_payloads(payloads)
    order = np.random.default_rng(1).permutation(len(payloads)).tolist()
    same = sum(np.array_equal(decode_payloads([payloads[k]])[0], together[k]) for k in order)
    peer = Peer("1.6.1-c")
    batch = peer.decode(peer.parse(packets))
    single = [peer.decode(peer.parse([packets[k]]))[0] for k in order]
    equal = sum(np.array_equal(batch[k], one) for k, one in zip(order, single, strict=True))
    return {"of": len(packets), "here": same, "libopus": equal}


def correlations(pairs: list[tuple[Floats, Floats]]) -> list[float]:
    """Correlation of the first cepstra, and of the pitch where both hear a voice."""
    told, heard = (np.concatenate(part) for part in zip(*pairs, strict=True))
    voiced = (told[:, 19] > 0.3) & (heard[:, 19] > 0.3)
    found = [np.corrcoef(told[:, k], heard[:, k])[0, 1] for k in range(5)]
    return [
        round(float(one), 3) for one in (*found, np.corrcoef(*_pitch(told, heard, voiced))[0, 1])
    ]


def _pitch(told: Floats, heard: Floats, voiced: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    return told[voiced, 18], heard[voiced, 18]


def _paired(told: Floats, heard: Floats) -> tuple[Floats, Floats]:
    """Vectors of the same time, the shift being that at which they are nearest."""

    def pair(shift: int) -> tuple[Floats, Floats]:
        count = min(len(told), len(heard) - shift) - 5
        return told[5:count], heard[5 + shift : count + shift]

    def apart(shift: int) -> float:
        a, b = pair(shift)
        return float(np.mean((a[:, :18] - b[:, :18]) ** 2))

    return pair(min(range(4), key=apart))


def meaning() -> Values:
    """Decoded features against the analysis of the speech that is made of them."""
    packets = libopus_packets(speech())[60::60]
    here = []
    for vectors in decode_payloads(payloads_of(packets)):
        told = np.ascontiguousarray(vectors[::-1])
        pcm = vocoder().utterance(told[None])
        whole = pcm[:, : pcm.shape[1] // 160 * 160]
        here.append(_paired(told, FeatureAnalyser(1).analyse(whole)[0]))
    peer, theirs = Peer("1.6.1-c"), []
    for vectors in peer.decode(peer.parse([one for one in packets if read_packet(one).dred])):
        told = np.ascontiguousarray(vectors[::-1])
        pcm = np.round(np.clip(peer.fargan(told).pcm[80:], -1, 1) * 32767)
        theirs.append(_paired(told, peer.analysis(pcm[: len(pcm) // 160 * 160]).features[:, :20]))
    return {"here": correlations(here), "libopus": correlations(theirs)}


def flat() -> Values:
    """Processor time of encoders by reach."""
    pcm = speech()
    here, theirs = [], []
    for reach in REACHES_MS:
        settings = DredSettings(TYPICAL, chunks_of(reach))

        def encode(settings: DredSettings = settings) -> None:
            encoder = DredEncoder(16_000, pre_skip=PRE_SKIP, settings=settings)
            encoder.feed(pcm)
            encoder.end()
            count = (len(pcm) - 640) // 320
            encoder.payloads([Slot(PACKET_48K * k, PACKET_48K) for k in range(count)])

        encode()
        here.append(processor(encode))
        theirs.append(processor(partial(libopus_packets, pcm, dred=reach // 10)))
    return {
        "reaches_ms": REACHES_MS,
        "here": [round(one / here[0], 3) for one in here],
        "libopus": [round(one / theirs[0], 3) for one in theirs],
    }


def newest() -> Values:
    """What the newest 40 ms cost the decoder, as a part of the whole."""
    packets = libopus_packets(speech())
    payloads = [one for one in payloads_of(packets) if len(one.chunks) > 8][:PAYLOADS]
    first = [replace(one, chunks=one.chunks[:1]) for one in payloads]

    def each(given: list[DredPayload]) -> float:
        return processor(lambda: [decode_payloads([one]) for one in given])

    decode_payloads(first)
    peer = Peer("1.6.1")
    batch = peer.parse([one for one in packets if read_packet(one).dred])
    counts = batch.summary["nb_chunks"].tolist()

    def features(wanted: list[int]) -> float:
        state, latent = batch.state_values, batch.latent_values
        return min(peer.timed_features(state, latent, wanted)[1] for _ in range(ROUNDS))

    return {
        "chunks": round(float(np.mean([len(one.chunks) for one in payloads])), 1),
        "here": round(each(first) / each(payloads), 3),
        "libopus": round(features([1] * len(counts)) / features(counts), 3),
    }


def switching() -> Values:
    """How large steps are where the source changes, beside those of all samples."""
    pcm = speech()[: 6 * 16_000]
    packets = libopus_packets(pcm, fec=1)
    records = [Record(k, one, timestamp_48k=PACKET_48K * k) for k, one in enumerate(packets)]
    drawn = parse_loss_model("gilbert:30,2.5").draw(3)
    lossy = list(drop_lost(list(add_copies(records, 1)), drawn))
    while lossy[-1].packet is None:
        lossy.pop()
    seams: list[float] = []
    met: set[str] = set()
    for use in (("lbrr", "dred", "plc"), ("red", "plc"), ("dred",), ("plc",)):
        receiver = Receiver(Receiving(use=use, delay_ms=60))
        parts = [(part, receiver.pcm()[:, 0]) for part in receiver.play(lossy)]
        line = np.concatenate([pcm for _, pcm in parts])
        met |= {part.source for part, _ in parts}
        seams += _seams(
            line,
            [
                here.start // 3 + LAG
                for (before, _), (here, _) in pairwise(parts)
                if before.source != here.source
            ],
        )
    lost = [record.packet is None for record in lossy]
    borders = [320 * k + LAG - DELAY for k in range(1, len(lost)) if lost[k] != lost[k - 1]]
    theirs = _seams(opus_demo(lossy, 5), borders)
    return {
        "sources": [source for source in SOURCES if source in met],
        "here": {"switches": len(seams), "step": round(float(np.median(seams)), 2)},
        "libopus": {"switches": len(theirs), "step": round(float(np.median(theirs)), 2)},
    }


def _seams(pcm: Samples, places: list[int]) -> list[float]:
    """The step at each place, as a part of the mean step of the 20 ms around it (RMS)."""
    steps = np.abs(np.diff(pcm.astype(np.float64)))
    found = []
    for at in places:
        around = steps[max(0, at - 160) : at + 160]
        level = float(np.sqrt(np.mean(around**2))) if len(around) else 0.0
        if level > 1 and at > 0:
            found.append(float(steps[at - 1]) / level)
    return found


def copies() -> Values:
    """Bits of DRED: a second of the speech covered, and the whole."""
    payloads = payloads_of(libopus_packets(speech(), bitrate=56_000, dred=104))
    whole = [one for one in payloads if len(one.chunks) > 8]
    bits = [one.used / 8 / (0.04 * len(one.chunks)) for one in whole]
    plan = plan_rate(56_000, 20, 20, 1000)
    return {
        "here": {
            "bits": round(plan.bits / (0.04 * plan.chunks)),
            "kbps": round(plan.bits / 20, 1),
            "ms": 40 * plan.chunks,
        },
        "libopus": {
            "bits": round(float(np.mean(bits))),
            "kbps": round(float(np.mean([one.bits_total for one in whole])) / 20, 1),
            "ms": round(float(np.mean([40 * len(one.chunks) for one in whole]))),
        },
    }


def lbrr() -> Values:
    """What in-band FEC costs: the rate at which speech scores as well as at 24 kb/s without."""
    pcm = speech()

    def pesq(packets: list[bytes]) -> float:
        with LibraryDecoder(16_000, 1) as decoder:
            played = np.concatenate([decoder.decode(one, PACKET_48K)[:, 0] for one in packets])
        return pesq_wideband(pcm, played[DELAY:])

    def cost(encode: Callable[[int, int], list[bytes]]) -> float:
        due = pesq(encode(PLAIN_BITRATE, 0))
        found = [pesq(encode(rate, 1)) for rate in BITRATES]
        return float(np.interp(due, found, BITRATES)) - PLAIN_BITRATE

    def here(bitrate: int, fec: int) -> list[bytes]:
        settings = OpusSettings(bitrate=bitrate, loss=20, fec=bool(fec))
        encoder = OpusEncoder(16_000, 1, settings)
        return list(encoder.encode(pcm[: len(pcm) // 320 * 320, None]))

    def theirs(bitrate: int, fec: int) -> list[bytes]:
        return libopus_packets(pcm, bitrate=bitrate, fec=fec, dred=0)

    return {"here": round(cost(here) / 1000, 1), "libopus": round(cost(theirs) / 1000, 1)}


MEASURES: dict[str, Callable[[], Values]] = {
    one.__name__: one for one in (alone, meaning, flat, newest, switching, copies, lbrr)
}


def evaluation(path: Path) -> Values:
    """What the page shows of a run of ``dredref evaluate``."""
    found = json.loads(path.read_text("utf-8"))
    rows = [
        {
            **{key: row[key] for key in ("loss", "system", "title", "clips")},
            "kbps": round(row["kbps"], 1),
            "scores": {name: round(one["mean"], 3) for name, one in row["scores"].items()},
        }
        for row in found["rows"]
    ]
    return {"command": found["command"], "rows": rows}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--evaluation", "given", type=click.Path(path_type=Path, exists=True))
@click.option("--only", type=click.Choice(list(MEASURES)), multiple=True, help="Measure these.")
def main(given: Path | None, only: tuple[str, ...]) -> None:
    """Measure the claims and write the page; what is not measured anew stays."""
    data = load("claims")
    data["command"] = "python -m tools.measured.claims"
    for name in only or MEASURES:
        data[name] = MEASURES[name]()
        click.echo(f"{name}: {json.dumps(data[name])}")
    if given is not None:
        data["results"] = evaluation(given)
    save("claims", data)


if __name__ == "__main__":
    main()
