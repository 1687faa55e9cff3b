"""``dredref spec``: the written specification and what is generated from it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dredref.files import atomic_output
from dredref.spec.requirements import requirements


def markdown() -> str:
    """The specification as Markdown."""
    from dredref.conformance.document import context
    from dredref.spec.document.render import render_markdown

    return render_markdown(context())


def html() -> str:
    """The specification as one HTML page."""
    from dredref.conformance.document import context
    from dredref.spec.document.render import render_html

    return render_html(context())


def catalogue() -> str:
    """The requirements as JSON."""
    entries = [
        {
            "id": entry.id,
            "level": str(entry.level),
            "clause": entry.clause,
            "summary": entry.summary,
            "check": entry.check,
            "codes": list(entry.codes),
        }
        for entry in requirements().values()
    ]
    return json.dumps(entries, indent=1) + "\n"


def wireshark() -> str:
    """The Wireshark dissector as a Lua script."""
    from dredref.spec.document.dissector import render_dissector

    return render_dissector()


FORMS = {
    "html": html,
    "markdown": markdown,
    "requirements": catalogue,
    "wireshark": wireshark,
}


@click.command()
@click.option("--html", "form", flag_value="html", help="The specification as one page.")
@click.option("--markdown", "form", flag_value="markdown", help="The same as Markdown (default).")
@click.option("--requirements", "form", flag_value="requirements", help="The catalogue as JSON.")
@click.option("--wireshark", "form", flag_value="wireshark", help="A dissector for Wireshark.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def spec(form: str | None, output: Path | None) -> None:
    """Print the written specification, or what is generated from it."""
    text = FORMS[form or "markdown"]()
    if output is None:
        click.echo(text, nl=False)
        return
    with atomic_output(output) as temporary:
        temporary.write_text(text)
