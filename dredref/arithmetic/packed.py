"""Arrays of words that behave as the numbers they stand for: the form that runs by default.

A :class:`Packed` array holds binary32 words as ``int32``. It is a numpy array, so that slices,
shapes and joins cost nothing and code written for either kind of number runs on it as it stands;
but its arithmetic, called through numpy's operators and ufuncs, is that of
:mod:`dredref.arithmetic.significand`, in compiled integer functions. Nothing floats.

Operands must be of the kind themselves: plain integers are not taken for words, nor floats for
numbers, and what has no meaning for numbers is refused. Comparisons give plain arrays of truth
values. Words themselves are had by ``view(np.ndarray)`` (see ``words_of``).

What is compiled is loaded when first used, not with this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Plain = NDArray[Any]
"""A plain array: of words, or of truth values."""
Rule = Callable[..., Plain]
"""An operation on plain arrays of words, with broadcasting."""

_JOINS = np.concatenate, np.stack, np.vstack, np.hstack, np.split, np.array_split, np.append
_SHAPES = np.reshape, np.ravel, np.squeeze, np.expand_dims, np.transpose, np.swapaxes, np.moveaxis
_CHOICES = np.take, np.take_along_axis, np.where, np.repeat, np.tile, np.roll, np.flip
_SPREADS = np.broadcast_to, np.broadcast_arrays, np.lib.stride_tricks.sliding_window_view
_OTHERS = np.zeros_like, np.empty_like, np.copyto, np.array_equal, np.shape, np.ndim, np.size
STRUCTURAL = frozenset((*_JOINS, *_SHAPES, *_CHOICES, *_SPREADS, *_OTHERS))
"""Functions of numpy that move words and do not reckon with them."""


class PackedArray(np.ndarray[Any, Any]):
    """An array of words with the arithmetic of numbers; what words and rules, subclasses say.

    A rule of name ``n`` serves the ufunc of that name, and ``n.accumulate`` its running results.
    """

    rules: ClassVar[Callable[[], Mapping[str, Rule]]]
    """Gives the rules by name of ufunc; called when the first operation is."""

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        """The operation on words.

        Raises:
            TypeError: for an operation without a rule, or an operand that is no array of words.
        """
        kind = type(self)
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        rule = kind.rules().get(name)
        if rule is None or not all(isinstance(x, kind) for x in inputs):
            return NotImplemented
        found = rule(*(x.view(np.ndarray) for x in inputs), **options)
        if out is not None:
            out[0].view(np.ndarray)[...] = found
            return out[0]
        return found if found.dtype == np.bool_ else found.view(kind)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Functions that move words, on words.

        Raises:
            TypeError: for any other.
        """
        if function not in STRUCTURAL:
            return NotImplemented
        return self._same(super().__array_function__(function, types, args, kwargs))

    def _same(self, found: Any) -> Any:
        """Words found as plain arrays or single words, again of this kind."""
        if isinstance(found, (list, tuple)):
            return type(found)(self._same(part) for part in found)
        if isinstance(found, (np.ndarray, np.generic)) and found.dtype == self.dtype:
            return np.asarray(found).view(type(self))
        return found

    def __getitem__(self, index: Any) -> Any:
        """Elements, as numpy indexes them; a single one is an array too."""
        found = super().__getitem__(index)
        return found if isinstance(found, np.ndarray) else np.asarray(found).view(type(self))

    def _refused(self, *_arguments: Any, **_options: Any) -> Any:
        """What numpy would do with words as integers.

        Raises:
            TypeError: always.
        """
        raise TypeError("a word is not its number's value; see words_of and floor")

    astype = argmax = argmin = argsort = dot = searchsorted = sort = _refused


def _rules() -> Mapping[str, Rule]:
    from dredref.arithmetic.compiled_arrays import RULES

    return RULES


class Packed(PackedArray):
    """Numbers of 24 significant bits as binary32 words, ``int32``; zero has no sign."""

    rules = staticmethod(_rules)


def pack_words(words: NDArray[np.int32]) -> Packed:
    """Words of numbers, seen as numbers; none may be infinite, nor a negative zero."""
    return np.asarray(words).view(Packed)
