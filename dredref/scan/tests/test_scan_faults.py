"""Faults planted in the scan: the comparison with the reference sees every one of them.

The scan answers no vector, so these are not among the faults of ``tools/mutants``; those of its
coder are, as that is the specification's (``dredref.coder``). The text runs
here as plain Python, as it does where there is no compiler. A fault that only leaves more records
to the reference is none.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import dredref
from dredref.inspection import read_record
from dredref.scan.tests.packets import DRED, GOOD, MORE, VIOLATING, area, records, stream_packets
from dredref.spec.checks import Violation, check_record
from dredref.spec.reading import Reading
from dredref.streams import Record
from dredref.streams.batch import RecordBatch, batch_of
from tools import compare_scan

SCAN = "notes", "canonical", "payload", "framing", "area", "kernel"
MODULES = ("coder", *(f"scan.{one}" for one in SCAN))
PLAIN = """
borrowed = kernel = scalar = lambda f: f
leading_zeros64 = lambda x: 64 - int(x).bit_length()
"""
"""What is compiled otherwise."""
FAULTS: dict[str, tuple[str, str, str]] = {
    "a chunk of seven bits": ("payload", "> SPARE_BITS and", ">= SPARE_BITS and"),
    "taken as written": ("canonical", "return is_whole and", "return is_whole or"),
    "values are not checked": (
        "payload",
        "abs(value) > int(table[index, LIMIT])",
        "value > 9999999",
    ),
    "offset without its frame": ("payload", " + frame_offset\n", "\n"),
    "cap of the next level": ("payload", "cap_at(q0,", "cap_at(q0 + 1,"),
    "padding of 255": ("framing", "min(byte, LACED_STEP)", "byte"),
    "frame of 1276 bytes": ("framing", "last > MAX_FRAME_BYTES", "last > MAX_FRAME_BYTES + 1"),
    "two-byte length": ("framing", "byte << 2 * half", "byte << 3 * half"),
    "LBRR turned": ("framing", "int(data[place]) > 0", "int(data[place]) == 0"),
    "separator always one": ("area", "int(data[place]) if L else 1", "1"),
    "lacing of 254": (
        "area",
        "while byte == LACING_STEP:\n        if",
        "while byte >= LACING_STEP - 1:\n        if",
    ),
    "repeat in this frame again": (
        "area",
        "range(frame + 1, nb_frames)",
        "range(frame, nb_frames)",
    ),
    "last long one keeps its length": ("area", "source == last_long", "source == end"),
    "short payloads forgotten": ("area", "end - place - short", "end - place"),
    "last DRED counts": (
        "area",
        'if row["carriers"] > 1:\n        return',
        'if row["carriers"] > 99:\n        return',
    ),
    "padding may be anything": ("area", "if data[place]:", "if data[place] > 254:"),
    "frame past the last": (
        "area",
        "if frame >= nb_frames:\n                    note",
        "if frame > nb_frames:\n                    note",
    ),
    "version 10 by the tables of 12": ("kernel", "number = table_of(version)", "number = 1"),
    "payload a byte early": (
        "kernel",
        'first + row["payload_byte"]',
        'first + row["payload_byte"] - 1',
    ),
}
"""What is wrong -> module, what stands there, and what is written instead."""


def plain_scan(module: str = "", old: str = "", new: str = "") -> Callable[..., None]:
    """The scan as plain Python, with a fault in one of its modules."""
    names = [f"dredref.{name}" for name in MODULES]
    compiled = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        for name in names:
            path = Path(dredref.__path__[0]).joinpath(*name.split(".")[1:]).with_suffix(".py")
            text = path.read_text("utf-8")
            if name == f"dredref.scan.{module}":
                assert text.count(old) == 1, (
                    f"{old!r} stands {text.count(old)} times in {path.name}"
                )
                text = text.replace(old, new)
            text = re.sub(r"from dredref\.arithmetic\.compiling import .*", PLAIN, text)
            made = ModuleType(name)
            sys.modules[made.__name__] = made
            exec(compile(text, str(path), "exec"), made.__dict__)
        scan: Callable[..., None] = sys.modules["dredref.scan.kernel"].__dict__["scan_rows"]
        return scan
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(compiled)


@pytest.fixture(scope="module")
def batch() -> RecordBatch:
    """Packets that violate every requirement, and sound ones."""
    made = records([*VIOLATING.values(), *MORE, *islice(stream_packets(), 0, 1400, 100)])
    made.append(Record(len(made), area(DRED), "extension_area", nb_frames=2))
    made.append(Record(len(made) + 1, GOOD, "dred_payload", version=12))
    return batch_of(made)


@pytest.fixture(scope="module", autouse=True)
def kept_reference() -> Iterator[None]:
    """What the reference says of a record is worked out once."""
    readings = cache(read_record)
    violations: dict[int, list[Violation]] = {}

    def check(reading: Reading) -> list[Violation]:
        if id(reading) not in violations:
            violations[id(reading)] = check_record(reading)
        return violations[id(reading)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare_scan, "read_record", readings)
        patch.setattr(compare_scan, "check_record", check)
        yield


def wrong(batch: RecordBatch, scan: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the comparison finds of a scan."""
    monkeypatch.setattr("dredref.scan.kernel.scan_rows", scan)
    return [one for one in compare_scan.differences(batch) if one is not None]


def test_without_a_fault_nothing_differs(
    batch: RecordBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong(batch, plain_scan(), monkeypatch) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(fault: str, batch: RecordBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(batch, plain_scan(*FAULTS[fault]), monkeypatch) != []
