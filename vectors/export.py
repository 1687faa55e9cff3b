"""The suite as upstream's script for DRED vectors expects it.

Upstream's procedure (``tests/dred_vectors.sh`` of libopus) takes eight sets of files, numbered from
1, which are told here from vectors of the groups decode, vocoder and stream:

=========================  ====================================================================
``vectorN_dred.bit``       records for ``fargan_demo -dred-decoding``
``vectorN_dred_dec.f32``   the features that they are to decode to
``vectorN_features.f32``   features for ``fargan_demo -fargan-synthesis``
``vectorN_orig.sw``        the recording behind them, and behind the stream
``vectorN_opus.bit``       a stream for ``opus_demo -d 16000 1``; lost packets have no bytes
=========================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dredref.files import atomic_output, make_folder
from dredref.vectors.material import bit_packets
from dredref.vectors.model import Audio, ConcealInput, Features, RecordsInput, VocodeInput
from dredref.vectors.suite import Suite

SETS = range(1, 9)
"""Numbers of upstream's sets."""
HEAD = 8
"""Bytes of length and final range before each packet of a ``.bit`` file."""


def upstream_files(suite: Suite) -> Iterator[tuple[str, bytes]]:
    """Names and contents of all files.

    Raises:
        UsageError: ``vectors.id`` if the suite lacks a vector that is needed.
    """
    for number in SETS:
        records = suite.find(f"decode.v12.records.{number}")
        assert isinstance(records.input, RecordsInput)
        assert isinstance(records.expected, Features)
        yield f"vector{number}_dred.bit", records.input.records.read()
        yield f"vector{number}_dred_dec.f32", records.expected.features.read()
        speech = suite.find(f"vocoder.read.{number}")
        assert isinstance(speech.input, VocodeInput)
        assert isinstance(speech.expected, Audio)
        assert speech.expected.original is not None
        yield f"vector{number}_features.f32", speech.input.features.read()
        yield f"vector{number}_orig.sw", speech.expected.original.read()
        stream = suite.find(f"stream.conceal.v12.call-{number}")
        assert isinstance(stream.input, ConcealInput)
        yield f"vector{number}_opus.bit", lossy_stream(stream.input)


def lossy_stream(given: ConcealInput) -> bytes:
    """A stream with its losses in it: a lost packet has length and final range 0."""
    content = given.stream.read()
    parts = []
    place = 0
    for packet, digit in zip(bit_packets(content), given.mask, strict=True):
        whole = content[place : place + HEAD + len(packet)]
        parts.append(bytes(HEAD) if digit == "1" else whole)
        place += len(whole)
    return b"".join(parts)


def export_upstream(suite: Suite, folder: Path) -> int:
    """Write the files into a folder, made if need be; how many there are.

    Raises:
        InputError: ``output.unwritable``.
        UsageError: ``vectors.id``.
    """
    make_folder(folder)
    count = 0
    for name, content in upstream_files(suite):
        with atomic_output(folder / name) as path:
            path.write_bytes(content)
        count += 1
    return count
