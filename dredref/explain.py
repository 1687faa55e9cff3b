"""Why packets of a stream have no DRED, in words, and what to look at."""

from __future__ import annotations

from collections import Counter

from dredref.spec.reading import Absence
from dredref.summary import StreamSummary

_NOBODY = (
    "the encoder wrote none (built with DRED? a duration set? an expected loss above 0? enough bit "
    "rate?), or something on the way took the padding out"
)

SPEECH_BITS = 20_000
"""Bits a second that libopus gives to speech with in-band FEC before it gives any to DRED."""

ADVICE = {
    Absence.LOST: "they never came",
    Absence.MALFORMED: "no Opus packets: encrypted, of another payload type, or self-delimited",
    Absence.NOT_CODE_3: _NOBODY,
    Absence.NO_PADDING: _NOBODY,
    Absence.NO_EXTENSION: "padding to fill up, or DRED under another id (--final-id)",
    Absence.AREA_ERROR: "padding that is no extension area; `dredref validate` names the byte",
    Absence.WRONG_PREFIX: "another experiment under the id of experiments",
    Absence.WRONG_VERSION: "an encoder of another age; versions 10 and 12 are read",
    Absence.TOO_SHORT: "the extension was cut, or its length is wrong",
}
"""Reason -> what it means, and what to look at."""


def explanation(summary: StreamSummary) -> list[str]:
    """Lines that say why packets have no DRED; none if all have."""
    lines: list[str] = []
    absences = Counter(summary.absences)
    if summary.with_dred and summary.leading:
        lines.append(
            f"{_packets(summary.leading)} at the beginning: DRED is of the past, and nothing was "
            "said yet"
        )
        absences = _less(absences, summary.leading)
    silent = min(summary.dtx, absences[Absence.NOT_CODE_3] + absences[Absence.NO_PADDING])
    if silent:
        lines.append(f"{_packets(silent)} of silence (DTX), which carry none")
        absences = _less(absences, silent)
    rate = summary.bits_per_second
    for absence, count in absences.most_common():
        advice = ADVICE[absence]
        if advice is _NOBODY and rate is not None and rate < SPEECH_BITS:
            advice = f"at {rate / 1000:.1f} kb/s the speech leaves little to DRED, and so {advice}"
        lines.append(f"{_packets(count)}, {absence}: {advice}")
    return lines


def _less(absences: Counter[Absence], count: int) -> Counter[Absence]:
    """The counts without so many packets that have no padding, or else any other reason."""
    left = Counter(absences)
    order = (Absence.NOT_CODE_3, Absence.NO_PADDING, *(one for one, _ in absences.most_common()))
    for absence in order:
        taken = min(count, left[absence])
        left[absence] -= taken
        count -= taken
    return +left


def _packets(count: int) -> str:
    return "1 packet" if count == 1 else f"{count} packets"
