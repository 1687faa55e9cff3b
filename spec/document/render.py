"""Rendering the written specification as Markdown and as one self-contained HTML page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from dredref.spec.document.example import worked_example
from dredref.spec.document.figures import FIGURES
from dredref.spec.document.layout import symbol_rows
from dredref.spec.drafts import documents_read, statements
from dredref.spec.dred import (
    DECODER_CHUNKS,
    EXTRA_UNIT,
    MAX_EXTENSION_BYTES,
    OFFSET_BIAS,
    PAYLOAD,
    SPARE_BITS,
)
from dredref.spec.packet import parse_toc
from dredref.spec.requirements import requirements
from dredref.spec.tables import (
    CURRENT_VERSION,
    LATENT_DIM,
    LEVEL_STEPS,
    STATE_DIM,
    VERSIONS,
    quantizer_tables,
)

FOLDER = "figures"
"""Where the Markdown looks for its figures."""
CHAPTERS = (
    "intro",
    "packet",
    "extension",
    "rangecoder",
    "payload",
    "timing",
    "networks",
    "arithmetic",
    "vocoder",
    "analysis",
    "concealment",
    "encoder",
    "conformance",
    "differences",
    "drafts",
    "security",
    "requirements",
    "example",
    "tables",
)
"""Chapters in their order; section numbers follow from it."""


def environment() -> Environment:
    """Templates of the specification; a name that is not known is an error."""
    return Environment(
        loader=PackageLoader("dredref.spec.document"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=False,
        keep_trailing_newline=True,
    )


def render_markdown(extra: Mapping[str, Any]) -> str:
    """The specification as Markdown; figures are links into ``figures/``.

    Args:
        extra: what chapters say of networks and conformance classes, which are defined in packages
            that stand above this one.
    """
    text = environment().get_template("spec.md.j2").render(_context(), **extra)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_html(extra: Mapping[str, Any]) -> str:
    """The specification as one HTML page with everything inside."""
    body = MarkdownIt("commonmark").enable("table").render(render_markdown(extra))
    body = re.sub(
        rf'<p><img src="{FOLDER}/(\w+)\.svg" alt="([^"]*)" /></p>',
        lambda found: _figure(found[1], found[2]),
        body,
    )
    body, contents = _with_anchors(body)
    page = environment().get_template("page.html.j2")
    title = "Opus DRED: the format, and an integer reference"
    return page.render(title=title, contents=contents, body=Markup(body))


def figures() -> dict[str, str]:
    """File name -> SVG of every figure."""
    return {f"{FOLDER}/{name}.svg": draw() for name, draw in FIGURES.items()}


def write(folder: Path, extra: Mapping[str, Any]) -> list[Path]:
    """Write Markdown, HTML and figures into a folder."""
    files = {"SPEC.md": render_markdown(extra), "SPEC.html": render_html(extra), **figures()}
    written = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        written.append(path)
    return written


def _figure(name: str, caption: str) -> str:
    return f"<figure>{FIGURES[name]()}<figcaption>{caption}</figcaption></figure>"


def _with_anchors(body: str) -> tuple[str, list[tuple[str, str]]]:
    """Give headings ids; returns the chapters for the table of contents."""
    contents: list[tuple[str, str]] = []

    def anchored(found: re.Match[str]) -> str:
        level, words = found[1], found[2]
        plain = unescape(re.sub(r"<[^>]+>", "", words))
        anchor = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
        if level == "2":
            contents.append((anchor, plain))
        return f'<h{level} id="{anchor}">{words}</h{level}>'

    return re.sub(r"<h([23])>(.*?)</h\1>", anchored, body), contents


def _context() -> dict[str, Any]:
    """What the templates may name."""
    return {
        "versions": VERSIONS,
        "current_version": CURRENT_VERSION,
        "latent_dim": LATENT_DIM,
        "state_dim": STATE_DIM,
        "features": 20,
        "section": {name: number for number, name in enumerate(CHAPTERS, start=1)},
        "toc_rows": list(_toc_rows()),
        "payload_rows": list(symbol_rows(PAYLOAD)),
        "steps": LEVEL_STEPS,
        "offset_bias": OFFSET_BIAS,
        "extra_unit": EXTRA_UNIT,
        "spare": SPARE_BITS,
        "decoder_chunks": DECODER_CHUNKS,
        "max_bytes": MAX_EXTENSION_BYTES,
        "requirements": list(requirements().values()),
        "statements": statements(),
        "documents_read": documents_read(),
        "tables": [_tables(version) for version in VERSIONS],
        "example": worked_example(),
        "figure": lambda name, caption: f"![{caption}]({FOLDER}/{name}.svg)",
    }


def _toc_rows() -> Iterator[tuple[int, int, str, str, str]]:
    """Configs of one mode and bandwidth: first, last, mode, bandwidth, frame sizes."""
    first = 0
    tocs = [parse_toc(config << 3) for config in range(32)]
    for config, toc in enumerate(tocs):
        following = tocs[config + 1] if config < 31 else None
        if following is None or (toc.mode, toc.bandwidth) != (following.mode, following.bandwidth):
            sizes = ", ".join(f"{item.frame_ms:g}" for item in tocs[first : config + 1])
            yield first, config, toc.mode, toc.bandwidth, sizes
            first = config + 1


def _tables(version: int) -> dict[str, Any]:
    tables = quantizer_tables(version)
    parts = []
    for part, table in (("state", tables.state), ("latent", tables.latent)):
        for name in ("scale", "dead_zone", "r", "p0"):
            rows = [
                " ".join(f"{value:3d}" for value in line) for line in getattr(table, name).tolist()
            ]
            parts.append((part, name, rows))
    return {"version": version, "provenance": tables.provenance, "parts": parts}
