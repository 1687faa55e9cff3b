"""What is fuzzed: readers of bytes, and what may come of each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dredref.audio import open_audio
from dredref.conformance.record import read_run
from dredref.conformance.running import strict
from dredref.conformance.running.files import read_bit
from dredref.conformance.running.replies import FaultError, capabilities_from_json, reply_from_json
from dredref.inject import strip_file
from dredref.losses.models import parse_loss_model
from dredref.model.blob import blob_models
from dredref.model.container import read_model
from dredref.model.csource import read_arrays, read_shapes
from dredref.model.source import SourcePackage
from dredref.rdovae.records import read_records
from dredref.scan import scan_batch, scan_stream
from dredref.spec.checks import check_record
from dredref.spec.dred import parse_payload
from dredref.spec.errors import DredError
from dredref.spec.extension import build_area, parse_area
from dredref.spec.packet import build_packet, parse_packet
from dredref.spec.reading import read_area, read_dred, read_packet
from dredref.streams import Record, open_stream
from dredref.streams.batch import batch_of
from dredref.vectors.form import file_to_text
from dredref.vectors.suite import load_suite

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
    assert list(found.violations.get(0, ())) == check_record(read_packet(data))


def _file(data: bytes, suffix: str) -> tempfile._TemporaryFileWrapper[bytes]:
    """A file of these bytes for the time of a with block."""
    file = tempfile.NamedTemporaryFile(suffix=suffix)  # noqa: SIM115  (the caller closes it)
    file.write(data)
    file.flush()
    return file


def stream(data: bytes) -> None:
    """A file of any kind, read and scanned: opus_demo, Ogg, WebM, MP4, captures, JSON lines."""
    with _file(data, ".bin") as file, suppress(DredError), open_stream(file.name) as found:
        for _ in scan_stream(found.batches()):
            pass


def rewrite(data: bytes) -> None:
    """A file of any kind that its DRED is taken out of."""
    suffix = ".ogg" if data[:4] == b"OggS" else ".bit"
    with (
        _file(data, suffix) as file,
        tempfile.TemporaryDirectory() as folder,
        suppress(DredError),
    ):
        strip_file(file.name, Path(folder) / f"out{suffix}")


def run(data: bytes) -> None:
    """A recorded run."""
    with _file(data, ".jsonl") as file, suppress(DredError):
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
    """A vector file: what is read can be asked and written again."""
    with tempfile.TemporaryDirectory() as folder, suppress(DredError):
        path = Path(folder) / "packet" / "fuzzed.json"
        path.parent.mkdir()
        path.write_bytes(data)
        found = load_suite(folder).read(path)
        file_to_text(found)
        for one in found.vectors:
            with suppress(DredError):
                one.request()


def model(data: bytes) -> None:
    """A model file."""
    with suppress(DredError):
        read_model(data, "fuzzed")


def blob(data: bytes) -> None:
    """A weight blob of libopus."""
    with suppress(DredError):
        list(blob_models(data, "fuzzed"))


def audio(data: bytes) -> None:
    """A recording of any format of libsndfile."""
    with _file(data, ".wav") as file, suppress(DredError), open_audio(file.name) as found:
        for _ in found.blocks():
            pass


def csource(data: bytes) -> None:
    """A generated C file with weights."""
    text = data.decode("latin-1")
    for reader in (read_arrays, read_shapes):
        with suppress(DredError):
            reader(text, "fuzzed")


def archive(data: bytes) -> None:
    """A tarball of libopus' sources."""
    with _file(data, ".tar") as file, suppress(DredError):
        SourcePackage(Path(file.name))


def losses(data: bytes) -> None:
    """A trace of losses, and the same text as a model."""
    with _file(data, ".txt") as file:
        for text in (f"trace:{file.name}", data.decode("latin-1")):
            with suppress(DredError, StopIteration):
                drawn = parse_loss_model(text).draw()
                for _ in range(8):
                    next(drawn)


TARGETS: dict[str, Target] = {
    one.__name__: one
    for one in (
        *(packet, area, payload, scan, stream, rewrite, run, reply, output, records, vectors),
        *(model, blob, audio, csource, archive, losses),
    )
}
