"""A page of measured figures: data as JSON, and Markdown that a template makes of it.

Both stand in ``conformance/guides``. ``python -m tools.measured.page`` renders every page anew from
the data that is there; the commands that measure write both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dredref.files import atomic_output

FOLDER = Path(__file__).parents[2] / "conformance" / "guides"
TEMPLATES = Path(__file__).parent / "templates"
NAMES = tuple(sorted(path.name.removesuffix(".md.j2") for path in TEMPLATES.glob("*.md.j2")))


def render(name: str, data: Any) -> str:
    """Return the page ``name`` of its data."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(f"{name}.md.j2").render(data)


def load(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return the data of a page; nothing if there is none yet."""
    path = folder / f"{name}.json"
    data: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return data


def save(name: str, data: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write the data of a page, and the page.

    Raises:
        InputError: ``output.unwritable``.
    """
    for path, text in (
        (folder / f"{name}.json", json.dumps(data, indent=1) + "\n"),
        (folder / f"{name}.md", render(name, data)),
    ):
        with atomic_output(path) as temporary:
            temporary.write_text(text, "utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Render every page from its data."""
    for name in NAMES:
        save(name, load(name))
        click.echo(FOLDER / f"{name}.md")


if __name__ == "__main__":
    main()
