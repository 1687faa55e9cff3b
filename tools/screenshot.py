"""Take the picture of a report that the README shows: ``python -m tools.screenshot``.

It runs the suite on the reference, opens the report in headless Chromium, 1200 pixels wide, and
keeps the top of the page, down to the end of the table of groups. ``--report FOLDER`` takes the
picture of a report that is there already.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from dredref.files import atomic_output
from tools.chromium import Browser

PICTURE = Path(__file__).parents[1] / "conformance" / "guides" / "report.png"
WIDTH = 1200
MARGIN = 24
"""Pixels of paper under the table."""
MOST_BYTES = 200 * 1024
END = "Math.ceil(document.getElementById('matrix').getBoundingClientRect().bottom + scrollY)"


def run_suite(folder: Path) -> Path:
    """Run the suite on the reference; returns the report's page."""
    command = [sys.executable, "-m", "dredref.conformance.main", "run", "--impl", "reference"]
    subprocess.run([*command, "--report", str(folder)], check=True)
    return folder / "report.html"


def picture(page: Path) -> bytes:
    """The top of a report as a PNG.

    Raises:
        BrowserError: if there is no browser, or the page has no table of groups.
    """
    with Browser(WIDTH, 900) as browser:
        browser.open(page)
        height = int(browser.evaluate(END)) + MARGIN
    with Browser(WIDTH, height) as browser:
        browser.open(page)
        return browser.screenshot()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--report",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a report; made anew if not given.",
)
@click.option("--to", type=click.Path(path_type=Path), default=PICTURE, help="Where it goes.")
def main(report: Path | None, to: Path) -> None:
    """Take the picture of a report that the README shows."""
    with tempfile.TemporaryDirectory(prefix="dredref-") as scratch:
        page = report / "report.html" if report else run_suite(Path(scratch))
        content = picture(page)
    if len(content) > MOST_BYTES:
        raise SystemExit(f"{len(content)} bytes are more than {MOST_BYTES}")
    with atomic_output(to) as temporary:
        temporary.write_bytes(content)
    click.echo(f"{to}: {len(content)} bytes")


if __name__ == "__main__":
    main()
