"""What is fuzzed: readers of bytes, and what may come of each."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dredref.conformance.record import read_run
from dredref.conformance.running import strict
from dredref.conformance.running.files import read_bit
from dredref.conformance.running.replies import FaultError, capabilities_from_json, reply_from_json
from dredref.model.blob import blob_models
from dredref.model.container import read_model
from dredref.rdovae.records import read_records
from dredref.scan import scan_batch
from dredref.spec.checks import check_record
from dredref.spec.dred import parse_payload
from dredref.spec.errors import DredError
from dredref.spec.extension import build_area, parse_area
from dredref.spec.packet import build_packet, parse_packet
from dredref.spec.reading import read_area, read_dred, read_packet
from dredref.streams import Record, open_stream
from dredref.streams.batch import batch_of
from dredref.vectors.form import file_from_json

Target = Callable[[bytes], object]


def packet(data: bytes) -> None:
    """Framing: what is read is built again, if not byte for byte then to the same reading."""
    with suppress(DredError):
        found = parse_packet(data)
        assert parse_packet(build_packet(found)).frames == found.frames or len(data) > 4000
    check_record(read_packet(data))


def area(data: bytes) -> None:
    """Extension area: one without error is built to the same bytes."""
    nb_frames = 1 + (data[0] if data else 0) % 48
    found = parse_area(data[1:], nb_frames)
    if found.error is None:
        assert build_area(found) == data[1:]
    check_record(read_area(data[1:], nb_frames))


def payload(data: bytes) -> None:
    """DRED payload: symbols follow each other, values are those of the coder."""
    version = 12 if not data or data[0] % 2 else 10
    found = parse_payload(data[1:], version)
    assert all(a.end == b.start for a, b in zip(found.symbols, found.symbols[1:], strict=False))
    check_record(read_dred(data[1:], version))


def scan(data: bytes) -> None:
    """The compiled scan says of a packet what the reference says."""
    found = scan_batch(batch_of([Record(0, data)]))
    reading = read_packet(data)
    if data:
        assert list(found.violations.get(0, ())) in ([], check_record(reading))


def stream(data: bytes) -> None:
    """A file of any kind: opus_demo, Ogg, WebM, MP4, captures, JSON lines."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file, suppress(DredError):
        Path(file.name).write_bytes(data)
        with open_stream(file.name) as found:
            for _ in found:
                pass


def run(data: bytes) -> None:
    """A recorded run."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file, suppress(DredError):
        Path(file.name).write_bytes(data)
        read_run(file.name, broken=True)


def reply(data: bytes) -> None:
    """What an implementation answers."""
    with suppress(ValueError, FaultError):
        form = strict.loads(data)
        strict.dumps(form)
        if isinstance(form, dict):
            reply_from_json(form)
            capabilities_from_json(form)


def output(data: bytes) -> None:
    """opus_demo's output file of a command."""
    with suppress(FaultError):
        read_bit(data)


def records(data: bytes) -> None:
    """Records of upstream's ``-dred-decoding``."""
    with suppress(DredError):
        read_records(data, 12)


def vectors(data: bytes) -> None:
    """A vector file."""
    with suppress(ValueError, DredError, RecursionError):
        form = json.loads(data)
        if isinstance(form, dict):
            with suppress(TypeError, AttributeError, KeyError):
                file_from_json(form, Path())


def model(data: bytes) -> None:
    """A model file."""
    with suppress(DredError):
        read_model(data, "fuzzed")


def blob(data: bytes) -> None:
    """A weight blob of libopus."""
    with suppress(DredError):
        list(blob_models(data, "fuzzed"))


TARGETS: dict[str, Target] = {
    one.__name__: one
    for one in (
        *(packet, area, payload, scan, stream, run, reply, output, records, vectors),
        *(model, blob),
    )
}
