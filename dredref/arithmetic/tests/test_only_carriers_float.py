"""Floats stand only where integers are carried in them; functions of reals are named one by one.

What happens between input and output is read as source: a float literal, a float type or a true
division may stand in the functions named here and nowhere else. Each of them is one form of a
function whose other form is in integers, or carries results in and out; the tests of its module
hold the two equal.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]
FOLDERS = ("arithmetic", "nn", "rdovae", "vocoder", "analysis")

FAST = {"arithmetic/significand_rows.py"}
"""Modules that are the binary32 form of another module, as a whole."""

CARRIERS = {
    # Integers that BLAS carries in float32 or float64.
    "arithmetic/products.py": "ExactMatrix.__init__",
    "arithmetic/wide.py": "WideMatrix.__init__ WideMatrix.multiply",
    # 24-bit numbers packed in binary32; a division is that of either kind of number.
    "arithmetic/significand.py": "carry settle from_integers floor_half_up nearest",
    "arithmetic/significand_functions.py": "tanh",
    "rdovae/dequantize.py": "dequantize",
    "rdovae/quantize.py": "_rounded",
    "arithmetic/significand_arrays.py": "from_fixed",
    "analysis/pitch_network.py": "pitch_of",
    "analysis/lowpass.py": "_rows",
    "analysis/pitch_features.py": "phase_features correlation_features",
    "analysis/prediction.py": "levinson",
    "analysis/voicing.py": "correlation",
    "vocoder/network.py": "subframe",
    # 53-bit numbers packed in binary64.
    "arithmetic/significand_wide.py": "widen narrow wide_constant",
    # Estimates in binary64 that count only where their error does not matter.
    "arithmetic/significand_logs.py": "power_of_ten.estimate softplus.estimate _guarded",
    # What goes in or comes out: files, samples, a caller's features.
    "vocoder/files.py": "read_features",
    "vocoder/synthesis.py": "Vocoder.speak Vocoder.resume feature_words",
}
"""File -> functions in which floats may stand, and the module's own constants where it is named."""

NAMED_TYPES = {"arithmetic/significand.py", "vocoder/synthesis.py"}
"""Modules that name a float type in a type alias or as the kind of a number."""

OF_REALS = {
    # Estimates that count only where their error does not matter.
    "arithmetic/significand_logs.py": "exp power_of_ten.estimate softplus.estimate",
    # The square root, which IEEE 754 defines to the last bit as it does a quotient.
    "arithmetic/significand_wide.py": "root",
}
"""File -> functions in which the platform's functions of reals may be called."""

REALS = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "power", "pow"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh"),
    *("mean", "std", "var", "average", "interp", "linspace", "fft", "rfft", "random", "pi", "e"),
}
"""Names of numpy and math that make or work on reals."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the reference, tests left out."""
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).glob("*.py")):
            yield f"{folder}/{path.name}", ast.parse(path.read_text())


def places(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the function or method it stands in."""
    for node in ast.iter_child_nodes(tree):
        name = within
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            name = f"{within}.{node.name}".lstrip(".")
        yield name, node
        yield from places(node, name)


def hints(tree: ast.AST) -> set[int]:
    """Nodes that say types and do nothing."""
    found: set[int] = set()
    for node in ast.walk(tree):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if hint is not None:
                found.update(id(part) for part in ast.walk(hint))
    return found


def floats(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Functions and what floats in them."""
    types = hints(tree)
    for where, node in places(tree):
        if id(node) in types:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, (float, complex)):
            yield where, f"literal {node.value}, line {node.lineno}"
        elif isinstance(node, ast.Attribute) and node.attr.startswith(("float", "double", "half")):
            yield where, f"type {node.attr}, line {node.lineno}"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield where, f"type float, line {node.lineno}"
        elif isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            yield where, f"division, line {node.lineno}"


def reals(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Functions and what they use of numpy's or math's functions of reals."""
    for where, node in places(tree):
        if isinstance(node, ast.Attribute) and node.attr in REALS:
            owner = ast.unparse(node.value)
            if owner.split(".")[0] in ("np", "numpy", "math"):
                yield where, f"{owner}.{node.attr}, line {node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module in ("math", "cmath", "numpy"):
            yield from ((where, alias.name) for alias in node.names if alias.name in REALS)


MODULES = dict(sources())


@pytest.mark.parametrize("name", MODULES)
def test_floats_stand_in_carriers_only(name: str) -> None:
    """Every float is in a function that the table names."""
    if name in FAST:
        return
    allowed = set(CARRIERS.get(name, "").split())
    found = [
        f"{where or 'module'}: {what}"
        for where, what in floats(MODULES[name])
        if where not in allowed and not (where == "" and name in {*CARRIERS, *NAMED_TYPES})
    ]
    assert not found


@pytest.mark.parametrize("name", MODULES)
def test_functions_of_reals_are_named(name: str) -> None:
    """Numpy's and the platform's stand where the table says and nowhere else."""
    allowed = set(OF_REALS.get(name, "").split())
    assert not [f"{where}: {what}" for where, what in reals(MODULES[name]) if where not in allowed]


def test_the_table_names_what_is_there() -> None:
    """A name that is gone, or that no longer floats, leaves the table."""
    assert set(MODULES) >= {*FAST, *CARRIERS}
    for name, functions in CARRIERS.items():
        floating = {where for where, _ in floats(MODULES[name])}
        assert set(functions.split()) <= floating, name
    for name, functions in OF_REALS.items():
        assert set(functions.split()) == {where for where, _ in reals(MODULES[name])}, name


def test_the_check_finds_floats() -> None:
    """Literals, types, divisions and functions, but no annotations."""
    tree = ast.parse(
        "def f(x: np.float32) -> float:\n y = x * 0.5\n y = y / 2\n return np.float64(np.exp(y))"
    )
    assert [what.split(",")[0] for _, what in floats(tree)] == [
        "literal 0.5",
        "division",
        "type float64",
    ]
    assert list(reals(tree)) == [("f", "np.exp, line 4")]
    assert list(reals(ast.parse("from math import sqrt, gcd"))) == [("", "sqrt")]
    assert not list(floats(ast.parse("x = 3 // 2 * (1 << 4)")))
