"""Drop-in for upstream's ``dred_compare``: the same arguments, lines on stderr and exit codes.

``-audio [-s16|-s24|-f32] [-skip N] [-thresholds err4 err16 pitch] FILE1 FILE2`` and
``-features [-thresholds tot max pitch] FILE1 FILE2``; the first file is the reference.
Exit code 0 if no threshold is given or all are kept, 1 otherwise and for anything unusable.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dredref.metrics.audio import WINDOW, compare_audio
from dredref.metrics.features import compare_features, features_from_bytes

USAGE = """\
Usage: {0} -audio [-s16|-s24|-f32] [-thresholds err4 err16 pitch] <file1> <file2>
       {0} -features [-thresholds tot max pitch] <file1.f32> <file2.f32>
"""


class UnusableError(Exception):
    """The line to print before exit code 1."""


@dataclass(slots=True)
class Request:
    """What the arguments ask for."""

    files: tuple[str, str]
    form: str = "-s16"
    skip: int = 0
    thresholds: tuple[float, float, float] | None = None


def main(arguments: Sequence[str], name: str = "dred_compare") -> int:
    """Run with the arguments after the program's name; returns the exit code."""
    usage = USAGE.format(name)
    try:
        if len(arguments) < 2:
            raise UnusableError(usage)
        if arguments[0] == "-audio":
            return _audio(_parse(arguments[1:], usage, ("-s16", "-s24", "-f32", "-skip")))
        if arguments[0] == "-features":
            return _features(_parse(arguments[1:], usage, ()))
        raise UnusableError(f"{name}: First argument must be either -audio or -features\n\n{usage}")
    except UnusableError as problem:
        sys.stderr.write(str(problem))
        return 1


def _parse(arguments: Sequence[str], usage: str, options: Sequence[str]) -> Request:
    """Options, then two files."""
    rest = list(arguments)
    request = Request(("", ""))
    while len(rest) > 2:
        option = rest.pop(0)
        if option == "-thresholds" and len(rest) >= 5:
            request.thresholds = (_number(rest[0]), _number(rest[1]), _number(rest[2]))
            del rest[:3]
        elif option == "-skip" and option in options:
            request.skip = int(_number(rest.pop(0)))
        elif option in options:
            request.form = option
        else:
            raise UnusableError(usage)
    if len(rest) != 2:
        raise UnusableError(usage)
    request.files = (rest[0], rest[1])
    return request


def _number(text: str) -> float:
    """A number as C's ``atof`` reads it: what can be read from the start, or 0."""
    found = re.match(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan)", text)
    return float(found.group()) if found else 0.0


def _read(path: str) -> bytes:
    """A file's bytes."""
    try:
        return Path(path).read_bytes()
    except OSError:
        raise UnusableError(f"Error opening '{path}'.\n") from None


def _samples(content: bytes, form: str) -> NDArray[np.float64]:
    """PCM on the scale of 16-bit samples; an incomplete last sample is left out."""
    if form == "-s16":
        return np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.float64)
    if form == "-f32":
        floats = np.frombuffer(content[: len(content) // 4 * 4], "<f4").astype(np.float64)
        return floats * 32768
    low, middle, high = np.frombuffer(content[: len(content) // 3 * 3], np.uint8).reshape(-1, 3).T
    signed = high.astype(np.int8).astype(np.int32) << 16
    return (signed | middle.astype(np.int32) << 8 | low) / 256


def _audio(request: Request) -> int:
    """Compare two recordings."""
    x, y = (_samples(_read(path), request.form) for path in request.files)
    length = min(y.size - request.skip, x.size)
    if x.size != length:
        raise UnusableError(f"Sample counts do not match ({x.size}!={max(0, length)}).\n")
    if x.size < WINDOW:
        raise UnusableError(f"Insufficient sample data ({x.size}<{WINDOW}).\n")
    result = compare_audio(x, y, skip=request.skip)
    values = (result.err4, result.err16, result.pitch)
    sys.stderr.write("err4 = {}, err16 = {}, pitch = {}\n".format(*map(_printed, values)))
    return _verdict(values, request.thresholds)


def _features(request: Request) -> int:
    """Compare two files of features; the second may be longer."""
    x, y = (features_from_bytes(_read(path)) for path in request.files)
    if len(y) < len(x):
        raise UnusableError("Error: truncated test file\n")
    values = (math.nan,) * 3
    if len(x):
        result = compare_features(x, y[: len(x)])
        values = (result.total, result.max, result.pitch)
    sys.stderr.write("total = {}, max = {}, pitch = {}\n".format(*map(_printed, values)))
    return _verdict(values, request.thresholds)


def _printed(value: float) -> str:
    """A number as C prints it; nothing divided by nothing is a negative NaN there."""
    return "-nan" if math.isnan(value) else f"{value:f}"


def _verdict(values: tuple[float, ...], thresholds: tuple[float, ...] | None) -> int:
    """Print the verdict, if one is asked for; returns the exit code."""
    if thresholds is None:
        return 0
    if all(value <= limit for value, limit in zip(values, thresholds, strict=True)):
        sys.stderr.write("Comparison PASSED\n")
        return 0
    shown = " ".join(f"{limit:f}" for limit in thresholds)
    sys.stderr.write(f"*** Comparison FAILED *** (thresholds were {shown})\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], "dred_compare"))
