"""The project's own errors.

Every error has a stable ``code`` (lower case, dotted, permanent: vectors expect it) and, where it
comes from reading a stream, the position it was found at. Nothing of construct, numpy or a
container library leaks out of the project: it is wrapped in one of these.
"""

from __future__ import annotations


class DredError(Exception):
    """Base of all errors raised on purpose by this project."""

    def __init__(self, code: str, detail: str) -> None:
        """Remember the stable ``code`` and a one-line explanation for people."""
        super().__init__(detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        """One line: explanation and code."""
        return f"{self.detail} [{self.code}]"


class ParseError(DredError):
    """A byte string that breaks a rule of the format.

    ``byte`` and ``bit`` (0 is the most significant) say where, counted from the start of the
    string given to the parser; ``clause`` names the source clause that is broken.
    """

    def __init__(self, code: str, detail: str, *, byte: int, bit: int = 0, clause: str) -> None:
        """Remember code, explanation, position and clause."""
        super().__init__(code, detail)
        self.byte = byte
        self.bit = bit
        self.clause = clause

    def shifted(self, by: int) -> ParseError:
        """The same error, seen from a string that starts ``by`` bytes earlier."""
        return ParseError(
            self.code, self.detail, byte=self.byte + by, bit=self.bit, clause=self.clause
        )


class BuildError(DredError):
    """Values that the format cannot carry."""


class InputError(DredError):
    """A file that cannot be read, is of no known kind, or breaks off."""


class UsageError(DredError):
    """A request that makes no sense, such as a packet number past the end."""


class MissingExtraError(DredError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, extra: str, feature: str) -> None:
        """Name the ``extra`` to install and what it is needed for."""
        super().__init__("extra.missing", f"{feature} needs: pip install 'dredref[{extra}]'")
        self.extra = extra
