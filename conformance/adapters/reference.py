"""The project's own reference as an implementation under test.

``answer`` is called in the process by those who study the suite itself; everyone else runs the
command ``dredref serve`` as a harness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.files import read_bit
from dredref.conformance.running.replies import Capabilities, FaultError, Reply, Unsupported
from dredref.spec.dred import DredPayload, parse_payload
from dredref.spec.errors import InputError, MissingExtraError, ParseError, UsageError
from dredref.spec.packet import parse_packet
from dredref.vectors import answers
from dredref.vectors.blob import Blob
from dredref.vectors.model import (
    INPUTS,
    ConcealInput,
    DecodeInput,
    EncodeInput,
    ExtensionInput,
    Input,
    PacketInput,
    PayloadInput,
    PcmInput,
    PlcInput,
    QueryInput,
    RecordsInput,
    SdpInput,
    VocodeInput,
)


def answer(operation: str, given: Mapping[str, Any]) -> Reply:
    """Answer one question; what the input breaks is refused."""
    answerer = ANSWERS.get(operation)
    if answerer is None:
        return Unsupported(f"the reference has no {operation}")
    try:
        with _carrier(operation):
            return Answer(answerer(_input(operation, given), given.get("version", 12)))
    except ParseError as error:
        return Refusal(error.code, error.detail)
    except (MissingExtraError, UsageError) as error:
        own = error.code in REFUSED
        return Refusal(error.code, str(error)) if own else Unsupported(str(error))
    except InputError as error:
        return Refusal(error.code, str(error))
    except FaultError as broken:
        # A stream that breaks off, read by the same function as a program's output.
        return Refusal("stream.truncated", broken.detail)


REFUSED = frozenset({"mask.length", "encode.opus"})
"""Usage errors that are faults of the question, and nothing that the reference does not do."""

COMPUTED = frozenset({"decode", "records", "vocode", "encode", "conceal", "plc"})
"""Operations whose answers come out of networks and vocoder."""


def _carrier(operation: str) -> AbstractContextManager[None]:
    """The normative arithmetic, where an answer needs one; it takes time to load."""
    if operation not in COMPUTED:
        return nullcontext()
    from dredref.arithmetic.carrier import using

    return using("integer")


def _input(operation: str, given: Mapping[str, Any]) -> Input:
    """The dataclass that a request was made from."""
    kind = INPUTS[operation]
    values: dict[str, Any] = {}
    for item in fields(kind):
        if item.name in given:
            value = given[item.name]
            is_bytes = "Blob" in str(item.type)
            values[item.name] = Blob(inline=bytes.fromhex(value)) if is_bytes else value
    return kind(**values)


def _packet(given: PacketInput, _: int) -> dict[str, Any]:
    return answers.answer_packet(given)


def _extension(given: ExtensionInput, _: int) -> dict[str, Any]:
    return answers.answer_extension(given)


def _payload(given: PayloadInput, wanted: int) -> dict[str, Any]:
    return answers.answer_payload(given, wanted)


def _dred(given: DecodeInput, wanted: int) -> DredPayload | None:
    """The payload to decode, found in a packet if need be."""
    if given.payload is not None:
        return parse_payload(given.payload.read(), wanted, limit=given.max_chunks)
    assert given.packet is not None
    found = answers.find_dred(given.packet.read(), wanted)
    if found is None:
        return None
    return parse_payload(found[1].payload, wanted, limit=given.max_chunks)


def _decode(given: DecodeInput, wanted: int) -> dict[str, Any]:
    from dredref.rdovae.decoder import decode_payloads

    dred = _dred(given, wanted)
    if dred is None or not dred.chunks:
        return {"features": ""}
    rows = decode_payloads([dred])[0]
    return {"features": rows.astype("<f4").tobytes().hex()}


def _records(given: RecordsInput, wanted: int) -> dict[str, Any]:
    from dredref.rdovae.decoder import decode_payloads
    from dredref.rdovae.records import read_records

    payloads = read_records(given.records.read(), wanted)
    rows = [found[::-1] for found in decode_payloads(payloads)]
    return {"features": b"".join(one.astype("<f4").tobytes() for one in rows).hex()}


def _vocode(given: VocodeInput, _: int) -> dict[str, Any]:
    from dredref.vocoder import vocoder

    vectors = np.frombuffer(given.features.read(), "<f4").reshape(1, -1, 20)
    if given.history_pcm is None or given.history_features is None:
        pcm = vocoder().utterance(vectors)
    else:
        before = np.frombuffer(given.history_features.read(), "<f4").reshape(1, -1, 20)
        samples = np.frombuffer(given.history_pcm.read(), "<i2").reshape(1, -1)
        pcm = vocoder().resume(np.concatenate([before, vectors], axis=1), samples)
    return {"pcm": pcm[0].astype("<i2").tobytes().hex()}


def _encode(given: EncodeInput, wanted: int) -> dict[str, Any]:
    import soundfile

    from dredref.encode import DredRequest, EncodeRequest, encode_file
    from dredref.temporary import temporary_folder

    request = EncodeRequest(
        bitrate=given.bitrate,
        loss=given.loss_percent,
        frame_ms=given.frame_ms,
        cbr=not given.vbr,
        dtx=given.dtx,
        dred=DredRequest(reach_ms=given.dred_ms, version=wanted),
    )
    samples = np.frombuffer(given.pcm.read(), "<i2")
    if samples.size % given.channels:
        raise InputError("audio.form", "the recording ends within a sample of its channels")
    pcm = samples.reshape(-1, given.channels)
    with temporary_folder() as folder:
        source, target = folder / "in.wav", folder / "out.bit"
        soundfile.write(source, pcm, given.rate, subtype="PCM_16")
        encode_file(source, target, request)
        return {"packets": [one.hex() for one in read_bit(target.read_bytes())]}


def _conceal(given: ConcealInput, wanted: int) -> dict[str, Any]:
    from dredref.conceal import conceal_stream
    from dredref.losses import drop_masked, read_mask
    from dredref.streams import Record

    if (given.rate, given.channels) != (16_000, 1):
        raise UsageError("conceal.form", "the reference conceals at 16 kHz, one channel")
    packets = enumerate(read_bit(given.stream.read()))
    records = [Record(index, packet or None) for index, packet in packets]
    lossy = drop_masked(records, read_mask(given.mask))
    # The packet after a loss alone, as libopus is asked: what would come later is a receiver's own.
    found = conceal_stream(lossy, versions=(wanted,), hold_ms=0, use=("dred", "plc"))
    return {"pcm": found.pcm.astype("<i2").tobytes().hex()}


def _pcm(given: PcmInput, _: int) -> dict[str, Any]:
    from dredref.opusdecoder import OpusDecoder

    if (given.rate, given.channels) != (48_000, 1):
        raise UsageError("pcm.form", "PyAV's libopus decodes at 48 kHz, one channel here")
    decoder = OpusDecoder()
    parts = [np.zeros(0, np.int16)]
    for packet in read_bit(given.stream.read()):
        parse_packet(packet)  # What is malformed is refused, as everywhere.
        parts.append(decoder.decode(packet))
    return {"pcm": np.concatenate(parts).astype("<i2").tobytes().hex()}


def _sdp(given: SdpInput, _: int) -> dict[str, Any]:
    return answers.answer_sdp(given)


def _plc(given: PlcInput, _: int) -> dict[str, Any]:
    features = b"" if given.features is None else given.features.read()
    return {"pcm": answers.conceal_script(given.steps, given.samples.read(), features).hex()}


def _query(given: QueryInput, wanted: int) -> dict[str, Any]:
    if given.packet is not None:
        packets = [given.packet.read()]
    else:
        assert given.stream is not None
        packets = read_bit(given.stream.read())
    return {
        "results": [
            answers.query_packet(packets[index], max_samples, rate, wanted)
            for index, max_samples, rate in given.queries
        ]
    }


ANSWERS: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "packet": _packet,
    "extension": _extension,
    "payload": _payload,
    "decode": _decode,
    "records": _records,
    "vocode": _vocode,
    "encode": _encode,
    "query": _query,
    "conceal": _conceal,
    "plc": _plc,
    "pcm": _pcm,
    "sdp": _sdp,
}
"""Operation -> who answers, given the input and the DRED version."""


@cache
def capabilities() -> Capabilities:
    """What the reference can do."""
    try:
        release = version("dredref")
    except PackageNotFoundError:
        release = ""
    return Capabilities(
        "dredref reference",
        tuple(ANSWERS),
        release,
        codes=True,
        details={"numpy": np.__version__},
    )
