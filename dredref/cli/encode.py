"""``dredref encode``, ``inject`` and ``strip``: DRED into streams and out of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dredref.audio import AudioSource, open_audio
from dredref.cli.options import Finite, arithmetic_option, audio_options, audio_source, stderr
from dredref.cli.progress import progress, verbose_option
from dredref.encode import DredRequest, EncodeRequest, encode_file
from dredref.inject import InjectRequest, RewriteResult, inject_file, strip_file
from dredref.opusframes import APPLICATIONS, FRAME_MS
from dredref.payload.highpass import KINDS
from dredref.payload.rate import RatePlan

F = TypeVar("F", bound=Callable[..., Any])


def dred_options(command: F) -> F:
    """What DRED is to be like."""
    for option in (
        click.option(
            "--dred-ms",
            type=Finite(0, 1040),
            default=1000,
            show_default=True,
            help="How far back DRED reaches; 0 sends none.",
        ),
        click.option(
            "--loss",
            type=Finite(0, 100),
            default=10,
            show_default=True,
            help="Packet loss to prepare for, in percent; sets DRED's share of the bit rate.",
        ),
        click.option(
            "--q0",
            type=click.IntRange(0, 15),
            help="Quantizer level of the newest chunk, 0 the finest; the whole reach is then sent, "
            "whatever it costs.",
        ),
        click.option(
            "--dq",
            "dQ",
            type=click.IntRange(0, 7),
            help="The field dQ: how fast levels rise with age.",
        ),
        click.option("--qmax", type=click.IntRange(1, 15), help="Highest level."),
        click.option(
            "--max-bytes", type=click.IntRange(8), help="Largest size of a DRED payload in bytes."
        ),
        click.option(
            "--dred-version",
            type=click.Choice(["10", "12"]),
            default="12",
            show_default=True,
            help="12 is libopus 1.6, 10 is libopus 1.5.",
        ),
        click.option(
            "--highpass",
            type=click.Choice(KINDS),
            help="What is taken out of the audio before DRED: frequencies below speech, an offset, "
            "or none. By default what libopus takes out for the application.",
        ),
        click.option("--keep-silence", is_flag=True, help="Send silence as if it were speech."),
        click.option(
            "--json", "as_json", is_flag=True, help="Print what was done as one JSON object."
        ),
    ):
        command = option(command)
    return command


def _dred(options: dict[str, Any]) -> DredRequest:
    return DredRequest(
        reach_ms=options["dred_ms"],
        q0=options["q0"],
        dQ=options["dQ"],
        qmax=options["qmax"],
        max_bytes=options["max_bytes"],
        version=int(options["dred_version"]),
        skip_silence=not options["keep_silence"],
        highpass=options["highpass"],
    )


@click.command()
@click.argument("audio", metavar="IN.wav", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option(
    "--bitrate",
    type=click.IntRange(6000, 510_000),
    default=32_000,
    show_default=True,
    help="Bit rate of Opus and DRED together, in bit/s.",
)
@click.option(
    "--frame-ms",
    type=click.Choice([f"{ms:g}" for ms in FRAME_MS]),
    default="20",
    show_default=True,
    help="Duration of a packet.",
)
@click.option("--application", type=click.Choice(APPLICATIONS), default="voip", show_default=True)
@click.option("--cbr", is_flag=True, help="Constant bit rate: all packets have the same size.")
@click.option("--fec", is_flag=True, help="In-band forward error correction as well.")
@click.option("--dtx", is_flag=True, help="Discontinuous transmission of silence.")
@click.option(
    "--red",
    type=click.IntRange(0, 8),
    default=0,
    show_default=True,
    help="Copies of earlier packets in each (RED, RFC 2198), on top of the bit rate; .pcap only.",
)
@arithmetic_option
@audio_options
@dred_options
@verbose_option
def encode(
    audio: str,
    target: str,
    bitrate: int,
    frame_ms: str,
    application: str,
    cbr: bool,
    fec: bool,
    dtx: bool,
    red: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Encode IN.wav (or FLAC, or .sw samples) as Opus with DRED.

    OUT is Ogg Opus (.opus), opus_demo .bit, WebM, a capture (.pcap) or JSON lines, by its suffix.
    The Opus frames come from PyAV's libopus, DRED from this project.
    """
    request = EncodeRequest(
        bitrate=bitrate,
        loss=options["loss"],
        frame_ms=float(frame_ms),
        application=application,
        cbr=cbr,
        fec=fec,
        dtx=dtx,
        red=red,
        dred=_dred(options),
    )
    given = audio_source(audio)
    with progress("encoding", _seconds(given), "s") as update:
        result = encode_file(given, target, request, update)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "packets": result.packets,
                    "packets_with_dred": result.with_dred,
                    "bitrate": round(result.bitrate),
                    "opus_bytes": result.opus_bytes,
                    "bytes": result.total_bytes,
                    **_plan_json(result.plan),
                }
            )
        )
        return
    stderr.print(
        f"{result.packets} packets, {result.with_dred} with DRED, "
        f"{result.bitrate / 1000:.1f} kb/s; {_plan_words(result.plan)}"
    )


@click.command()
@click.argument("source", metavar="STREAM", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option("--audio", required=True, metavar="IN.wav", help="What STREAM was encoded from.")
@click.option(
    "--stream", type=click.IntRange(0), help="Number of the Opus stream; the first by default."
)
@click.option(
    "--pre-skip",
    type=click.IntRange(0),
    help="Delay of the codec in samples at 48 kHz; by default what the stream states, or 312.",
)
@click.option(
    "--audio-start-ms",
    type=Finite(),
    default=0,
    help="Where in the stream's time the audio starts.",
)
@click.option(
    "--application",
    type=click.Choice(APPLICATIONS),
    default="voip",
    show_default=True,
    help="What STREAM was encoded for.",
)
@click.option(
    "--final-id", type=click.IntRange(32, 127), help="Write DRED with this id and no prefix."
)
@arithmetic_option
@dred_options
@audio_options
@verbose_option
def inject(
    source: str,
    target: str,
    audio: str,
    stream: int | None,
    pre_skip: int | None,
    audio_start_ms: float,
    application: str,
    final_id: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Add DRED to the Opus stream STREAM, from its audio; OUT has the same format.

    DRED that was there is replaced. Frames, other extensions, timestamps and tags stay.
    """
    request = InjectRequest(
        dred=_dred(options),
        loss=options["loss"],
        stream=stream,
        pre_skip=pre_skip,
        audio_start_ms=audio_start_ms,
        application=application,
        final_id=final_id,
    )
    given = audio_source(audio)
    with progress("injecting", _seconds(given), "s") as update:
        result = inject_file(source, given, target, request, update)
    assert result.plan is not None
    _tell(result, as_json, _plan_json(result.plan), _plan_words(result.plan))


@click.command()
@click.argument("source", metavar="STREAM", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option(
    "--final-id",
    type=click.IntRange(32, 127),
    help="Remove DRED of this id, too; ids 126 (with prefix) and 32 always.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
def strip(source: str, target: str, final_id: int | None, as_json: bool) -> None:
    """Remove DRED from STREAM; OUT has the same format, and all else is unchanged."""
    _tell(strip_file(source, target, final_id=final_id), as_json)


def _tell(
    result: RewriteResult, as_json: bool, more: dict[str, Any] | None = None, words: str = ""
) -> None:
    """What a rewrite did: JSON on stdout, or a line on stderr."""
    if as_json:
        counts = {
            "packets": result.packets,
            "packets_with_dred": result.with_dred,
            "packets_with_dred_before": result.had_dred,
            "malformed": result.malformed,
            "bytes_before": result.bytes_before,
            "bytes": result.bytes_after,
        }
        click.echo(json.dumps(counts | (more or {})))
        return
    line = f"{result.packets} packets, {result.had_dred} had DRED, {result.with_dred} have it now"
    if result.malformed:
        line += f", {result.malformed} are malformed and stay"
    stderr.print(f"{line}; {words}" if words else line)


def _plan_json(plan: RatePlan) -> dict[str, Any]:
    if not plan.chunks:
        return {"q0": None, "dQ": None, "qmax": None, "chunks": 0, "max_bytes": 0}
    return {
        "q0": plan.levels.q0,
        "dQ": plan.levels.dQ,
        "qmax": plan.levels.qmax,
        "chunks": plan.chunks,
        "max_bytes": plan.max_bytes,
    }


def _plan_words(plan: RatePlan) -> str:
    if not plan.chunks:
        return (
            "no DRED: the bit rate leaves no room for it (raise --bitrate or --loss, or set --q0)"
        )
    levels = plan.levels
    return (
        f"q0 {levels.q0}, dQ {levels.dQ}, qmax {levels.qmax}, up to {plan.chunks} chunks "
        f"({40 * plan.chunks} ms)"
    )


def _seconds(source: AudioSource) -> float:
    with open_audio(source) as audio:
        return audio.length / audio.rate
