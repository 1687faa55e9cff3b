"""The probe (probe.c) compiled against a build of libopus and loaded: one shared library a build.

Two forms: *traced*, in which the linker routes some internal calls through the probe, so that it
can note what passes; and *plain*, in which libopus runs as it is, for timing.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dredref.conformance.adapters.libopus import builds
from dredref.spec.errors import InputError

PROBE = Path(__file__).with_name("probe.c")
WRAPPED = (
    "ec_dec_uint",
    "ec_dec_update",
    "ec_laplace_decode_p0",
    "compute_quantizer",
    "lpcnet_compute_single_frame_features_float",
    "dred_rdovae_encode_dframe",
)

I32, I64, F32, F64 = ctypes.c_int32, ctypes.c_int64, ctypes.c_float, ctypes.c_double
PTR, BYTES = ctypes.c_void_p, ctypes.c_char_p

# Results and arguments of what the probe and libopus export. PTR takes the address of an array.
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "probe_version": (I32, []),
    "probe_latent_dim": (I32, []),
    "probe_state_dim": (I32, []),
    "probe_stride": (I32, []),
    "probe_chunks": (I32, []),
    "probe_arch": (I32, []),
    "probe_plain": (I32, []),
    "probe_tanh": (F32, [F32]),
    "probe_packet": (I32, [BYTES, I32, PTR]),
    "probe_extensions": (I32, [BYTES, I32, I32, PTR, I32, PTR]),
    "probe_extensions_batch": (I64, [BYTES, PTR, PTR, I32, PTR, I64, PTR, PTR]),
    "probe_generate": (I32, [PTR, I32, BYTES, I32, I32, I32, PTR]),
    "probe_payloads": (None, [BYTES, PTR, PTR, I32, I32] + [PTR] * 7),
    "probe_parse": (None, [BYTES, PTR, I32, I32, I32] + [PTR] * 7),
    "probe_dred_stages": (I32, [PTR, I32, I32, I32, I32, I32, I32] + [PTR] * 5),
    "probe_write_payload": (I32, [PTR, PTR, I32, I32, I32, I32, PTR, I32, I32, I32, I32, I32, PTR]),
    "probe_time_parse": (F64, [BYTES, PTR, I32, I32, I32, I32, PTR, PTR]),
    "probe_features": (F64, [PTR, PTR, PTR, I32, PTR]),
    "probe_rdovae_encode": (I32, [PTR, I32, PTR, PTR]),
    "probe_analysis": (None, [PTR, I32, PTR, PTR, PTR]),
    "probe_analysis_tables": (None, [PTR, PTR, PTR]),
    "probe_spectrum_size": (I32, []),
    "probe_correlation_size": (I32, []),
    "probe_fargan": (I32, [PTR, PTR, PTR, I32, PTR, PTR, PTR]),
    "probe_fargan_states": (I32, []),
    "probe_burg": (None, [PTR, I32, PTR]),
    "probe_plc": (I32, [BYTES, PTR, PTR, PTR, PTR]),
    "probe_encoder_set": (I32, [PTR, I32, I32]),
    "probe_encoder_get": (I32, [PTR, I32, PTR]),
    "probe_decoder_set": (I32, [PTR, I32, I32]),
    "probe_decoder_get": (I32, [PTR, I32, PTR]),
    "probe_multistream_set": (I32, [PTR, I32, I32]),
    "probe_multistream_set_one": (I32, [PTR, I32, I32, I32]),
    "opus_get_version_string": (BYTES, []),
    "opus_strerror": (BYTES, [I32]),
    "opus_packet_has_lbrr": (I32, [BYTES, I32]),
    "opus_encoder_create": (PTR, [I32, I32, I32, PTR]),
    "opus_encoder_destroy": (None, [PTR]),
    "opus_encode": (I32, [PTR, PTR, I32, PTR, I32]),
    "opus_encode_float": (I32, [PTR, PTR, I32, PTR, I32]),
    "opus_decoder_create": (PTR, [I32, I32, PTR]),
    "opus_decoder_destroy": (None, [PTR]),
    "opus_decode": (I32, [PTR, BYTES, I32, PTR, I32, I32]),
    "opus_decode_float": (I32, [PTR, BYTES, I32, PTR, I32, I32]),
    "opus_dred_decoder_create": (PTR, [PTR]),
    "opus_dred_decoder_destroy": (None, [PTR]),
    "opus_dred_alloc": (PTR, [PTR]),
    "opus_dred_free": (None, [PTR]),
    "opus_dred_parse": (I32, [PTR, PTR, BYTES, I32, I32, I32, PTR, I32]),
    "opus_dred_process": (I32, [PTR, PTR, PTR]),
    "opus_decoder_dred_decode": (I32, [PTR, PTR, I32, PTR, I32]),
    "opus_decoder_dred_decode_float": (I32, [PTR, PTR, I32, PTR, I32]),
    "opus_multistream_surround_encoder_create": (PTR, [I32, I32, I32, PTR, PTR, PTR, I32, PTR]),
    "opus_multistream_encode": (I32, [PTR, PTR, I32, PTR, I32]),
    "opus_multistream_encoder_destroy": (None, [PTR]),
}
TRACED_ONLY = {"probe_payloads", "probe_parse", "probe_dred_stages"}


@functools.cache
def load(name: str, *, traced: bool) -> ctypes.CDLL:
    """The probe library of a build, compiled if it is not in the cache.

    Raises:
        InputError: ``libopus.no_build``, ``libopus.build_failed``, or ``libopus.sanitizer`` if
            this process was not started with what :func:`builds.preload` says.
    """
    made = builds.get(name)
    if builds.preload(made):
        raise InputError("libopus.sanitizer", f"libopus {name} is to be run by its harness")
    path = compiled(made, traced=traced)
    library = ctypes.CDLL(str(path))
    for function, (result, arguments) in SIGNATURES.items():
        if traced or function not in TRACED_ONLY:
            entry = getattr(library, function)
            entry.restype, entry.argtypes = result, arguments
    return library


def compiled(made: builds.Build, *, traced: bool) -> Path:
    """The shared library of the probe for a build, made anew when either of them changed."""
    digest = hashlib.sha256(PROBE.read_bytes())
    digest.update(repr((WRAPPED, made.library.stat().st_mtime_ns)).encode())
    folder = made.path.parent.parent / "probes"
    folder.mkdir(parents=True, exist_ok=True)
    form = "traced" if traced else "plain"
    target = folder / f"{made.name}-{form}-{digest.hexdigest()[:16]}.so"
    if not target.is_file():
        extra = ["-shared", "-fvisibility=hidden"]
        if traced:
            extra += ["-DPROBE_TRACE", *(f"-Wl,--wrap={function}" for function in WRAPPED)]
        builds.link([PROBE], made, target, extra, whole=True)
    return target


def address(array: npt.NDArray[Any] | None) -> int | None:
    """Where an array's values are; None stands for a null pointer."""
    if array is None:
        return None
    assert array.flags.c_contiguous
    return int(array.ctypes.data)


def floats(values: npt.ArrayLike, *shape: int) -> npt.NDArray[np.float32]:
    """``values`` as contiguous single-precision floats of the given shape."""
    return np.ascontiguousarray(values, np.float32).reshape(shape)


def joined(strings: list[bytes] | tuple[bytes, ...]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """Byte strings laid end to end, and the n + 1 places where they begin and end."""
    ends = np.zeros(len(strings) + 1, np.int64)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    return b"".join(strings), ends
