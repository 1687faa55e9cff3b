"""A harness whose start or replies hold what is given in a file, or that leaves daemons."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def serve(start: dict[str, object], body: str) -> None:
    """Answer with a start and a body."""
    for line in sys.stdin:
        message = json.loads(line)
        if message["cmd"] == "stop":
            return
        if message["cmd"] == "start":
            print(json.dumps(start), flush=True)
        else:
            print(f'{{"seq": {message["seq"]}, {body}}}', flush=True)


def leave_daemon(eat: bool) -> None:
    """Start a process in a session of its own whose parent is gone, and say its number."""
    if os.fork():
        time.sleep(60)
    os.setsid()
    if os.fork():
        os._exit(0)
    if not eat:
        print(os.getpid(), flush=True)
    hoard = []
    for _ in range(300 if eat else 600):
        hoard.append(bytearray(b"\1" * (1 << 20)) if eat else b"")
        time.sleep(0.01 if eat else 0.1)
    time.sleep(60)


def main() -> None:
    """Behave as asked."""
    mode, *words = sys.argv[1:]
    start = {"protocol": 1, "name": "strange", "operations": ["packet"], "versions": [10, 12]}
    if mode.endswith("daemon"):
        leave_daemon(mode.startswith("eating"))
    elif mode == "start":
        serve(start | json.loads(Path(words[0]).read_text()), '"unsupported": "x"')
    else:
        serve(start, Path(words[0]).read_text())


if __name__ == "__main__":
    main()
