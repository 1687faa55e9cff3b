"""Operations by name over arrays of either carrier, compiled or not: what the tests run.

``python -m dredref.arithmetic.tests.operations`` runs the recorded cases without a compiler, and
the networks on little data; it prints what differs and digests. With the word ``compiled`` it does
that with the compiler, and with the networks on both carriers.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__" and "compiled" not in sys.argv:
    sys.modules["numba"] = None  # type: ignore[assignment]

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.analysis.logarithm import log2, log_table
from dredref.arithmetic import compiling, functions, logs, number
from dredref.arithmetic.carrier import Arithmetic
from dredref.arithmetic.compiling import dot, loop, scalar
from dredref.arithmetic.number import load, store
from dredref.plc.concealer import PacketLossConcealer
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.spec.dred import make_payload
from dredref.spec.tables import LATENT_DIM, STATE_DIM
from dredref.vocoder.sizes import FRAME

RECORDED = Path(__file__).parents[3] / "vectors" / "arithmetic" / "operations.json"
TABLE = log_table(12)


@scalar
def log2_of_version_12(x: Any) -> Any:
    """The approximate logarithm."""
    return log2(x, TABLE)


SCALAR = {
    **{name: getattr(number, name) for name in ("add", "sub", "mul", "div", "neg", "less")},
    **{name: getattr(number, name) for name in ("clip_to_one", "floor", "floor_half_up")},
    **{name: getattr(functions, name) for name in ("tanh", "sigmoid", "to_int8")},
    **{
        f"{name}64": getattr(number, name)
        for name in ("add", "sub", "mul", "div", "sqrt", "neg", "less")
    },
    "widen": number.widen,
    "narrow": number.narrow,
    "log2": log2_of_version_12,
}
"""Operations of numbers, by the name that the file gives them."""
LOGS = {"exp": logs.exp, "log10_64": logs.log10}
"""Those of whole arrays."""


@scalar
def put(array: Any, index: int, x: Any) -> None:
    """Put an integer into an array."""
    array[index] = x


STORES = {"binary32": store, "binary64": store, "int32": put}
INTEGERS: dict[str, Any] = {"binary32": np.int32, "binary64": np.int64, "int32": np.int32}
FLOATS: dict[str, Any] = {"binary32": np.float32, "binary64": np.float64, "int32": np.int32}


def kernel_of(name: str, operands: tuple[str, ...], result: str) -> Any:
    """The loop that does an operation of each element of arrays."""
    act, give = SCALAR[name], STORES[result]

    @loop
    def of_one(x: Any, out: Any) -> None:
        for i in range(out.size):
            give(out, i, act(load(x, i)))

    @loop
    def of_two(x: Any, y: Any, out: Any) -> None:
        for i in range(out.size):
            give(out, i, act(load(x, i), load(y, i)))

    return of_one if len(operands) == 1 else of_two


@loop
def dots(weights: Any, x: Any, out: Any) -> None:
    """Sums of products of each row of weights with a row of activations."""
    for i in range(out.size):
        out[i] = dot(weights, (i * x.shape[1],), x.shape[1], x, (i,))[0]


def results(name: str, about: dict[str, Any], cases: list[Any], arithmetic: Arithmetic) -> Any:
    """What an operation gives for cases on a carrier: bits as integers with a sign."""
    operands, result = tuple(about["operands"]), about["result"]
    columns = list(zip(*cases, strict=True))[:-1]
    if name == "dot":
        found = np.empty(len(cases), np.int32)
        dots(np.array(columns[0], np.int8).reshape(-1), np.array(columns[1], np.int16), found)
        return found
    kinds = INTEGERS if arithmetic == "integer" else FLOATS
    arrays = [bits_of(column, operands[0]).view(kinds[operands[0]]) for column in columns]
    if name in LOGS:
        return LOGS[name](arrays[0]).view(np.int32)
    out = np.empty(len(cases), kinds[result])
    kernel_of(name, operands, result)(*arrays, out)
    return (out if out.dtype.kind == "i" else out + out.dtype.type(0)).view(INTEGERS[result])


def bits_of(values: Any, kind: str) -> NDArray[Any]:
    """Recorded integers as an array; what they leave out is the sign."""
    if kind == "int32":
        return np.array(values, np.int32)
    unsigned: Any = np.uint32 if kind == "binary32" else np.uint64
    return np.array(values, unsigned).view(INTEGERS[kind])


def differences(operations: list[Any], arithmetic: Arithmetic) -> Iterator[str]:
    """What differs of operations with cases, a line each."""
    for about in operations:
        cases = about["cases"]
        found = results(about["name"], about, cases, arithmetic)
        expected = bits_of([case[-1] for case in cases], about["result"])
        for place in np.flatnonzero(found != expected)[:3]:
            yield f"{about['name']}, {arithmetic}: {cases[place]} but {found[place]}"


def recorded() -> list[Any]:
    """The operations of the file."""
    operations: list[Any] = json.loads(RECORDED.read_text())["operations"]
    return operations


def digest(*arrays: NDArray[Any]) -> str:
    """SHA-256 of arrays, low byte first."""
    rows = (x.astype(x.dtype.newbyteorder("<")).tobytes() for x in arrays)
    return hashlib.sha256(b"".join(rows)).hexdigest()


def little_work(arithmetic: Arithmetic) -> dict[str, str]:
    """One packet decoded, two frames analysed and encoded, one concealed, as digests."""
    state = [(7 * i) % 11 - 5 for i in range(STATE_DIM[12])]
    latents = [[(5 * i + k) % 9 - 4 for i in range(LATENT_DIM[12])] for k in range(2)]
    (features,) = decode_payloads([make_payload(12, 3, 0, 16, state, latents)], None, arithmetic)
    pcm = (np.random.default_rng(3).normal(0, 3000, (1, 320))).astype(np.int16)
    analysed = FeatureAnalyser(arithmetic=arithmetic).analyse(pcm)
    encoded = RdovaeEncoder(arithmetic=arithmetic).encode(analysed)
    concealer = PacketLossConcealer(arithmetic=arithmetic)
    for frame in pcm.reshape(-1, FRAME):
        concealer.update(frame)
    return {
        "decoded": digest(features),
        "concealed": digest(concealer.conceal()),
        "analysed": digest(analysed),
        "encoded": digest(*encoded),
    }


def _report(works: tuple[Arithmetic, ...]) -> dict[str, Any]:
    """What differs of the operations on both carriers, and the digests of work on some."""
    carriers: tuple[Arithmetic, ...] = ("integer", "hardware")
    found = [line for one in carriers for line in differences(recorded(), one)]
    return {"differences": found, **{one: little_work(one) for one in works}}


if __name__ == "__main__":
    assert ("compiled" in sys.argv) == compiling.COMPILED
    print(json.dumps(_report(("integer", "hardware") if compiling.COMPILED else ("integer",))))
