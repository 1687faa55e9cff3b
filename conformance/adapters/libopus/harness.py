"""A build of libopus behind the harness protocol.

``python -m dredref.conformance.adapters.libopus.harness 1.6.1`` serves that build.
Unlike the C example of conformance/examples it knows all operations, through the probe.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dredref.conformance.adapters.libopus.builds import get, manifest, preload
from dredref.conformance.adapters.libopus.codec import Decoder, Encoder, Settings
from dredref.conformance.adapters.libopus.peer import Dred, DredBatch, Peer
from dredref.conformance.adapters.serve import serve
from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.files import read_bit
from dredref.conformance.running.replies import Capabilities, FaultError, Reply, Unsupported
from dredref.spec.errors import DredError, UsageError
from dredref.spec.packet import parse_packet
from dredref.temporary import temporary_folder

MAX_CHUNKS = 26


class RefusedError(Exception):
    """libopus gave a negative code."""


class Libopus:
    """Operation by operation, what one build says."""

    def __init__(self, name: str) -> None:
        """Load the build of that name."""
        self.peer = Peer(name)
        self.operations: dict[str, Callable[[Mapping[str, Any]], dict[str, Any] | Unsupported]] = {
            "packet": self.packet,
            "extension": self.extension,
            "payload": self.payload,
            "decode": self.decode,
            "records": self.records,
            "vocode": self.vocode,
            "encode": self.encode,
            "query": self.query,
            "conceal": self.conceal,
            "unprocessed": self.unprocessed,
            "plc": self.plc,
            "pcm": self.pcm,
        }

    def capabilities(self) -> Capabilities:
        """Name, version, and how the build was made."""
        found: Any = manifest()["builds"]
        made = found.get(self.peer.name, {}) if isinstance(found, dict) else {}
        details = {"build": self.peer.name, "compiler": str(made.get("compiler", ""))}
        details["path"] = "plain C" if self.peer.plain else "vector code"
        version = self.peer.library.opus_get_version_string().decode()
        return Capabilities(
            f"libopus {self.peer.name}",
            tuple(self.operations),
            version,
            versions=(self.peer.version,),
            details=details,
        )

    def answer(self, operation: str, given: Mapping[str, Any]) -> Reply:
        """Answer one question."""
        try:
            value = self.operations[operation](given)
        except (RefusedError, DredError, FaultError) as refused:
            return Refusal(None, str(refused))
        return value if isinstance(value, Unsupported) else Answer(value)

    def packet(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """TOC, frames and padding."""
        found = self.peer.packet(bytes.fromhex(given["packet"]))
        if isinstance(found, int):
            raise RefusedError(f"libopus returns {found}")
        answer: dict[str, Any] = {
            "toc": {
                "config": found.toc >> 3,
                "stereo": bool(found.toc & 4),
                "code": found.toc & 3,
            },
            "nb_frames": len(found.frames),
            "frames": [{"offset": start, "bytes": size} for start, size in found.frames],
        }
        # libopus does not tell a padding field of length 0 from none: then nothing is said.
        if found.padding is not None and found.padding[1]:
            answer["padding"] = {"offset": found.padding[0], "bytes": found.padding[1]}
        return answer

    def extension(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Extensions up to the end or the first error."""
        found, code = self.peer.extensions(bytes.fromhex(given["area"]), given["nb_frames"])
        return {
            "extensions": [
                {"id": one.id, "frame": one.frame, "data": one.data.hex()} for one in found
            ],
            "error": {} if code < 0 else None,
        }

    def _batch(self, given: Mapping[str, Any]) -> DredBatch:
        """The payload of a question, decoded by libopus."""
        limit = given.get("max_chunks", MAX_CHUNKS)
        if "payload" in given:
            offsets = [given.get("frame_offset", 0)]
            return self.peer.payloads([bytes.fromhex(given["payload"])], offsets, 4 * limit)
        batch = self.peer.parse([bytes.fromhex(given["packet"])], 480 * (4 * limit - 2))
        if batch.summary["result"][0] < 0:
            raise RefusedError(f"libopus returns {batch.summary['result'][0]}")
        return batch

    def payload(self, given: Mapping[str, Any]) -> dict[str, Any] | Unsupported:
        """Header, state and latents."""
        if "final_id" in given or "both_forms" in given:
            return Unsupported("libopus knows the experiment's form only")
        dred = self._batch(given)[0]
        return {"dred": self._dred(dred) if dred.found else None}

    def _dred(self, dred: Dred) -> dict[str, Any]:
        return {
            "version": self.peer.version,
            "q0": dred.q0,
            "dQ": dred.dQ,
            "qmax": dred.qmax,
            "offset": dred.offset,
            "extra_offset": dred.extra or 0,
            "dred_offset": dred.dred_offset,
            "nb_chunks": dred.nb_chunks,
            "state": dred.state.tolist(),
            "chunks": [
                {"level": level, "latents": latents}
                for level, latents in zip(dred.levels.tolist(), dred.latents.tolist(), strict=True)
            ],
        }

    def decode(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Features, newest first."""
        batch = self._batch(given)
        if not batch.summary["found"][0]:
            return {"features": ""}
        return {"features": self.peer.decode(batch)[0].astype("<f4").tobytes().hex()}

    def records(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Features of upstream's records, by upstream's own program."""
        program = self.peer.build.program("fargan_demo")
        with temporary_folder() as folder:
            source, target = folder / "in", folder / "out"
            source.write_bytes(bytes.fromhex(given["records"]))
            done = subprocess.run([program, "-dred-decoding", source, target])
            if done.returncode < 0:  # no refusal
                raise RuntimeError(f"fargan_demo was ended by signal {-done.returncode}")
            if done.returncode:
                raise RefusedError(f"fargan_demo ends with {done.returncode}")
            return {"features": target.read_bytes().hex()}

    def vocode(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Speech; primed as fargan_demo does, or from the history given."""
        vectors = np.frombuffer(bytes.fromhex(given["features"]), "<f4").reshape(-1, 20)
        if "history_pcm" in given:
            history = np.frombuffer(bytes.fromhex(given["history_pcm"]), "<i2") / 32768
            before = np.frombuffer(bytes.fromhex(given["history_features"]), "<f4")
            pcm = self.peer.fargan(vectors, history, before.reshape(5, 20)).pcm
        else:
            # The first vector primes; the last one speaks twice, 80 samples in and out.
            spoken = np.concatenate([vectors[1:], vectors[-1:], vectors[-1:]])
            first = np.repeat(vectors[:1], 5, axis=0)
            pcm = self.peer.fargan(spoken, np.zeros(320), first).pcm
            pcm = pcm[80 : 80 + 160 * len(vectors)]
        clipped = np.clip(32768.0 * pcm, -32767, 32767)
        return {"pcm": np.floor(0.5 + clipped).astype("<i2").tobytes().hex()}

    def encode(self, given: Mapping[str, Any]) -> dict[str, Any] | Unsupported:
        """A stream's packets."""
        channels = given["channels"]
        pcm = np.frombuffer(bytes.fromhex(given["pcm"]), "<i2")
        if pcm.size % channels:
            raise RefusedError("the recording ends within a sample of its channels")
        settings = Settings(
            rate=given["rate"],
            channels=channels,
            frame_ms=given["frame_ms"],
            bitrate=given["bitrate"],
            loss=given["loss_percent"],
            dred=given["dred_ms"] // 10,
            vbr=given["vbr"],
            dtx=given["dtx"],
        )
        shaped = pcm if channels == 1 else pcm.reshape(-1, channels)
        try:
            with Encoder(self.peer, settings) as encoder:
                return {"packets": [one.packet.hex() for one in encoder.encode_all(shaped)]}
        except UsageError as error:
            return Unsupported(str(error))

    def query(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What ``opus_dred_parse`` returns."""
        if "packet" in given:
            packets = [bytes.fromhex(given["packet"])]
        else:
            packets = read_bit(bytes.fromhex(given["stream"]))
        results = []
        for index, max_samples, rate in given["queries"]:
            row = self.peer.parse([packets[index]], max_samples, rate).summary[0]
            if row["result"] < 0:
                raise RefusedError(f"libopus returns {row['result']}")
            results.append({"samples": int(row["result"]), "dred_end": int(row["dred_end"])})
        return {"results": results}

    def conceal(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A stream with losses: DRED of the next packet that came, as far as it reaches."""
        packets = read_bit(bytes.fromhex(given["stream"]))
        rate, channels = given["rate"], given["channels"]
        lost = [digit == "1" for digit in given["mask"].ljust(len(packets), "0")]
        first = next((packet for packet in packets if packet), None)
        if first is None:
            raise RefusedError("a stream of no packet")
        size = self._duration(first) * rate // 48000
        parts: list[np.ndarray[Any, Any]] = []
        with Decoder(self.peer, rate, channels) as decoder:
            gap = 0
            for packet, gone in zip(packets, lost, strict=False):
                if gone or not packet:
                    gap += 1
                    continue
                parts += self._fill(decoder, packet, gap, size)
                parts.append(decoder.decode(packet, size))
                gap = 0
            parts += [decoder.decode(None, size) for _ in range(gap)]
        pcm = np.concatenate([part.reshape(-1) for part in parts])
        return {"pcm": pcm.astype("<i2").tobytes().hex()}

    def plc(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A script of the neural concealment."""
        samples = np.frombuffer(bytes.fromhex(given["samples"]), "<i2")
        features = np.frombuffer(bytes.fromhex(given.get("features", "")), "<f4")
        pcm, _ = self.peer.plc(given["steps"], samples, features)
        return {"pcm": pcm.astype("<i2").tobytes().hex()}

    def pcm(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A stream decoded whole."""
        rate, packets = given["rate"], read_bit(bytes.fromhex(given["stream"]))
        with Decoder(self.peer, rate, given["channels"]) as decoder:
            sizes = [self._duration(packet) * rate // 48000 for packet in packets]
            pairs = zip(packets, sizes, strict=True)
            parts = [decoder.decode(packet, size).reshape(-1) for packet, size in pairs]
        return {"pcm": np.concatenate([np.zeros(0), *parts]).astype("<i2").tobytes().hex()}

    def unprocessed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Speech from DRED that was read, its processing deferred and never done."""
        packet, rate, samples = bytes.fromhex(given["packet"]), given["rate"], given["samples"]
        with Decoder(self.peer, rate) as decoder:
            found, _ = decoder.dred_parse(packet, rate, defer=True)
            if found <= 0:
                raise RefusedError(f"libopus finds no DRED: {found}")
            try:
                pcm = decoder.dred_decode(samples, samples)
            except UsageError as refused:
                raise RefusedError(str(refused)) from None
        return {"pcm": pcm.astype("<i2").tobytes().hex()}

    def _fill(self, decoder: Decoder, packet: bytes, gap: int, size: int) -> list[Any]:
        """The frames lost before a packet, oldest first, as opus_demo asks for them."""
        if not gap:
            return []
        there, _ = decoder.dred_parse(packet, min(gap * size, 1040 * size))
        filled = []
        for back in range(gap, 0, -1):
            if there > 0:
                filled.append(decoder.dred_decode(back * size, size))
            else:
                filled.append(decoder.decode(None, size))
        return filled

    def _duration(self, packet: bytes) -> int:
        """Samples of a packet at 48 kHz."""
        return parse_packet(packet).duration_48k


def main() -> None:
    """Serve the build named as the only argument, with sanitizers in a process made for them."""
    if needed := preload(get(sys.argv[1])):
        again = [sys.executable, "-m", "dredref.conformance.adapters.libopus.harness"]
        os.execve(sys.executable, [*again, sys.argv[1]], {**os.environ, **needed})
    libopus = Libopus(sys.argv[1])
    serve(libopus.capabilities(), libopus.answer)


if __name__ == "__main__":
    main()
