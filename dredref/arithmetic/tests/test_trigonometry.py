"""Sines and cosines against the platform's, and against what is known of them."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.trigonometry import cosine, pi, sine


def test_pi_has_the_digits_it_is_known_for() -> None:
    digits = 314159265358979323846264338  # 26 decimals
    assert pi() * 10**26 >> 96 == digits


def test_quarters_of_a_turn_are_exact() -> None:
    one = 1 << 24
    assert [cosine(Fraction(k, 4), 24) for k in range(5)] == [one, 0, -one, 0, one]
    assert [sine(Fraction(k, 4), 24) for k in range(5)] == [0, one, 0, -one, 0]
    assert cosine(Fraction(1, 6), 40) == 1 << 39
    assert sine(Fraction(1, 12), 40) == 1 << 39


@given(st.fractions(min_value=-3, max_value=3, max_denominator=5000))
def test_they_agree_with_the_platform(turns: Fraction) -> None:
    angle = 2 * math.pi * float(turns)
    assert abs(cosine(turns, 40) / 2**40 - math.cos(angle)) < 2e-12
    assert abs(sine(turns, 40) / 2**40 - math.sin(angle)) < 2e-12
