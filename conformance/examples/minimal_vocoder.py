"""A vocoder written from the specification and PROTOCOL.md, sharing no code with the reference.

It answers the operation vocode of the harness protocol with NumPy and the packaged weights (section
7.5 says how to read them). Where the specification has binary32 rules of its own, this takes the
machine's; the vectors' limits leave room for that. Section numbers are those of the specification.

    python minimal_vocoder.py [fargan.bin]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WEIGHTS = Path(__file__).resolve().parents[2] / "dredref" / "model" / "data" / "fargan.bin"
FRAME, SUBFRAME, HISTORY, SUBFRAMES = 160, 40, 256, 4
PREEMPHASIS = 0.85


class Layer:
    """A layer of a model file (sections 7 and 7.5)."""

    def __init__(self, entry: dict[str, Any], payload: bytes) -> None:
        self.parts: dict[str, Array] = {}
        for role, array in entry["arrays"].items():
            kind = np.dtype(array["type"]).newbyteorder("<")
            count = int(np.prod(array["shape"]))
            numbers = np.frombuffer(payload, kind, count, array["start"]).reshape(array["shape"])
            self.parts[role] = numbers * 2.0 ** -array["q"]
        inputs, outputs = entry["inputs"], entry["outputs"]
        self.is_wide = "wide" in self.parts
        if self.is_wide:
            self.matrix = self.parts["wide"].T
        else:  # blocks of 8 outputs by 4 inputs; the vocoder has no sparse layer
            blocks = self.parts["bytes"].reshape(outputs // 8, inputs // 4, 8, 4)
            self.matrix = blocks.transpose(0, 2, 1, 3).reshape(outputs, inputs)

    def __call__(self, x: Array) -> Array:
        if self.is_wide:
            return self.matrix @ x + self.parts["bias"]
        total = self.matrix @ np.floor(127 * x + 0.5) * self.parts["scale"]
        return total + self.parts.get("bias", 0.0)


def read_model(path: Path) -> dict[str, Layer]:
    """The layers of a model file by name (section 7.5)."""
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    size = int(data[start : start + 8], 16)
    header = json.loads(data[start + 9 : start + 9 + size])
    payload = data[start + 9 + size :]
    return {entry["name"]: Layer(entry, payload) for entry in header["layers"]}


def tanh(x: Array) -> Array:
    """The hyperbolic tangent as the networks were trained with (section 8)."""
    x2 = x * x
    above = x * (952.52801514 + x2 * (96.39235687 + x2 * 0.60863042))
    below = 952.72399902 + x2 * (413.36801147 + x2 * 11.88600922)
    return np.asarray(np.clip(above / below, -1, 1))


def sigmoid(x: Array) -> Array:
    """The logistic function."""
    return 0.5 + 0.5 * tanh(x / 2)


class Vocoder:
    """One stream of speech (section 9), and the networks of section 7."""

    def __init__(self, layers: dict[str, Layer]) -> None:
        self.layers = layers
        self.history = np.zeros(HISTORY)
        self.frames = np.zeros((2, 64))
        self.heard = np.zeros(164)
        self.units = [np.zeros(160), np.zeros(128), np.zeros(128)]
        self.period = 1
        self.sample = 0.0

    def gated(self, x: Array, name: str) -> Array:
        """A gated linear unit."""
        return x * sigmoid(self.layers[name](x))

    def condition(self, vector: Array) -> tuple[Array, int]:
        """What conditions the four subframes [4, 80], and the vector's period."""
        period = int(np.clip(np.floor(0.5 + 256 / 2 ** (vector[18] + 1.5)), 1, 511))
        row = self.layers["cond_net_pembed"].matrix.T[np.clip(period, 32, 255) - 32]
        hidden = tanh(self.layers["cond_net_fdense1"](np.concatenate([vector, row])))
        seen = np.vstack([self.frames, hidden])
        self.frames = seen[1:]
        middle = tanh(self.layers["cond_net_fconv1"](seen.ravel()))
        return tanh(self.layers["cond_net_fdense2"](middle)).reshape(SUBFRAMES, 80), period

    def subframe(self, condition: Array, period: int) -> Array:
        """40 samples before de-emphasis."""
        gain = np.exp(self.layers["sig_net_cond_gain_dense"](condition)[0])
        scale = 1 / (0.00001 + gain)
        ahead = np.arange(44) - 2 - period
        places = HISTORY + np.where(ahead < 0, ahead, ahead % period - period)
        prediction = np.clip(scale * self.history[np.maximum(places, 0)], -1, 1)
        past = np.clip(scale * self.history[-SUBFRAME:], -1, 1)
        now = np.concatenate([condition, prediction, past])
        both, self.heard = np.concatenate([self.heard, now]), now
        first = self.gated(tanh(self.layers["sig_net_fwc0_conv"](both)), "sig_net_fwc0_glu_gate")
        gates = sigmoid(self.layers["sig_net_gain_dense_out"](first))
        middle = prediction[2:42]
        out, outputs = first, []
        for number in range(3):
            fed = np.concatenate([out, gates[number] * middle, past])
            self.units[number] = self.step(number, fed)
            out = self.gated(self.units[number], f"sig_net_gru{number + 1}_glu_gate")
            outputs.append(out)
        skip = np.concatenate([*outputs, first, gates[3] * middle, past])
        last = self.gated(tanh(self.layers["sig_net_skip_dense"](skip)), "sig_net_skip_glu_gate")
        spoken: Array = gain * tanh(self.layers["sig_net_sig_dense_out"](last))
        return spoken

    def step(self, number: int, fed: Array) -> Array:
        """The next state of a gated recurrent unit."""
        state = self.units[number]
        given = self.layers[f"sig_net_gru{number + 1}_input"](fed)
        own = self.layers[f"sig_net_gru{number + 1}_recurrent"](state)
        (z, r), h = sigmoid(given + own).reshape(3, -1)[:2], given[-len(state) :]
        h = tanh(h + r * own[-len(state) :])
        new: Array = z * state + (1 - z) * h
        return new

    def append(self, samples: Array) -> None:
        """Put samples behind the history."""
        self.history = np.concatenate([self.history, samples])[-HISTORY:]

    def resume(self, samples: Array, vectors: Array) -> None:
        """Continuation from 320 samples and 5 vectors."""
        scaled = samples / 32768
        emphasised = np.concatenate([[0.0], scaled[1:] - PREEMPHASIS * scaled[:-1]])
        found = [self.condition(vector) for vector in vectors]
        self.append(emphasised[:FRAME])
        self.period = found[3][1]
        for k in range(SUBFRAMES):
            self.subframe(found[4][0][k], self.period)
            self.append(emphasised[FRAME + SUBFRAME * k :][:SUBFRAME])
        self.sample = float(scaled[-1])

    def synthesize(self, vector: Array) -> Array:
        """160 samples of 16 bits."""
        conditions, period = self.condition(vector)
        out = np.zeros(FRAME)
        for k in range(SUBFRAMES):
            samples = self.subframe(conditions[k], self.period)
            self.append(samples)
            for i, x in enumerate(samples):
                self.sample = x + PREEMPHASIS * self.sample
                out[SUBFRAME * k + i] = self.sample
        self.period = period
        return np.floor(np.clip(32768 * out, -32767, 32767) + 0.5)


def answer_vocode(question: dict[str, Any], layers: dict[str, Layer]) -> dict[str, str]:
    """Operation vocode (PROTOCOL.md)."""

    def rows(name: str) -> Array:
        return np.frombuffer(bytes.fromhex(question[name]), "<f4").astype(float).reshape(-1, 20)

    v, vocoder = rows("features"), Vocoder(layers)
    if "history_pcm" in question:
        real = np.frombuffer(bytes.fromhex(question["history_pcm"]), "<i2").astype(float)
        vocoder.resume(real, rows("history_features"))
        spoken = np.concatenate([vocoder.synthesize(vector) for vector in v])
    else:
        vocoder.resume(np.zeros(320), v[[0, 0, 0, 0, 0]])
        parts = [vocoder.synthesize(vector) for vector in [*v[1:], v[-1], v[-1]]]
        spoken = np.concatenate(parts)[80 : 80 + FRAME * len(v)]
    return {"pcm": spoken.astype("<i2").tobytes().hex()}


def main() -> None:
    """Speak the harness protocol."""
    layers = read_model(Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS)
    message: dict[str, Any] = {"protocol": 1, "name": "minimal vocoder", "version": "1"}
    message |= {"operations": ["vocode"]}
    for line in sys.stdin:
        request = json.loads(line)
        if request["cmd"] == "stop":
            break
        if request["cmd"] == "run":
            message = {"seq": request["seq"], "answer": answer_vocode(request["input"], layers)}
        print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
