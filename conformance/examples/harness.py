#!/usr/bin/env python3
"""A complete harness in Python: libopus, through its public interface.

    python harness.py path/to/libopus.so

It needs a libopus built with DRED and nothing else. `packet` goes to opus_packet_parse, `query` to
opus_dred_parse; what other operations ask for, the public interface does not show.
"""

import ctypes
import json
import sys
from typing import Any


class Libopus:
    """The functions that this harness calls."""

    def __init__(self, path: str) -> None:
        """Load the library and make one DRED decoder."""
        self.library = ctypes.CDLL(path)
        self.library.opus_get_version_string.restype = ctypes.c_char_p
        self.library.opus_dred_decoder_create.restype = ctypes.c_void_p
        self.library.opus_dred_alloc.restype = ctypes.c_void_p
        error = ctypes.c_int()
        self.decoder = ctypes.c_void_p(self.library.opus_dred_decoder_create(ctypes.byref(error)))
        self.dred = ctypes.c_void_p(self.library.opus_dred_alloc(ctypes.byref(error)))
        if error.value:
            sys.exit("libopus has no DRED")

    def packet(self, given: dict[str, Any]) -> dict[str, Any]:
        """TOC and frames of a packet."""
        data = bytes.fromhex(given["packet"])
        toc = ctypes.c_ubyte()
        frames = (ctypes.c_void_p * 48)()
        sizes = (ctypes.c_int16 * 48)()
        buffer = ctypes.create_string_buffer(data, max(1, len(data)))
        count = self.library.opus_packet_parse(
            buffer, len(data), ctypes.byref(toc), frames, sizes, None
        )
        if count < 0:
            return {"reject": {"detail": f"opus_packet_parse returns {count}"}}
        start = ctypes.addressof(buffer)
        samples = self.library.opus_packet_get_samples_per_frame(buffer, 48000)
        stereo = bool(toc.value & 4)
        answer = {
            "toc": {"config": toc.value >> 3, "stereo": stereo, "code": toc.value & 3},
            "nb_frames": count,
            "frame_ms": samples / 48,
            "frames": [
                {"offset": (frames[i] or start) - start, "bytes": sizes[i]} for i in range(count)
            ],
        }
        return {"answer": answer}

    def query(self, given: dict[str, Any]) -> dict[str, Any]:
        """What opus_dred_parse returns for each question."""
        if "packet" in given:
            packets = [bytes.fromhex(given["packet"])]
        else:
            packets = read_bit(bytes.fromhex(given["stream"]))
        results = []
        for index, max_samples, rate in given["queries"]:
            data, end = packets[index], ctypes.c_int()
            samples = self.library.opus_dred_parse(
                *(self.decoder, self.dred, data, len(data)),
                *(max_samples, rate, ctypes.byref(end), 1),
            )
            if samples < 0:
                return {"reject": {"detail": f"opus_dred_parse returns {samples}"}}
            results.append({"samples": samples, "dred_end": end.value})
        return {"answer": {"results": results}}


def read_bit(stream: bytes) -> list[bytes]:
    """The packets of a stream in opus_demo's form."""
    packets = []
    while stream:
        size = int.from_bytes(stream[:4], "big")
        packets.append(stream[8 : 8 + size])
        stream = stream[8 + size :]
    return packets


def main() -> None:
    """Read requests until stop or the end of input."""
    libopus = Libopus(sys.argv[1])
    version = libopus.library.opus_get_version_string().decode()
    for line in sys.stdin:
        request = json.loads(line)
        if request["cmd"] == "stop":
            break
        if request["cmd"] == "start":
            reply = {"protocol": 1, "name": "libopus (public)", "version": version}
            reply["operations"] = ["packet", "query"]
            reply["versions"] = [10] if "1.5" in version else [12]
        else:
            reply = getattr(libopus, request["operation"])(request["input"])
            reply["seq"] = request["seq"]
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
