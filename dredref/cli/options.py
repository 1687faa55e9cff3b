"""Options that several commands share."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click
from rich.console import Console
from rich.text import Text

from dredref.spec.errors import UsageError
from dredref.streams import Stream, open_stream
from dredref.text import clean

if TYPE_CHECKING:
    from dredref.audio import AudioSource

F = TypeVar("F", bound=Callable[..., Any])


class SafeConsole(Console):
    """A console that text of others cannot act on: control characters are spelled out."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Take a text as rich does, without characters that act instead of being seen."""
        return super().render_str(clean(text, keep="\n\t"), **options)


class ResultConsole(SafeConsole):
    """A console for results: without blanks at the ends of lines where it is no terminal."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does; in a pipe, plain lines that end with their last sign."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        text = captured.get()
        self.file.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        self.file.flush()  # as rich does: what is said on stderr after it comes after it


stdout = ResultConsole(highlight=False, width=None if sys.stdout.isatty() else 1000)
"""For results: coloured and folded on a terminal, plain and never folded in a pipe."""
stderr = SafeConsole(stderr=True, highlight=False)
"""For progress and notices."""


class Finite(click.FloatRange):
    """A number that is neither NaN nor infinite."""

    def _describe_range(self) -> str:
        """The range in help texts; nothing where there is none."""
        return "" if self.min is None and self.max is None else super()._describe_range()

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Read the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


def source_number(text: str) -> int:
    """An SSRC, a number of 32 bits: decimal, or with 0x.

    Raises:
        click.BadParameter: if it is none.
    """
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 32:
        raise click.BadParameter(f"{text!r} is not an SSRC")
    return number


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Keep an option's value with the command, for `open_input`."""

    def keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        context.meta[f"{__name__}.{name}"] = value

    return keep


def stream_options(command: F) -> F:
    """Options that say how an input is to be read."""
    for option in (
        click.option(
            "--payload-type",
            type=click.IntRange(0, 127),
            help="RTP payload type of Opus in a capture; found by its content if not given.",
        ),
        click.option(
            "--ssrc",
            type=source_number,
            metavar="SSRC",
            help="Read one RTP source only; decimal, or hex with 0x.",
        ),
        click.option(
            "--sdp",
            type=click.File("r", errors="replace"),
            expose_value=False,
            callback=_remember("sdp"),
            help="Session description of a capture: payload types, durations of DRED, SRTP keys.",
        ),
        click.option(
            "--srtp-key",
            "srtp_keys",
            multiple=True,
            metavar="[SUITE:]KEY",
            expose_value=False,
            callback=_remember("srtp_keys"),
            help="Master key and salt of SRTP in a capture, base64 or hex; may be repeated.",
        ),
        click.option(
            "--keylog",
            type=click.File("r", errors="replace"),
            expose_value=False,
            callback=_remember("keylog"),
            help="TLS key log (SSLKEYLOGFILE) of a capture with DTLS 1.2: keys of its SRTP.",
        ),
        click.option(
            "--final-id",
            type=click.IntRange(32, 127),
            help="Read DRED under this extension id alone, without prefix. By default DRED of "
            "experiments is read (id 126 with prefix), else the final form (id 32).",
        ),
    ):
        command = option(command)
    return command


def _use(_context: click.Context, _parameter: click.Parameter, arithmetic: str | None) -> None:
    """Compute on what was asked for."""
    if arithmetic is not None:
        from dredref.arithmetic.carrier import use

        use("integer" if arithmetic == "integer" else "hardware")


arithmetic_option = click.option(
    "--arithmetic",
    type=click.Choice(["integer", "hardware"]),
    callback=_use,
    expose_value=False,
    help="Carrier of the arithmetic; the result is the same. integer: the normative soft-float; "
    "hardware: the machine's floats, the default where they round as IEEE 754 says.",
)
"""The option that says what carries the numbers."""


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print what was done as one JSON object."
)


def tell(done: dict[str, Any], sentence: str, as_json: bool) -> None:
    """Print what was done, for a program or for people."""
    click.echo(json.dumps(done) if as_json else sentence)


def audio_options(command: F) -> F:
    """Options that say how audio is to be read, for `audio_source`."""
    for option in (
        click.option(
            "--rate",
            type=click.IntRange(1000, 384_000),
            expose_value=False,
            callback=_remember("rate"),
            help="The audio is raw 16-bit samples, little-endian, at this rate in Hz.",
        ),
        click.option(
            "--channels",
            type=click.IntRange(1, 2),
            default=1,
            expose_value=False,
            callback=_remember("channels"),
            help="Channels of raw samples.",
        ),
    ):
        command = option(command)
    return command


def audio_source(path: str) -> AudioSource:
    """The audio that a command line names; ``-`` is standard input, kept in a temporary file."""
    from dredref.audio import RawAudio
    from dredref.inject import seekable

    context = click.get_current_context()
    if path == "-":
        path = str(context.with_resource(seekable(path)))
    rate = context.meta.get(f"{__name__}.rate")
    return RawAudio(path, rate, context.meta[f"{__name__}.channels"]) if rate else path


def input_options(payload_type: int | None, ssrc: int | None) -> dict[str, Any]:
    """How inputs are to be read, as :func:`dredref.streams.open_stream` takes it."""
    context = click.get_current_context(silent=True)
    given = context.meta if context else {}
    keys = given.get(f"{__name__}.srtp_keys") or ()
    return {
        "payload_type": payload_type,
        "ssrc": ssrc,
        "sdp": _text(given.get(f"{__name__}.sdp")),
        "srtp_keys": keys,
        "keylog": _text(given.get(f"{__name__}.keylog")),
    }


def _text(file: TextIO | None) -> str:
    """The text of a file that an option names, read anew for each input."""
    if file is None:
        return ""
    if file.seekable():
        file.seek(0)
    return file.read()


def open_input(
    source: str, payload_type: int | None, ssrc: int | None
) -> AbstractContextManager[Stream]:
    """Open an input named on the command line, ``-`` for standard input."""
    return open_stream(source, **input_options(payload_type, ssrc))


def parse_range(text: str) -> range:
    """Indices of ``A:B``, both optional, B left out.

    Raises:
        UsageError: ``range.syntax``.
    """
    first, colon, last = text.partition(":")
    try:
        if not colon:
            raise ValueError(text)
        return range(int(first or 0), int(last) if last else 1 << 62)
    except ValueError:
        raise UsageError("range.syntax", f"'{text}' is not a range A:B") from None
