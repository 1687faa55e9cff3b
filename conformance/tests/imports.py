"""What a program of the examples imports."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

STANDARD = sys.stdlib_module_names - {"importlib"}
"""The standard library, without a way to import by name."""


def imported(program: Path) -> set[str]:
    """Return the top-level names of all imports of a program; it does not hide any."""
    names = set()
    for node in ast.walk(ast.parse(program.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Name):
            assert node.id not in {"__import__", "exec", "eval"}
    assert names
    return names
