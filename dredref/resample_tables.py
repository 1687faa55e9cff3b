"""The anti-alias filters of the DRED encoder: elliptic, 7th order, 0.2 dB ripple, 70 dB stop band.

Numbers from libopus 1.6.1 dnn/dred_encoder.c (dred_convert_to_16k), BSD licence, see
LICENSE.libopus. ``b`` and ``a`` are the coefficients of ``z**0`` to ``z**-7`` of

    (b[0] + b[1] z^-1 + ...) / (a[0] + a[1] z^-1 + ...)

as decimal strings; they stand for the nearest single-precision numbers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilterTable:
    """One filter: where it runs, and its coefficients."""

    up: int
    """Input samples are spread ``up - 1`` zeros apart, and scaled by ``up``."""
    down: int
    """Every ``down``-th sample of the filter's output is kept, from the first on."""
    taps: int
    """Length of the response that is kept; what follows is below 2**-26."""
    b: tuple[str, ...]
    a: tuple[str, ...]


_WIDE_B = (
    *("0.004523418224", "0.005873358047", "0.012980854831", "0.014531340042"),
    *("0.014531340042", "0.012980854831", "0.005873358047", "0.004523418224"),
)
_WIDE_A = (
    *("1", "-3.878718597768", "7.748834257468", "-9.653651699533"),
    *("8.007342726666", "-4.379450178552", "1.463182111810", "-0.231720677804"),
)

FILTERS: dict[int, FilterTable] = {
    8000: FilterTable(
        up=2,
        down=1,
        taps=384,
        b=(
            *("0.020109185709", "0.081670120929", "0.180401598565", "0.259391051971"),
            *("0.259391051971", "0.180401598565", "0.081670120929", "0.020109185709"),
        ),
        a=(
            *("1", "-1.393651933659", "2.609789872676", "-2.403541968806"),
            *("2.056814957331", "-1.148908574570", "0.473001413788", "-0.110359852412"),
        ),
    ),
    12000: FilterTable(
        up=4,
        down=3,
        taps=512,
        b=(
            *("0.002033596776", "-0.001017101081", "0.003673127243", "0.001009165267"),
            *("0.001009165267", "0.003673127243", "-0.001017101081", "0.002033596776"),
        ),
        a=(
            *("1", "-4.930414411612", "11.291643096504", "-15.322037343815"),
            *("13.216403930898", "-7.220409219553", "2.310550142771", "-0.334338618782"),
        ),
    ),
    24000: FilterTable(up=2, down=3, taps=448, b=_WIDE_B, a=_WIDE_A),
    48000: FilterTable(up=1, down=3, taps=448, b=_WIDE_B, a=_WIDE_A),
    96000: FilterTable(
        up=1,
        down=6,
        taps=768,
        b=(
            *("0.000880286074", "-0.002160290245", "0.002887088080", "-0.001214921271"),
            *("-0.001214921271", "0.002887088080", "-0.002160290245", "0.000880286074"),
        ),
        a=(
            *("1", "-5.813483928050", "14.932091805554", "-21.900933283269"),
            *("19.774128964756", "-10.978028462771", "3.467650469467", "-0.480641240411"),
        ),
    ),
}
"""Sample rate of the input -> its filter; edges at 3.9, 5.8, 7.75, 7.75 and 7.75 kHz."""
