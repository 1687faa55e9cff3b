"""Headless Chromium through its debugging pipe: load a page, ask it, take its picture.

``python -m tools.chromium PAGE.html OUT.png --width 390`` takes a screenshot of a page.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from dredref.closing import Closing
from dredref.files import atomic_output

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)
SECONDS = 60.0
"""Longest wait for any reply."""


class BrowserError(Exception):
    """The browser did not do what was asked."""


def find() -> str | None:
    """The path of Chromium, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser(Closing):
    """One page in a browser of its own; a context manager."""

    def __init__(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        """Start the browser.

        Raises:
            BrowserError: if there is none.
        """
        program = find()
        if program is None:
            raise BrowserError("no chromium: apt-get install chromium")
        self.problems: list[str] = []
        """Script errors, failed loads and errors on the console, as they came."""
        self._profile = tempfile.TemporaryDirectory(prefix="dredref-", ignore_cleanup_errors=True)
        # The browser reads commands from descriptor 3 and writes replies to descriptor 4.
        command_end, self._out = os.pipe()
        self._in, reply_end = os.pipe()
        ends = [fcntl.fcntl(one, fcntl.F_DUPFD, 20) for one in (command_end, reply_end)]

        def place() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            pass_fds=(3, 4),
            preexec_fn=place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for one in (command_end, reply_end, *ends):
            os.close(one)
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self._loaded = False
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def close(self) -> None:
        """End the browser and remove its profile."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        for descriptor in (self._in, self._out):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._profile.cleanup()

    def open(self, page: Path) -> None:
        """Load a file and wait until it is loaded."""
        self._loaded = False
        self._call("Page.navigate", url=page.resolve().as_uri())
        end = time.monotonic() + SECONDS
        while not self._loaded:
            self._take(self._receive(end))

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for.

        Raises:
            BrowserError: if it throws.
        """
        reply = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in reply:
            raise BrowserError(_thrown(reply["exceptionDetails"]))
        return reply["result"].get("value")

    def screenshot(self, *, whole: bool = False) -> bytes:
        """A PNG of what is seen, or of the whole page."""
        reply = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(reply["data"])

    def pdf(self) -> bytes:
        """The page as it prints."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=True)["data"])

    def _call(self, method: str, **values: Any) -> dict[str, Any]:
        """Send a command and wait for its reply.

        Raises:
            BrowserError: if the browser refuses or does not reply.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": values}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            reply = self._receive(end)
            if reply.get("id") == self._number:
                if "error" in reply:
                    raise BrowserError(f"{method}: {reply['error']}")
                result: dict[str, Any] = reply["result"]
                return result
            self._take(reply)

    def _receive(self, end: float) -> dict[str, Any]:
        """The next message."""
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            part = os.read(self._in, 1 << 20) if ready else b""
            if not part:
                raise BrowserError("the browser does not reply")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _take(self, event: dict[str, Any]) -> None:
        """Note what the page says without being asked."""
        method, values = event.get("method"), event.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.exceptionThrown":
            self.problems.append(_thrown(values["exceptionDetails"]))
        elif method == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.problems.append(values["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and values["type"] == "error":
            said = [str(one.get("value", one.get("description"))) for one in values["args"]]
            self.problems.append(" ".join(said))


def _thrown(details: dict[str, Any]) -> str:
    """An exception in one line."""
    thrown = details.get("exception", {}).get("description", "")
    return f"{details.get('text', '')} {thrown}".strip()


@click.command()
@click.argument("page", type=click.Path(exists=True, path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--width", default=1280, show_default=True)
@click.option("--height", default=900, show_default=True)
@click.option("--whole", is_flag=True, help="The whole page, not only what is seen at first.")
@click.option("--dark", is_flag=True, help="As for those who asked for dark pages.")
@click.option("--script", default="", help="JavaScript to run first, such as a click.")
def main(
    page: Path, output: Path, width: int, height: int, whole: bool, dark: bool, script: str
) -> None:
    """Take a screenshot of PAGE; a name that ends in .pdf prints it."""
    with Browser(width, height, dark=dark) as browser:
        browser.open(page)
        if script:
            browser.evaluate(script)
        content = browser.pdf() if output.suffix == ".pdf" else browser.screenshot(whole=whole)
        with atomic_output(output) as temporary:
            temporary.write_bytes(content)
        for problem in browser.problems:
            click.echo(problem, err=True)


if __name__ == "__main__":
    main()
