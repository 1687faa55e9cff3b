"""libopus' encoders and decoder behind a few typed methods, with DRED settings.

``Settings`` names every option that the streams of this project vary; the rest keeps libopus'
defaults. Audio is int16, [n] for mono and [n, channels] otherwise.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dredref.closing import Closing
from dredref.conformance.adapters.libopus.library import address
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.spec.errors import UsageError

Samples = npt.NDArray[np.int16]

APPLICATIONS = {"voip": 2048, "audio": 2049, "restricted-lowdelay": 2051}
BANDWIDTHS = {"NB": 1101, "MB": 1102, "WB": 1103, "SWB": 1104, "FB": 1105}
DURATIONS = {2.5: 5001, 5: 5002, 10: 5003, 20: 5004, 40: 5005, 60: 5006, 80: 5007, 100: 5008}
DURATIONS[120] = 5009
SIGNALS = {"voice": 3001, "music": 3002}
LOOKAHEAD, FINAL_RANGE, RESET = 4027, 4031, 4028
MAX_PACKET = 4000


@dataclass(frozen=True, slots=True)
class Settings:
    """An encoder's settings; None leaves libopus' default.

    ``dred`` is the DRED duration in units of 10 ms (0 to 104), ``bitrate`` in bit/s, ``loss`` the
    expected packet loss in percent, ``frame_ms`` the duration of a packet.
    """

    rate: int = 16_000
    channels: int = 1
    application: str = "voip"
    frame_ms: float = 20
    bitrate: int = 32_000
    loss: int = 20
    dred: int = 100
    vbr: bool = True
    vbr_constraint: bool | None = None
    dtx: bool = False
    fec: int = 0
    complexity: int = 10
    bandwidth: str | None = None
    max_bandwidth: str | None = None
    signal: str | None = None
    force_channels: int | None = None

    @property
    def frame_size(self) -> int:
        """Samples of one channel in a packet."""
        return int(self.rate * self.frame_ms / 1000)

    def requests(self) -> Iterator[tuple[int, int]]:
        """The ctl requests and values that bring an encoder to these settings."""
        yield 4010, self.complexity
        yield 4002, self.bitrate
        yield 4006, int(self.vbr)
        if self.vbr_constraint is not None:
            yield 4020, int(self.vbr_constraint)
        yield 4016, int(self.dtx)
        yield 4012, self.fec
        yield 4014, self.loss
        if self.bandwidth is not None:
            yield 4008, BANDWIDTHS[self.bandwidth]
        if self.max_bandwidth is not None:
            yield 4004, BANDWIDTHS[self.max_bandwidth]
        if self.signal is not None:
            yield 4024, SIGNALS[self.signal]
        if self.force_channels is not None:
            yield 4022, self.force_channels
        yield 4040, DURATIONS[self.frame_ms]
        yield 4050, self.dred


@dataclass(frozen=True, slots=True)
class Encoded:
    """A packet and the encoder's final range after it."""

    packet: bytes
    final_range: int


class Handle(Closing):
    """A libopus object, freed with the block that opened it or with its last reference."""

    def __init__(self, peer: Peer, pointer: int | None, destroy: str, error: int) -> None:
        """Take over ``pointer``.

        Raises:
            UsageError: ``libopus.refused`` if libopus made none.
        """
        self.peer = peer
        self.library = peer.library
        self.pointer = pointer
        self._destroy = destroy
        if not pointer or error:
            self.pointer = None
            raise UsageError("libopus.refused", self.text(error))

    def text(self, code: int) -> str:
        """The words of libopus for an error code."""
        words: bytes = self.library.opus_strerror(code)
        return words.decode()

    def check(self, code: int, what: str) -> int:
        """``code`` itself unless it is an error.

        Raises:
            UsageError: ``libopus.refused`` with libopus' words.
        """
        if code < 0:
            raise UsageError("libopus.refused", f"{what}: {self.text(code)}")
        return code

    def close(self) -> None:
        """Free the object."""
        if self.pointer:
            getattr(self.library, self._destroy)(self.pointer)
            self.pointer = None

    def __del__(self) -> None:
        """Free the object."""
        if hasattr(self, "_destroy"):
            self.close()


class Encoder(Handle):
    """An Opus encoder with DRED."""

    def __init__(self, peer: Peer, settings: Settings) -> None:
        """Make an encoder with ``settings``.

        Raises:
            UsageError: ``libopus.refused`` if libopus refuses a setting.
        """
        error = ctypes.c_int32()
        pointer = peer.library.opus_encoder_create(
            *(settings.rate, settings.channels, APPLICATIONS[settings.application]),
            ctypes.byref(error),
        )
        super().__init__(peer, pointer, "opus_encoder_destroy", error.value)
        self.settings = settings
        for request, value in settings.requests():
            self.set(request, value)

    def set(self, request: int, value: int) -> None:
        """One ctl request with a value.

        Raises:
            UsageError: ``libopus.refused``.
        """
        code = self.library.probe_encoder_set(self.pointer, request, value)
        self.check(code, f"encoder request {request} = {value}")

    def get(self, request: int) -> int:
        """The value one ctl request tells."""
        value = ctypes.c_int32()
        code = self.library.probe_encoder_get(self.pointer, request, ctypes.byref(value))
        self.check(code, f"encoder request {request}")
        return value.value & 0xFFFFFFFF

    @property
    def lookahead(self) -> int:
        """Samples by which decoded audio lags behind the input."""
        return self.get(LOOKAHEAD)

    def encode(self, pcm: Samples, max_bytes: int = MAX_PACKET) -> Encoded:
        """Encode one packet's worth of audio.

        Raises:
            UsageError: ``libopus.refused``.
        """
        samples = np.ascontiguousarray(pcm, np.int16)
        packet = ctypes.create_string_buffer(max_bytes)
        size = self.library.opus_encode(
            self.pointer, address(samples), self.settings.frame_size, packet, max_bytes
        )
        self.check(size, "encode")
        return Encoded(packet.raw[:size], self.get(FINAL_RANGE))

    def encode_all(self, pcm: Samples, max_bytes: int = MAX_PACKET) -> list[Encoded]:
        """Encode a whole clip; what does not fill a last packet is left out."""
        size = self.settings.frame_size
        return [self.encode(pcm[k : k + size], max_bytes) for k in whole_frames(pcm, size)]


class MultistreamEncoder(Handle):
    """A surround encoder of channel mapping family 1, the same settings for every stream."""

    def __init__(self, peer: Peer, settings: Settings) -> None:
        """Make an encoder for ``settings.channels`` channels.

        Raises:
            UsageError: ``libopus.refused``.
        """
        error = ctypes.c_int32()
        streams, coupled = ctypes.c_int32(), ctypes.c_int32()
        mapping = ctypes.create_string_buffer(settings.channels)
        pointer = peer.library.opus_multistream_surround_encoder_create(
            *(settings.rate, settings.channels, 1, ctypes.byref(streams), ctypes.byref(coupled)),
            *(mapping, APPLICATIONS[settings.application], ctypes.byref(error)),
        )
        super().__init__(peer, pointer, "opus_multistream_encoder_destroy", error.value)
        self.settings = settings
        self.streams, self.coupled, self.mapping = streams.value, coupled.value, mapping.raw
        for request, value in settings.requests():
            self._set(request, value)

    def _set(self, request: int, value: int) -> None:
        """Set on the whole; where libopus cannot pass it on, on each stream."""
        code = self.library.probe_multistream_set(self.pointer, request, value)
        for stream in range(self.streams if code == -5 else 0):
            code = self.library.probe_multistream_set_one(self.pointer, stream, request, value)
        self.check(code, f"multistream request {request} = {value}")

    def encode_all(self, pcm: Samples, max_bytes: int = MAX_PACKET) -> list[bytes]:
        """Encode a whole clip [n, channels]; what does not fill a last packet is left out."""
        size = self.settings.frame_size
        packets = []
        for k in whole_frames(pcm, size):
            frame = np.ascontiguousarray(pcm[k : k + size], np.int16)
            packet = ctypes.create_string_buffer(max_bytes)
            length = self.library.opus_multistream_encode(
                self.pointer, address(frame), size, packet, max_bytes
            )
            packets.append(packet.raw[: self.check(length, "encode")])
        return packets


class Decoder(Handle):
    """An Opus decoder that can fill losses from DRED."""

    def __init__(self, peer: Peer, rate: int = 16_000, channels: int = 1) -> None:
        """Make a decoder and its DRED decoder.

        Raises:
            UsageError: ``libopus.refused``.
        """
        error = ctypes.c_int32()
        pointer = peer.library.opus_decoder_create(rate, channels, ctypes.byref(error))
        super().__init__(peer, pointer, "opus_decoder_destroy", error.value)
        self.rate, self.channels = rate, channels
        self._dred_decoder = peer.library.opus_dred_decoder_create(ctypes.byref(error))
        self._dred = peer.library.opus_dred_alloc(ctypes.byref(error))

    def close(self) -> None:
        """Free the decoder and its DRED decoder."""
        if self.pointer:
            self.library.opus_dred_free(self._dred)
            self.library.opus_dred_decoder_destroy(self._dred_decoder)
        super().close()

    def set(self, request: int, value: int) -> None:
        """One ctl request with a value.

        Raises:
            UsageError: ``libopus.refused``.
        """
        code = self.library.probe_decoder_set(self.pointer, request, value)
        self.check(code, f"decoder request {request} = {value}")

    @property
    def final_range(self) -> int:
        """The range coder's state after the last packet."""
        value = ctypes.c_int32()
        self.library.probe_decoder_get(self.pointer, FINAL_RANGE, ctypes.byref(value))
        return value.value & 0xFFFFFFFF

    def _room(self, samples: int) -> Samples:
        shape: Any = (samples, self.channels) if self.channels > 1 else samples
        return np.zeros(shape, np.int16)

    def decode(self, packet: bytes | None, frame_size: int = 0, *, fec: bool = False) -> Samples:
        """Audio of a packet; None conceals ``frame_size`` samples.

        Raises:
            UsageError: ``libopus.refused``.
        """
        pcm = self._room(frame_size or self.rate * 120 // 1000)
        length = 0 if packet is None else len(packet)
        count = self.library.opus_decode(
            self.pointer, packet, length, address(pcm), len(pcm), int(fec)
        )
        return pcm[: self.check(count, "decode")]

    def dred_parse(
        self, packet: bytes, max_samples: int, *, defer: bool = False
    ) -> tuple[int, int]:
        """What ``opus_dred_parse`` returns, and dred_end.

        Features are decoded and kept, unless that is deferred.
        """
        end = ctypes.c_int32()
        available = self.library.opus_dred_parse(
            *(self._dred_decoder, self._dred, packet, len(packet), max_samples, self.rate),
            *(ctypes.byref(end), int(defer)),
        )
        return int(available), end.value

    def dred_decode(self, dred_offset: int, frame_size: int) -> Samples:
        """Audio for a loss, ``dred_offset`` samples before the packet last given to dred_parse.

        Raises:
            UsageError: ``libopus.refused``.
        """
        pcm = self._room(frame_size)
        count = self.library.opus_decoder_dred_decode(
            self.pointer, self._dred, dred_offset, address(pcm), frame_size
        )
        return pcm[: self.check(count, "dred decode")]


def whole_frames(pcm: Samples, size: int) -> range:
    """The starts of the whole frames of ``size`` samples in a clip."""
    return range(0, len(pcm) - size + 1, size)
