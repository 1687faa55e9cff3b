"""Writing Opus into WebM with PyAV."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import Any, BinaryIO

from dredref.streams.clock import packet_duration_48k
from dredref.streams.media import SKIP_SAMPLES, import_av
from dredref.streams.oggwrite import OggWriter
from dredref.streams.record import Record, StreamInfo
from dredref.streams.write import Writer
from spec.errors import BuildError

_SAMPLE = Fraction(1, 48000)
_MOULD = Record(0, b"\xf8\xff\xfe", timestamp_48k=0, discard_48k=480)
"""A packet of silence with its end trimmed, of which a template is made."""


class MatroskaWriter(Writer):
    """One Opus track in WebM. Times are rounded to milliseconds, as the container has them.

    PyAV takes a track's description from another stream: here from a file of Ogg Opus in memory
    with the headers wanted, and from its one packet the side data that carries end trimming.
    """

    def __init__(self, file: BinaryIO, info: StreamInfo) -> None:
        """Describe the track."""
        if info.parts > 1:
            raise BuildError("output.multistream", "multistream tracks are written as Ogg only")
        av = import_av()
        template = BytesIO()
        ogg = OggWriter(template, info)
        ogg.write(_MOULD)
        ogg.finish()
        template.seek(0)
        self._template = av.open(template, format="ogg")
        mould = next(packet for packet in self._template.demux() if packet.size)
        self._skip = mould.get_sidedata("skip_samples")
        self._make: Any = av.Packet
        self._output = av.open(file, mode="w", format="webm")
        self._track = self._output.add_stream_from_template(self._template.streams[0])
        self._pre_skip = info.pre_skip or 0
        self._stream: int | None = None
        self._clock = 0

    def _write(self, record: Record) -> None:
        if self._stream not in (None, record.stream):
            raise BuildError("output.one_stream", "a WebM file is written of one stream only")
        self._stream = record.stream
        start = self._clock if record.timestamp_48k is None else record.timestamp_48k
        if record.packet is None:
            return
        packet = self._make(record.packet)
        duration = packet_duration_48k(record.packet)
        self._clock = start + duration
        packet.stream = self._track
        packet.time_base = _SAMPLE
        packet.pts = packet.dts = start - self._pre_skip
        packet.duration = duration - record.discard_48k
        packet.is_keyframe = True
        if record.discard_48k:
            self._skip.update(SKIP_SAMPLES.pack(0, record.discard_48k) + bytes(2))
            packet.set_sidedata(self._skip)
        self._output.mux(packet)

    def finish(self) -> None:
        """Write the index."""
        self._output.close()
        self._template.close()
