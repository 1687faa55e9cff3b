"""Render the committed copy of the specification: ``python -m tools.render_spec``."""

from __future__ import annotations

from pathlib import Path

from dredref.conformance.document import context
from dredref.spec.document.render import write

FOLDER = Path("spec/document/rendered")


def main() -> None:
    """Write Markdown, HTML and figures."""
    for path in write(FOLDER, context()):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
