"""The suite as one zip file that programs in any language can use."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from dredref.files import atomic_output
from dredref.vectors.schema import schema_text
from dredref.vectors.suite import SUITE_VERSION, Suite

STAMP = (1980, 1, 1, 0, 0, 0)
"""Of every file in it: the same suite gives the same bytes."""

README = """\
# Conformance vectors for Opus DRED, suite {version}

- `data/GROUP/*.json` are the vectors, `schema.json` (JSON Schema 2020-12) is their form.
- Each vector has an `id`, an `operation`, an `input` for it, and what is `expected`. What the
  operations ask for and answer is in PROTOCOL.md; keys that are left out stand at the defaults that
  it names (max_chunks 26, frame_offset 0, rate 16000, 48000 for pcm, channels 1).
- Bytes are objects: {{"hex": "..."}} holds them; {{"path": "...", "sha256": "..."}} names a file
  under `data/`, with `offset` and `length` where only a part of it is meant.
- Features are little-endian float32, 20 to a vector of 10 ms; samples little-endian signed 16 bits;
  streams opus_demo's `.bit`: length and final range, 32 bits each, most significant byte first,
  then the packet.
- `expected.kind`: `exact` (equal to `value`; keys that PROTOCOL.md sets in italics may be left
  out), `reject` (a refusal), `features` and `audio` (within `limits` of the metrics of libopus'
  dred_compare), `analysed`, `encoded`, `same` (the samples that you give for `stream` yourself),
  `survive` (any answer or refusal in time).
- `level` MUST or SHOULD says whether missing it is a failure; `flags` name known faults, explained
  in the file's `notes`.

A program without dredref can do packet, extension, payload, query, pcm and survive with a JSON
parser and nothing else. CHANGELOG.md says what was added when.
"""


def members(suite: Suite) -> Iterator[tuple[str, bytes]]:
    """Names and contents of everything in the archive."""
    yield "README.md", README.format(version=SUITE_VERSION).encode()
    yield "CHANGELOG.md", files("dredref.vectors").joinpath("CHANGELOG.md").read_bytes()
    yield "PROTOCOL.md", files("dredref.conformance").joinpath("PROTOCOL.md").read_bytes()
    yield "schema.json", schema_text().encode()
    for path in sorted(suite.root.rglob("*")):
        if path.is_file():
            yield f"data/{path.relative_to(suite.root).as_posix()}", path.read_bytes()


def write_archive(suite: Suite, path: Path) -> int:
    """Write the archive, whole or not at all; how many files are in it.

    Raises:
        InputError: ``output.unwritable``.
    """
    count = 0
    with (
        atomic_output(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, content in members(suite):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
            count += 1
    return count
