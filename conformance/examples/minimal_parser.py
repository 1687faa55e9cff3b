"""A DRED parser written from the specification and PROTOCOL.md, sharing no code with the reference.

It takes Opus packets apart, reads their extension area and decodes the integers of DRED versions
10 and 12: the standard library, and the two quantizer tables as JSON. Section numbers are those of
the specification. It answers the operations packet, extension and payload of the harness protocol:

    python minimal_parser.py [folder of quantizer_v10.json and quantizer_v12.json]
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Model = list[list[tuple[int, int]]]
"""r and p0 of the Laplace model, by level and dimension."""

TABLES = Path(__file__).resolve().parents[2] / "spec" / "data"
VERSIONS = (10, 12)
EXPERIMENT_ID, FINAL_ID = 126, 32
FIRST_LONG_ID = 32
FRAME_BYTES_AT_MOST = 1275
PACKET_UNITS_AT_MOST = 48
"""120 ms in units of 2.5 ms."""
FINAL_VERSION = 12
"""The version of DRED in its final form."""
STEPS = (0, 2, 3, 4, 6, 8, 12, 16)
"""Growth of the level by dQ, in 1/16 (section 5.2)."""


class MalformedError(Exception):
    """Input that breaks the format."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Span:
    """A run of bytes in a packet."""

    offset: int
    bytes: int


@dataclass(frozen=True)
class Packet:
    """An Opus packet taken apart; ``padding`` is None without a padding length."""

    config: int
    stereo: bool
    code: int
    frame_units: int
    frames: tuple[Span, ...]
    padding: Span | None


def frame_units(config: int) -> int:
    """The frame size of a config in units of 2.5 ms (section 2.1)."""
    if config < 12:
        return (4, 8, 16, 24)[config % 4]
    return (4, 8)[config % 2] if config < 16 else (1, 2, 4, 8)[config % 4]


def read_packet(data: bytes) -> Packet:
    """Take an Opus packet apart (section 2)."""
    if not data:
        raise MalformedError("packet.r1.empty", "an empty packet")
    config, stereo, code = data[0] >> 3, bool(data[0] & 4), data[0] & 3
    units, padding, room = frame_units(config), None, len(data) - 1
    if code == 0:
        frames = lay_out(1, [room])
    elif code == 1:
        if room % 2:
            raise MalformedError("packet.r3.odd", f"two equal frames in {room} bytes")
        frames = lay_out(1, [room // 2] * 2)
    elif code == 2:
        first, at = read_frame_length(data, 1, "packet.r4.header")
        if first > len(data) - at:
            raise MalformedError("packet.r4.length", "the first frame does not fit")
        frames = lay_out(at, [first, len(data) - at - first])
    else:
        frames, padding = read_code_3(data, units)
    return Packet(config, stereo, code, units, frames, padding)


def read_code_3(data: bytes, units: int) -> tuple[tuple[Span, ...], Span | None]:
    """Frames and padding of a code-3 packet (section 2.2)."""
    if len(data) < 2:
        raise MalformedError("packet.r6.short", "no frame-count byte")
    vbr, padded, count = bool(data[1] & 0x80), bool(data[1] & 0x40), data[1] & 0x3F
    if count == 0:
        raise MalformedError("packet.r5.count", "no frames")
    if count * units > PACKET_UNITS_AT_MOST:
        raise MalformedError("packet.r5.duration", "more than 120 ms")
    padding_bytes, at = read_padding_length(data, 2) if padded else (0, 2)
    lengths = []
    for _ in range(count - 1 if vbr else 0):
        length, at = read_frame_length(data, at, "packet.r7.header")
        lengths.append(length)
    end = len(data) - padding_bytes
    if end < at:
        raise MalformedError("packet.r6.padding", "the padding does not fit")
    rest = end - at - sum(lengths)
    if rest < 0:
        raise MalformedError("packet.r7.length", "the frames do not fit")
    if not vbr and rest % count:
        raise MalformedError("packet.r6.uneven", f"{count} equal frames in {rest} bytes")
    lengths = [*lengths, rest] if vbr else [rest // count] * count
    return lay_out(at, lengths), Span(end, padding_bytes) if padded else None


def read_frame_length(data: bytes, at: int, code: str) -> tuple[int, int]:
    """A coded frame length and the position behind it."""
    size = 2 if data[at : at + 1] > b"\xfb" else 1
    if at + size > len(data):
        raise MalformedError(code, "the packet ends in a frame length")
    return data[at] + (4 * data[at + 1] if size == 2 else 0), at + size


def read_padding_length(data: bytes, at: int) -> tuple[int, int]:
    """The padding length and the position behind it."""
    total = 0
    for position in range(at, len(data)):
        if data[position] < 255:
            return total + data[position], position + 1
        total += 254
    raise MalformedError("packet.r6.padding", "the packet ends in the padding length")


def lay_out(at: int, lengths: list[int]) -> tuple[Span, ...]:
    """Frames one behind the other; only the last can be too long, since it is not coded."""
    if lengths[-1] > FRAME_BYTES_AT_MOST:
        raise MalformedError("packet.r2.length", f"a frame of {lengths[-1]} bytes")
    spans = []
    for length in lengths:
        spans.append(Span(at, length))
        at += length
    return tuple(spans)


@dataclass(frozen=True)
class Extension:
    """One extension and where it stands in the area."""

    id: int
    frame: int
    data: bytes
    offset: int

    @property
    def is_long(self) -> bool:
        """Whether its data has a length of its own."""
        return self.id >= FIRST_LONG_ID


class AreaReader:
    """Reads an extension area (section 3): ``found``, and the ``error`` that ended it, or None."""

    def __init__(self, area: bytes, nb_frames: int) -> None:
        self.area = area
        self.nb_frames = nb_frames
        self.at = 0
        self.frame = 0
        self.sources: list[Extension] = []
        self.found: list[Extension] = []
        self.error: MalformedError | None = None
        try:
            while self.left():
                self.read_item()
        except MalformedError as error:
            self.error = error

    def left(self) -> int:
        """Bytes that have not been read."""
        return len(self.area) - self.at

    def take(self, count: int, code: str) -> bytes:
        """The next bytes, all of which must be there."""
        if count > self.left():
            raise MalformedError(code, f"no {count} bytes at byte {self.at}")
        self.at += count
        return self.area[self.at - count : self.at]

    def take_laced(self) -> bytes:
        """A laced length and the data that it counts."""
        length, byte = 0, 255
        while byte == 255:
            byte = self.take(1, "extension.lacing.truncated")[0]
            length += byte
        return self.take(length, "extension.long.truncated")

    def read_item(self) -> None:
        """Read padding, a separator, a repeat or an extension."""
        offset, head = self.at, self.area[self.at]
        self.at += 1
        id_, flag = head >> 1, head & 1
        if id_ == 0:
            self.at = self.at if flag else len(self.area)
        elif id_ == 1:
            self.move_on(self.take(1, "extension.short.truncated")[0] if flag else 1)
        elif id_ == 2:
            self.repeat(open_ended=not flag)
        else:
            if id_ < FIRST_LONG_ID:
                data = self.take(flag, "extension.short.truncated")
            else:
                data = self.take_laced() if flag else self.take(self.left(), "")
            self.sources.append(Extension(id_, self.frame, data, offset))
            self.found.append(self.sources[-1])

    def move_on(self, frames: int) -> None:
        """Make a later frame the current one."""
        if self.frame + frames >= self.nb_frames:
            raise MalformedError("extension.frame", f"no frame {self.frame + frames}")
        self.frame += frames
        if frames:
            self.sources = []

    def repeat(self, *, open_ended: bool) -> None:
        """Give the sources to all later frames (section 3.2)."""
        sources, self.sources = self.sources, []
        last_long = max((i for i, source in enumerate(sources) if source.is_long), default=-1)
        places = [
            (frame, index)
            for frame in range(self.frame + 1, self.nb_frames)
            for index in range(len(sources))
        ]
        for frame, index in places:
            source, offset = sources[index], self.at
            if not source.is_long:
                data = self.take(len(source.data), "extension.short.truncated")
            elif open_ended and (frame, index) == (self.nb_frames - 1, last_long):
                behind = sum(len(short.data) for short in sources[index + 1 :])
                if behind > self.left():
                    raise MalformedError("extension.repeat.truncated", f"no {behind} bytes")
                data = self.take(self.left() - behind, "")
            else:
                data = self.take_laced()
            self.found.append(Extension(source.id, frame, data, offset))
        if open_ended:
            self.frame += 1
            if self.frame == self.nb_frames:
                self.at = len(self.area)


class RangeDecoder:
    """Decodes the symbols of a payload, with zeros past its end (section 4.1)."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 1
        self.kept = data[0]
        self.range = 128
        self.difference = 127 - (self.kept >> 1)
        self.bits = 9
        self.renormalise()

    def renormalise(self) -> None:
        """Take bits from the string until the range is large enough."""
        while self.range <= 1 << 23:
            byte = self.data[self.at] if self.at < len(self.data) else 0
            taken = (self.kept & 1) << 7 | byte >> 1
            self.at += 1
            self.kept = byte
            self.bits += 8
            self.range *= 256
            self.difference = (256 * self.difference + 255 - taken) % (1 << 31)

    def target(self, total: int) -> int:
        """A number in the span of the next symbol."""
        return total - min(self.difference // (self.range // total) + 1, total)

    def update(self, low: int, high: int, total: int) -> None:
        """Take a symbol with its span off the string."""
        unit = self.range // total
        above = unit * (total - high)
        self.difference -= above
        self.range = unit * (high - low) if low > 0 else self.range - above
        self.renormalise()

    def uint(self, total: int) -> int:
        """An integer below ``total``."""
        value = self.target(total)
        self.update(value, value + 1, total)
        return value

    def symbol(self, inverse: list[int]) -> int:
        """A symbol with inverse cumulative frequencies, the last of them 0, out of 32768."""
        total = 1 << 15
        target = self.target(total)
        index = next(i for i, frequency in enumerate(inverse) if target < total - frequency)
        low = total - inverse[index - 1] if index else 0
        self.update(low, total - inverse[index], total)
        return index

    def tell(self) -> int:
        """Bits used, rounded up."""
        return self.bits - self.range.bit_length()

    def bits_used(self) -> float:
        """Bits used, in whole eighths."""
        length = self.range.bit_length()
        mantissa = self.range >> (length - 16)
        for _ in range(3):
            mantissa = mantissa * mantissa >> 15
            top = mantissa >> 16
            length = 2 * length + top
            mantissa >>= top
        return (8 * self.bits - length) / 8


def load_models(folder: Path, version: int) -> tuple[Model, Model]:
    """The models of state and latents of a version (section 17)."""
    tables = json.loads((folder / f"quantizer_v{version}.json").read_text("utf-8"))

    def model(of: Json) -> Model:
        rows = zip(of["r"], of["p0"], strict=True)
        return [list(zip(r, p0, strict=True)) for r, p0 in rows]

    return model(tables["state"]), model(tables["latent"])


def read_value(decoder: RangeDecoder, r: int, p0: int) -> int:
    """One value of the state or of a latent vector (section 5.3)."""
    if r == 0 or p0 == 255:
        return 0
    rest = 32768 - 128 * p0
    sign = (0, 1, -1)[decoder.symbol([rest, rest >> 1, 0])]
    if sign == 0:
        return 0
    decay = 128 * r
    inverse = [max(7, decay)]
    for i in range(1, 7):
        inverse.append(max(7 - i, inverse[-1] * decay >> 15))
    magnitude, more = 1, 7
    while more == 7:
        more = decoder.symbol([*inverse, 0])
        magnitude += more
    return sign * magnitude


def read_qmax(decoder: RangeDecoder, q0: int, dq: int) -> int:
    """The highest level (section 5.1)."""
    if q0 >= 14 or dq == 0:
        return 15
    n = 15 - (q0 + 1)
    target = decoder.target(2 * n)
    if target < n:
        decoder.update(0, n, 2 * n)
        return 15
    decoder.update(target, target + 1, 2 * n)
    return q0 + 1 + target - n


def read_payload(
    payload: bytes, models: tuple[Model, Model], frame_offset: int, max_chunks: int
) -> Json:
    """The integers of a payload of at least one byte (section 5)."""
    decoder = RangeDecoder(payload)
    q0, dq = decoder.uint(16), decoder.uint(8)
    extra = decoder.uint(256) if decoder.uint(2) else 0
    offset = decoder.uint(32)
    qmax = read_qmax(decoder, q0, dq)
    state = [read_value(decoder, r, p0) for r, p0 in models[0][q0]]
    chunks: list[Json] = []
    while len(chunks) < max_chunks and 8 * len(payload) - decoder.tell() > 7:
        before = decoder.bits_used()
        level = min(qmax, q0 + (STEPS[dq] * len(chunks) + 8 >> 4))
        latents = [read_value(decoder, r, p0) for r, p0 in models[1][level]]
        chunks.append({"level": level, "latents": latents, "bits": decoder.bits_used() - before})
    return {
        "dred_offset": 16 - offset - 32 * extra + frame_offset,
        "nb_chunks": len(chunks),
        "state": state,
        "chunks": chunks,
        "q0": q0,
        "dQ": dq,
        "qmax": qmax,
        "offset": offset,
        "extra_offset": extra,
        "bits_used": decoder.bits_used(),
        "bits_total": 8 * len(payload),
    }


def find_dred(area: AreaReader, version: int, question: Json) -> tuple[int, bytes] | None:
    """Frame and payload of the DRED extension that counts (section 3.3)."""
    forms = [(EXPERIMENT_ID, bytes((0x44, version)))]
    if version == FINAL_VERSION and question.get("both_forms"):
        forms.append((FINAL_ID, b""))
    if "final_id" in question:
        forms = [(question["final_id"], b"")] if version == FINAL_VERSION else []
    for id_, prefix in forms:
        for found in area.found:
            if found.id == id_ and found.data.startswith(prefix) and len(found.data) > len(prefix):
                return found.frame, found.data[len(prefix) :]
    if area.error:
        raise area.error
    return None


def answer_packet(question: Json) -> Json:
    """Operation packet."""
    packet = read_packet(bytes.fromhex(question["packet"]))
    return {
        "toc": {"config": packet.config, "stereo": packet.stereo, "code": packet.code},
        "nb_frames": len(packet.frames),
        "frames": [vars(span) for span in packet.frames],
        "frame_ms": packet.frame_units * 2.5,
        "padding": vars(packet.padding) if packet.padding else None,
    }


def answer_extension(question: Json) -> Json:
    """Operation extension."""
    area = AreaReader(bytes.fromhex(question["area"]), question["nb_frames"])
    return {
        "extensions": [vars(found) | {"data": found.data.hex()} for found in area.found],
        "error": {"code": area.error.code} if area.error else None,
    }


def answer_payload(question: Json, models: tuple[Model, Model]) -> Json:
    """Operation payload."""
    version, frame_offset = question["version"], question.get("frame_offset", 0)
    place = {"version": version, "frame": 0}
    if "packet" in question:
        data = bytes.fromhex(question["packet"])
        packet = read_packet(data)
        # The padding is the end of the packet: without one, the area is empty.
        start = packet.padding.offset if packet.padding else len(data)
        area = AreaReader(data[start:], len(packet.frames))
        place["frame"], payload = find_dred(area, version, question) or (0, b"")
        frame_offset = place["frame"] * packet.frame_units
    else:
        payload = bytes.fromhex(question["payload"])
    if not payload:
        return {"dred": None}
    return {"dred": place | read_payload(payload, models, frame_offset, question["max_chunks"])}


def reply(operation: str, question: Json, models: dict[int, tuple[Model, Model]]) -> Json:
    """The reply to a question, without its number."""
    try:
        if operation == "packet":
            return {"answer": answer_packet(question)}
        if operation == "extension":
            return {"answer": answer_extension(question)}
        if operation == "payload" and question["version"] in models:
            return {"answer": answer_payload(question, models[question["version"]])}
    except MalformedError as error:
        return {"reject": {"code": error.code, "detail": error.detail}}
    return {"unsupported": operation}


def main() -> None:
    """Speak the harness protocol."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLES
    models = {version: load_models(folder, version) for version in VERSIONS}
    message: Json = {"protocol": 1, "name": "minimal parser", "version": "1", "codes": True}
    message |= {"operations": ["packet", "extension", "payload"], "versions": list(VERSIONS)}
    for line in sys.stdin:
        request = json.loads(line)
        if request["cmd"] == "stop":
            break
        if request["cmd"] == "run":
            message = {"seq": request["seq"]}
            message |= reply(request["operation"], request["input"], models)
        print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
