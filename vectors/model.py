"""What a vector is: frozen dataclasses, from which :mod:`dredref.vectors.schema` is made.

A vector asks an implementation for one *operation* on one *input* and says what is *expected*.
Inputs and expectations are told apart by type; their JSON forms carry the operation's name and
the expectation's ``kind``. Byte strings are :class:`~dredref.vectors.blob.Blob`; features are
little-endian float32, 20 to a vector of 10 ms; speech is little-endian signed 16-bit, mono,
16 kHz unless a rate is given.

A new operation is a dataclass here, in :data:`Input`; its name, its form in JSON, the schema and
the protocol's list of operations follow from it. What answers it stands in
``conformance/adapters/reference.py``, its text in ``conformance/PROTOCOL.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, get_args

from dredref.spec.errors import InputError
from dredref.vectors.blob import Blob

Level = Literal["MUST", "SHOULD"]

GROUPS: tuple[str, ...] = (
    "packet",
    "extension",
    "payload",
    "decode",
    "vocoder",
    "encode",
    "stream",
    "plc",
    "pcm",
    "hostile",
)
"""All groups, in the order of the pipeline."""


@dataclass(frozen=True, eq=False)
class Rule:
    """What JSON Schema asks of a value beyond its type."""

    form: Mapping[str, Any]


Count = Annotated[int, Rule({"minimum": 0})]
Positive = Annotated[int, Rule({"minimum": 1})]
Rate = Annotated[int, Rule({"enum": [8000, 12000, 16000, 24000, 48000]})]
"""Samples a second."""
Channels = Annotated[int, Rule({"enum": [1, 2]})]
FrameMs = Annotated[float, Rule({"enum": [2.5, 5, 10, 20, 40, 60, 80, 100, 120]})]
LongId = Annotated[int, Rule({"minimum": 32, "maximum": 127})]
Steps = Annotated[str, Rule({"pattern": "^[ufsxc]+$"})]
Mask = Annotated[str, Rule({"pattern": "^[01]+$"})]
ErrorCode = Annotated[str, Rule({"pattern": "^[a-z0-9]+([.-][a-z0-9]+)+$"})]


def _limits(*names: str) -> Rule:
    """Limits: a figure above 0 for each of these."""
    figure = {"type": "number", "exclusiveMinimum": 0}
    properties = dict.fromkeys(names, figure)
    return Rule({"properties": properties, "required": names, "additionalProperties": False})


FeatureLimits = Annotated[Mapping[str, float], _limits("total", "max", "pitch")]
AudioLimits = Annotated[Mapping[str, float], _limits("err4", "err16", "pitch")]


@dataclass(frozen=True, slots=True)
class PacketInput:
    """An Opus packet to take apart (TOC, frames, padding)."""

    operation: ClassVar[str] = "packet"
    packet: Blob


@dataclass(frozen=True, slots=True)
class ExtensionInput:
    """The extension area of a packet of ``nb_frames`` frames."""

    operation: ClassVar[str] = "extension"
    area: Blob
    nb_frames: Annotated[int, Rule({"minimum": 1, "maximum": 48})]


@dataclass(frozen=True, slots=True)
class PayloadInput:
    """DRED to take apart: a ``payload`` without prefix, or a whole ``packet`` to find it in.

    ``frame_offset`` (2.5 ms units) goes with ``payload`` alone. ``final_id`` asks for the final
    form in ``packet``, an extension of that id without prefix, instead of the experiment's;
    ``both_forms`` for the experiment's, else the final form under id 32.
    """

    operation: ClassVar[str] = "payload"
    one_of: ClassVar[tuple[str, ...]] = ("payload", "packet")
    payload: Blob | None = None
    packet: Blob | None = None
    frame_offset: Count = 0
    max_chunks: Count = 26
    final_id: LongId | None = None
    both_forms: bool | None = None


@dataclass(frozen=True, slots=True)
class DecodeInput:
    """DRED to decode into features, newest first: four vectors for each chunk."""

    operation: ClassVar[str] = "decode"
    one_of: ClassVar[tuple[str, ...]] = ("payload", "packet")
    payload: Blob | None = None
    packet: Blob | None = None
    max_chunks: Count = 26


@dataclass(frozen=True, slots=True)
class RecordsInput:
    """Records of upstream's ``fargan_demo -dred-decoding``: features oldest first in each."""

    operation: ClassVar[str] = "records"
    records: Blob


@dataclass(frozen=True, slots=True)
class VocodeInput:
    """Features, oldest first, to be spoken.

    N vectors give N*160 samples, primed as upstream's ``-fargan-synthesis``: the first vector
    five times with silence before, and output that starts 80 samples in. With ``history_pcm``
    (320 samples) and ``history_features`` (5 vectors) speech goes on from those instead, and
    output starts with the first sample after them.
    """

    operation: ClassVar[str] = "vocode"
    together: ClassVar[tuple[str, ...]] = ("history_pcm", "history_features")
    features: Blob
    history_pcm: Blob | None = None
    history_features: Blob | None = None


@dataclass(frozen=True, slots=True)
class EncodeInput:
    """Speech to encode with DRED; the answer is the packets, in order."""

    operation: ClassVar[str] = "encode"
    pcm: Blob
    rate: Rate = 16000
    channels: Channels = 1
    bitrate: Count = 32000
    frame_ms: FrameMs = 20
    dred_ms: Count = 1000
    loss_percent: Annotated[int, Rule({"minimum": 0, "maximum": 100})] = 20
    vbr: bool = True
    dtx: bool = False


@dataclass(frozen=True, slots=True)
class QueryInput:
    """What ``opus_dred_parse`` is to return for some packets.

    One ``packet``, or a ``stream`` in opus_demo's ``.bit`` form. Each query is (index of the
    packet, max samples, rate in Hz).
    """

    operation: ClassVar[str] = "query"
    one_of: ClassVar[tuple[str, ...]] = ("packet", "stream")
    queries: tuple[tuple[Count, int, Rate], ...]
    packet: Blob | None = None
    stream: Blob | None = None


@dataclass(frozen=True, slots=True)
class ConcealInput:
    """An Opus stream (``.bit``) to decode with losses made good from DRED.

    ``mask`` has one digit for each packet, 1 for a lost one.
    """

    operation: ClassVar[str] = "conceal"
    stream: Blob
    mask: Mask
    rate: Rate = 16000
    channels: Channels = 1


@dataclass(frozen=True, slots=True)
class UnprocessedInput:
    """A packet's DRED, to be read with processing deferred, and spoken from without processing.

    ``samples`` at ``rate`` are asked for, of the time just before the packet.
    """

    operation: ClassVar[str] = "unprocessed"
    packet: Blob
    samples: Positive
    rate: Rate = 16000


@dataclass(frozen=True, slots=True)
class PlcInput:
    """Neural concealment, 10 ms after 10 ms; the answer is 160 samples for each ``c``.

    ``steps``: ``u`` hear the next 160 of ``samples``, ``f`` queue the next 20 of ``features``,
    ``s`` queue that the next is not known, ``x`` clear the queue, ``c`` conceal.
    """

    operation: ClassVar[str] = "plc"
    steps: Steps
    samples: Blob
    features: Blob | None = None


@dataclass(frozen=True, slots=True)
class PcmInput:
    """An Opus stream (``.bit``) to decode whole, without a loss."""

    operation: ClassVar[str] = "pcm"
    stream: Blob
    rate: Rate = 48000
    channels: Channels = 1


@dataclass(frozen=True, slots=True)
class SdpInput:
    """A session description (RFC 8866), to be asked how much DRED it speaks of."""

    operation: ClassVar[str] = "sdp"
    sdp: Blob


Input = (
    PacketInput
    | ExtensionInput
    | PayloadInput
    | DecodeInput
    | RecordsInput
    | VocodeInput
    | EncodeInput
    | QueryInput
    | ConcealInput
    | UnprocessedInput
    | PlcInput
    | PcmInput
    | SdpInput
)

INPUTS: Mapping[str, type[Input]] = MappingProxyType(
    {kind.operation: kind for kind in get_args(Input)}
)
"""Operation -> the dataclass of its input."""


@dataclass(frozen=True, slots=True)
class Exact:
    """An answer known to the last bit.

    Every key of ``value`` must be answered with the same value, but for those that the
    operation's definition (conformance/PROTOCOL.md) lets an implementation leave out because
    it cannot see them; given ones count.
    """

    kind: ClassVar[str] = "exact"
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reject:
    """A refusal. ``code`` is compared with implementations that speak this project's codes."""

    kind: ClassVar[str] = "reject"
    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Features:
    """Features within ``limits`` (total, max, pitch) of the feature metric."""

    kind: ClassVar[str] = "features"
    features: Blob
    limits: FeatureLimits


@dataclass(frozen=True, slots=True)
class Audio:
    """Speech within ``limits`` (err4, err16, pitch) of ``pcm`` by the audio metric.

    ``original``, where given, is the recording behind the features, with its own limits.
    The thresholds hold for the length of these clips only.
    """

    kind: ClassVar[str] = "audio"
    together: ClassVar[tuple[str, ...]] = ("original", "original_limits")
    pcm: Blob
    limits: AudioLimits
    original: Blob | None = None
    original_limits: AudioLimits | None = None


@dataclass(frozen=True, slots=True)
class Analysed:
    """Speech whose features, analysed by the reference, are within ``limits`` of ``features``.

    The features are those that were asked for, so that this judges any vocoder. ``edge`` vectors at
    either end are left out: the analysis has no speech on one side of them.
    """

    kind: ClassVar[str] = "analysed"
    features: Blob
    limits: FeatureLimits
    edge: Count = 4


@dataclass(frozen=True, slots=True)
class Same:
    """The samples that the implementation itself gives for ``stream``, to the last bit."""

    kind: ClassVar[str] = "same"
    stream: Blob


@dataclass(frozen=True, slots=True)
class Encoded:
    """A valid stream whose DRED says what the speech was, where it was.

    ``features`` is the analysis of the input at a step of ``step`` units of 2.5 ms, from its
    first sample. Every packet's features are laid over it. ``align_ms``: how far any packet may
    stand from the stream's own median delay; ``delay_ms``: what that median may be; ``limits``:
    feature metric over all packets at that delay; ``min_packets``: packets with DRED asked for;
    ``min_ms``: what the fullest of them must cover. Where they are given: ``packet_bytes`` is the
    size of every packet; ``start_ms`` is how far from the recording's first sample the oldest
    vector of each packet with DRED may start; ``silent_packets`` are packets, at the least, whose
    frames hold no more than a byte; ``silence_ms`` is how much silence the DRED of any packet may
    end or begin with, at the most.
    """

    kind: ClassVar[str] = "encoded"
    features: Blob
    limits: FeatureLimits
    step: Annotated[int, Rule({"minimum": 1, "maximum": 4})] = 1
    align_ms: float = 10.0
    delay_ms: tuple[float, float] = (-20.0, 60.0)
    min_packets: Count = 1
    min_ms: float = 40.0
    packet_bytes: Positive | None = None
    start_ms: float | None = None
    silent_packets: Count = 0
    silence_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Survive:
    """Any answer or refusal in time."""

    kind: ClassVar[str] = "survive"


Expected = Exact | Reject | Features | Audio | Analysed | Same | Encoded | Survive

EXPECTATIONS: Mapping[str, type[Expected]] = MappingProxyType(
    {kind.kind: kind for kind in get_args(Expected)}
)
"""``kind`` -> the dataclass of an expectation."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One question to an implementation, with its permanent id."""

    id: str
    group: str
    title: str
    clauses: tuple[str, ...]
    requirements: tuple[str, ...]
    level: Level
    flags: tuple[str, ...]
    version: int | None
    """DRED experiment version to be understood; None where it plays no part."""
    input: Input
    expected: Expected
    notes: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What each of ``flags`` means, from the head of the file."""

    @property
    def operation(self) -> str:
        """Name of the operation asked for."""
        return self.input.operation

    def baseline(self) -> Vector | None:
        """The question to ask first, where an answer is compared with the implementation's own."""
        if not isinstance(self.expected, Same) or not isinstance(self.input, PcmInput):
            return None
        return replace(self, input=replace(self.input, stream=self.expected.stream))

    def request(self) -> dict[str, Any]:
        """The question as the harness protocol sends it: bytes in hex, nothing expected."""
        given: dict[str, Any] = {}
        for item in fields(self.input):
            value = getattr(self.input, item.name)
            if value is None:
                continue
            given[item.name] = value.read().hex() if isinstance(value, Blob) else value
        if self.version is not None:
            given["version"] = self.version
        return given


@dataclass(frozen=True, slots=True)
class VectorFile:
    """The head of one file of vectors, and the vectors."""

    group: str
    title: str
    suite: str
    generator: str
    seed: int | None
    notes: Mapping[str, str]
    vectors: tuple[Vector, ...]


def refuse(detail: str) -> InputError:
    """The error for a file that does not have the form of ``schema.json``."""
    return InputError("vectors.form", detail)
