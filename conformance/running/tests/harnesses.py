"""A harness that can misbehave in every way that the runner tells apart.

Run as ``python harnesses.py MODE``. It answers every question with "no extension", which is right
for some vectors and wrong for others; MODE says what it does to a question whose area starts with
the byte 0xff instead.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

GOOD: dict[str, Any] = {"extensions": [], "error": None}


def say(message: dict[str, Any]) -> None:
    """One line."""
    print(json.dumps(message), flush=True)


def start(mode: str) -> None:
    """The reply to start."""
    if mode == "start-garbage":
        print("hello", flush=True)
    elif mode == "start-exit":
        sys.exit(3)
    elif mode == "start-hang":
        time.sleep(60)
    elif mode == "start-protocol":
        say({"protocol": 99, "name": "new", "operations": ["extension"]})
    else:
        hello = {"protocol": 1, "name": "odd", "version": "1", "operations": ["extension"]}
        if mode == "unasked-at-once":
            line = json.dumps({"seq": 0, "answer": GOOD})
            print(json.dumps(hello) + "\n" + line, flush=True)
        else:
            say(hello)


REPORTS = {
    "sanitizer-bounds": "fargan.c:94:15: runtime error: index 256 out of bounds for 'float [256]'",
    "sanitizer-address": "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x7",
    "fortify": "*** buffer overflow detected ***: terminated",
}
"""Mode -> the line of a report that says what happened."""


def misbehave(mode: str, number: int) -> None:
    """Do what the mode says."""
    if mode == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif mode in REPORTS:
        trace = "    #0 0x1 in main main.c:1\nSUMMARY: error in main\nabort"
        print(f"=====\n{REPORTS[mode]}\n{trace}", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGABRT)
    elif mode == "exit-code":
        print("something went wrong", file=sys.stderr, flush=True)
        sys.exit(7)
    elif mode == "exits-early":
        sys.exit(0)
    elif mode == "hang":
        time.sleep(60)
    elif mode == "hang-ignoring":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    elif mode == "not-json":
        print("fine, thanks", flush=True)
    elif mode == "not-object":
        print("[1, 2]", flush=True)
    elif mode == "deep":
        print("[" * 100000, flush=True)
    elif mode == "binary":
        sys.stdout.buffer.write(b"\xff\xfe\x00\n")
        sys.stdout.flush()
    elif mode == "no-body":
        say({"seq": number})
    elif mode == "two-bodies":
        say({"seq": number, "answer": GOOD, "reject": {}})
    elif mode == "no-number":
        say({"answer": GOOD})
    elif mode == "wrong-number":
        say({"seq": number + 1, "answer": GOOD})
    elif mode == "text-number":
        say({"seq": str(number), "answer": GOOD})
    elif mode == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    elif mode == "flood-errors":
        while True:
            sys.stderr.write("x" * 65536)
    elif mode == "answers-twice":
        line = json.dumps({"seq": number, "answer": GOOD})
        print(line + "\n" + line, flush=True)
    elif mode == "memory":
        hoard = []
        while True:
            hoard.append(b"x" * (8 << 20))
            time.sleep(0.01)
    elif mode == "half-line":
        sys.stdout.write('{"seq": ')
        sys.stdout.flush()
        sys.exit(0)
    elif mode == "failure":
        say({"seq": number, "failure": "out of luck"})
    elif mode == "unsupported":
        say({"seq": number, "unsupported": "not today"})
    elif mode == "closes-output":
        os.close(1)
        time.sleep(60)
    else:
        raise AssertionError(mode)


def main() -> None:
    """Speak the protocol, more or less."""
    mode = sys.argv[1]
    for line in sys.stdin:
        message = json.loads(line)
        if message["cmd"] == "start":
            start(mode)
        elif message["cmd"] == "stop":
            if mode == "stays":
                time.sleep(60)
            return
        elif message["input"]["area"].startswith("ff") and mode != "good":
            misbehave(mode, message["seq"])
        else:
            say({"seq": message["seq"], "answer": GOOD})


if __name__ == "__main__":
    main()
