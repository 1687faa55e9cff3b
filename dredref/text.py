"""Text that comes from others, made fit to be shown: no control characters, of bounded length."""

from __future__ import annotations

import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories that act on a terminal or on lines instead of being seen, and halves of pairs."""


def clean(text: str, most: int | None = None, keep: str = "") -> str:
    r"""Spell out what acts instead of being seen, as ``\x1b`` or ``\u2028``.

    Args:
        text: of any kind, lone surrogates too.
        most: characters that are looked at, if there is a bound; a cut is marked with dots.
        keep: control characters that are left as they are.
    """
    cut = "..." if most is not None and len(text) > most else ""
    text = text[:most]
    if text.isascii() and text.isprintable():
        return text + cut
    return "".join(one if one in keep else _shown(one) for one in text) + cut


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
