"""Operands and results of each operation: ``python -m tools.operations`` writes the file of them.

Results are exact fractions, rounded once; nothing of the project's arithmetic has a part in them.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from dredref.analysis.logarithm import APPROXIMATIONS
from dredref.arithmetic.functions import TANH_DENOMINATOR, TANH_NUMERATOR

RECORDED = Path(__file__).parents[1] / "vectors" / "arithmetic" / "operations.json"
DESCRIPTION = [
    "Operands and results of the operations that the integer reference is made of.",
    "binary32 and binary64 are bits of IEEE 754 numbers, as integers without a sign. Every number",
    "is finite; a result that is zero is given as positive zero, and either zero is right.",
    "A result is the exact one, rounded once to the nearest number, halves to even, unless its",
    "formula names several operations: then each of them rounds, in the order that is written.",
    "Numbers below 2**-126 are not flushed to zero, and no product is fused with a sum.",
    "A case lists the operands and then the result.",
]


def rounded(value: Fraction, size: int = 24, finest: int = -149) -> Fraction:
    """The number of ``size`` significant bits that is nearest; Python rounds halves to even."""
    if not value:
        return value
    top = abs(value).numerator.bit_length() - value.denominator.bit_length()
    top -= abs(value) < Fraction(2) ** top
    step = Fraction(2) ** max(top - size + 1, finest)
    return round(value / step) * step


def to_bits(value: Fraction, size: int = 24, width: int = 32) -> int:
    """The bits of a number."""
    bias = (1 << (width - size - 1)) - 1
    magnitude = abs(value)
    field, fraction = 0, magnitude * Fraction(2) ** (bias + size - 2)
    while fraction >= 1 << size:
        field, fraction = field + 1, fraction / 2
    if fraction >= 1 << (size - 1):
        field += 1
        fraction -= 1 << (size - 1)
    assert fraction.denominator == 1
    assert field < (1 << (width - size)) - 1, "no infinity"
    return (value < 0) << (width - 1) | field << (size - 1) | int(fraction)


# What has several operations


def _sum(x: Fraction, y: Fraction) -> Fraction:
    return rounded(x + y)


def _product(x: Fraction, y: Fraction) -> Fraction:
    return rounded(x * y)


def _polynomial(numerals: tuple[str, ...], u: Fraction) -> Fraction:
    n0, n1, n2 = (rounded(Fraction(numeral)) for numeral in numerals)
    return _sum(_product(_sum(_product(n2, u), n1), u), n0)


def tanh(x: Fraction) -> Fraction:
    """The rational tangent."""
    u = _product(x, x)
    above, below = (_polynomial(part, u) for part in (TANH_NUMERATOR, TANH_DENOMINATOR))
    return min(max(rounded(_product(above, x) / below), Fraction(-1)), Fraction(1))


def sigmoid(x: Fraction) -> Fraction:
    """The logistic function by that tangent."""
    return _sum(Fraction(1, 2), tanh(x / 2) / 2)


def to_int8(x: Fraction) -> int:
    """``floor(127 x + 1/2)`` where the product rounds."""
    return math.floor(_product(Fraction(127), x) + Fraction(1, 2))


def log2(x: Fraction) -> Fraction:
    """The approximate logarithm."""
    power = x.numerator.bit_length() - x.denominator.bit_length()
    power -= x < Fraction(2) ** power
    mantissa = x / Fraction(2) ** power
    eighth, about = math.floor((mantissa - 1) * 8), APPROXIMATIONS[12]
    factor = _product(mantissa, rounded(Fraction(about.factors[eighth])))
    u = _sum(factor, -rounded(Fraction(about.middle)))
    total, *lower = (rounded(Fraction(numeral)) for numeral in about.coefficients)
    for coefficient in lower:
        total = _sum(coefficient, _product(u, total))
    return _sum(_sum(Fraction(power), total), rounded(Fraction(about.logarithms[eighth])))


def _decimal(function: Callable[[Decimal], Decimal]) -> Callable[[Fraction], Fraction]:
    """A function of 80 decimal digits, rounded to binary32."""

    def of(x: Fraction) -> Fraction:
        with localcontext() as context:
            context.prec = 80
            return rounded(Fraction(function(Decimal(x.numerator) / Decimal(x.denominator))))

    return of


def sqrt(x: Fraction) -> Fraction:
    """The square root on 53 bits: 70 of it, and whether more follow."""
    scale = 2 * (80 + x.denominator.bit_length())
    number = x.numerator * (1 << scale) // x.denominator
    root = math.isqrt(number)
    rest = Fraction(root * root) != x * (1 << scale)
    return rounded(Fraction(2 * root + rest, 2 << (scale // 2)), 53, -1074)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, and where its operands are drawn from."""

    formula: str
    define: Callable[..., Any]
    operands: tuple[str, ...] = ("binary32", "binary32")
    result: str = "binary32"
    powers: tuple[int, int] = (-149, 127)
    """Powers of two that operands lie between."""
    positive: bool = False


def _wide(act: Callable[[Fraction, Fraction], Fraction]) -> Callable[..., Fraction]:
    return lambda x, y: rounded(act(x, y), 53, -1074)


ONE = ("binary32",)
WIDE = ("binary64", "binary64")
OPERATIONS = {
    "add": Operation("x + y", _sum),
    "sub": Operation("x - y", lambda x, y: rounded(x - y)),
    "mul": Operation("x * y", _product),
    "div": Operation("x / y", lambda x, y: rounded(x / y)),
    "neg": Operation("-x", lambda x: -x, ONE),
    "less": Operation("1 if x < y else 0", lambda x, y: int(x < y), result="int32"),
    "clip_to_one": Operation(
        "x within -1..1", lambda x: min(max(x, Fraction(-1)), Fraction(1)), ONE
    ),
    "floor": Operation("floor(x), an integer", math.floor, ONE, "int32", (-149, 23)),
    "floor_half_up": Operation(
        "floor(x + 1/2), an integer; the sum is exact",
        *(lambda x: math.floor(x + Fraction(1, 2)), ONE, "int32", (-149, 23)),
    ),
    "tanh": Operation(
        "u = x * x; clip_to_one(((N2 * u + N1) * u + N0) * x / ((D2 * u + D1) * u + D0)) with "
        f"N0, N1, N2 = {', '.join(TANH_NUMERATOR)}, D0, D1, D2 = {', '.join(TANH_DENOMINATOR)}",
        *(tanh, ONE, "binary32", (-149, 23)),
    ),
    "sigmoid": Operation("1/2 + tanh(x / 2) / 2", sigmoid, ONE, powers=(-149, 23)),
    "to_int8": Operation("floor_half_up(127 * x), an integer", to_int8, ONE, "int32", (-149, -1)),
    "log2": Operation(
        "approximate logarithm of dredref/analysis/logarithm.py", log2, ONE, "binary32",
        (-126, 127), positive=True,
    ),
    "exp": Operation("e ** x", _decimal(lambda x: x.exp()), ONE, powers=(-149, 5)),
    "widen": Operation("x as binary64", lambda x: x, ONE, "binary64"),
    "narrow": Operation("x as binary32", rounded, ("binary64",), powers=(-160, 126)),
    "add64": Operation("x + y", _wide(lambda x, y: x + y), WIDE, "binary64", (-300, 300)),
    "sub64": Operation("x - y", _wide(lambda x, y: x - y), WIDE, "binary64", (-300, 300)),
    "mul64": Operation("x * y", _wide(lambda x, y: x * y), WIDE, "binary64", (-300, 300)),
    "div64": Operation("x / y", _wide(lambda x, y: x / y), WIDE, "binary64", (-300, 300)),
    "sqrt64": Operation(
        "square root", sqrt, ("binary64",), "binary64", (-300, 300), positive=True
    ),
    "dot": Operation(
        "sum of products of 64 weights and 64 activations, an integer",
        *(lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)), ("int8[64]",) * 2, "int32"),
    ),
    "neg64": Operation("-x", lambda x: -x, WIDE[:1], "binary64", (-300, 300)),
    "less64": Operation(
        "1 if x < y else 0", lambda x, y: int(x < y), WIDE, "int32", (-300, 300)
    ),
    "log10_64": Operation(
        "decimal logarithm, rounded once to binary32",
        *(_decimal(lambda x: x.log10()), WIDE[:1], "binary32", (-60, 60)), positive=True,
    ),
}  # fmt: skip
SIZES = {"binary32": (24, 32), "binary64": (53, 64)}


def draw(operation: Operation, count: int, seed: int) -> Iterator[list[Any]]:
    """Operands and results: edges first, then numbers with many bits and with few, near and far."""
    rng = np.random.default_rng(seed)
    while count:
        if operation.operands[0] not in SIZES:
            values = [rng.integers(-127, 128, 64).tolist() for _ in operation.operands]
            if count % 16 == 0:
                values = [[127 - 254 * int(rng.integers(2))] * 64 for _ in values]
            shown: list[Any] = values
        else:
            values = _numbers(operation, rng)
            shown = [to_bits(x, *SIZES[operation.operands[0]]) for x in values]
        if operation.formula == "x / y" and not values[1]:
            continue
        result = operation.define(*values)
        if operation.result in SIZES:
            if abs(result) >= Fraction(2) ** 128 and operation.result == "binary32":
                continue
            result = to_bits(result, *SIZES[operation.result])
        count -= 1
        yield [*shown, result]


def _numbers(operation: Operation, rng: np.random.Generator) -> list[Any]:
    """Operands of one case, whose powers are alike as often as not."""
    size = SIZES[operation.operands[0]][0]
    finest = -149 if size == 24 else -1074
    low, high = operation.powers
    if rng.random() < 0.6:
        low, high = max(low, -12), min(high, 12)
    if rng.random() < 0.15:
        low, high = operation.powers[0], min(operation.powers[0] + 30, operation.powers[1])
    power = int(rng.integers(low, high + 1))
    values: list[Any] = []
    for _ in operation.operands:
        kept = size if rng.random() < 0.5 else int(rng.integers(1, size + 1))
        m = 1 << (size - 1) | int(rng.integers(1 << (size - 1)))
        m = (m >> (size - kept)) << (size - kept)
        if rng.random() < 0.1:
            m = (1 << size) - 1
        sign = 1 if operation.positive or rng.random() < 0.5 else -1
        values.append(sign * rounded(m * Fraction(2) ** (power - size + 1), size, finest))
        if operation.formula in ("x * y", "x / y") and rng.random() < 0.5:
            aim = int(rng.integers(max(finest - 2, -400), operation.powers[1]))
            power = aim - power if operation.formula == "x * y" else power - aim
        elif rng.random() < 0.8:
            power += int(rng.integers(-30, 31))
        else:
            power = int(rng.integers(low, high + 1))
        power = min(max(power, operation.powers[0]), operation.powers[1])
    if len(values) > 1 and rng.random() < 0.1:
        values[1] = rounded(values[0] * (1 + Fraction(int(rng.integers(-4, 5)), 1 << (size - 1))),
                            size, finest)  # fmt: skip
    if rng.random() < 0.03 and not operation.positive:
        values[int(rng.integers(len(values)))] = Fraction(0)
    return values


def made() -> str:
    """The text of the file, a case a line."""
    lines = ["{", f' "description": {json.dumps(DESCRIPTION, indent=1)},', ' "operations": [']
    for place, (name, one) in enumerate(OPERATIONS.items()):
        head = {
            "name": name,
            "formula": one.formula,
            "operands": one.operands,
            "result": one.result,
        }
        cases = ",\n".join(
            json.dumps(case) for case in draw(one, 24 if name == "dot" else 256, place)
        )
        end = "" if place == len(OPERATIONS) - 1 else ","
        lines.append(f'{json.dumps(head)[:-1]}, "cases": [\n{cases}\n]}}{end}')
    return "\n".join([*lines, "]}", ""])


if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(made())
    print(RECORDED, file=sys.stderr)
