"""Parts that the generators of payloads share: values that cost few bits, and files of payloads."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from dredref.inspection import dred_json
from dredref.spec.dred import DredPayload, build_payload, make_payload, parse_payload
from dredref.spec.errors import BuildError
from dredref.spec.tables import VERSIONS, level_of_chunk, quantizer_tables
from dredref.vectors.draft import DRED, Draft, blob
from dredref.vectors.model import Exact, Expected, Level, PayloadInput

PATTERN = (0, 1, 0, 0, -1, 0, 2, 0, 0, 1, -2)
"""Values that state and latents take in turn; few bits each, and no two places alike."""


def pattern_state(version: int, q0: int, turn: int = 0) -> tuple[int, ...]:
    """A state that no shift or exchange of neighbours leaves as it is."""
    coded = quantizer_tables(version).state.coded[q0]
    return tuple(
        PATTERN[(3 * index + turn) % len(PATTERN)] if there else 0
        for index, there in enumerate(coded)
    )


def pattern_latents(version: int, level: int, chunk: int) -> tuple[int, ...]:
    """Latents that tell chunks and places apart."""
    coded = quantizer_tables(version).latent.coded[level]
    return tuple(
        PATTERN[(2 * index + 5 * chunk) % len(PATTERN)] if there else 0
        for index, there in enumerate(coded)
    )


def pattern_payload(
    version: int,
    q0: int,
    dQ: int,
    chunks: int,
    *,
    qmax: int = 15,
    offset: int = 8,
    extra_offset: int | None = None,
    turn: int = 0,
) -> DredPayload:
    """A payload of patterned values."""
    levels = [level_of_chunk(q0, dQ, qmax, index) for index in range(chunks)]
    payload = make_payload(
        version,
        q0,
        dQ,
        offset,
        pattern_state(version, q0, turn),
        [pattern_latents(version, level, chunk + turn) for chunk, level in enumerate(levels)],
        qmax=qmax,
        extra_offset=extra_offset,
    )
    return made_seen(payload)


def quiet_payload(
    version: int, q0: int, chunks: int, *, offset: int = 8, extra_offset: int | None = None
) -> DredPayload:
    """A payload of zeros at one level, but for what makes its last chunk seen."""
    tables = quantizer_tables(version)
    zeros = [0] * tables.latent.dimension
    state = [0] * tables.state.dimension
    payload = make_payload(
        version, q0, 0, offset, state, [zeros] * chunks, extra_offset=extra_offset
    )
    return made_seen(payload)


@lru_cache(maxsize=4)
def built(payload: DredPayload) -> bytes:
    """The bytes of a payload; what was just built is not built again."""
    return build_payload(payload)


def made_seen(payload: DredPayload) -> DredPayload:
    """The payload with its last chunk made dear enough for a decoder to see it, if need be."""
    last = payload.chunks[-1]
    tables = quantizer_tables(payload.version).latent
    place = int(tables.coded[last.level].argmax())
    while True:
        try:
            built(payload)
        except BuildError:
            values = list(payload.chunks[-1].latents)
            values[place] = abs(values[place]) + 1
            chunk = replace(last, latents=tuple(values))
            payload = replace(payload, chunks=(*payload.chunks[:-1], chunk))
        else:
            return payload


def tell_after(payload: DredPayload) -> int:
    """Bits that a decoder has used after the last chunk."""
    string = build_payload(payload, allow_unseen=True) + bytes(2)
    return parse_payload(string, payload.version, limit=len(payload.chunks)).bits_used


class PayloadFile(Draft):
    """A file of payloads of one version."""

    version: int = VERSIONS[-1]

    def payload(
        self,
        name: str,
        title: str,
        payload: DredPayload,
        *,
        frame_offset: int = 0,
        max_chunks: int = 26,
        requirements: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> None:
        """A payload of these values: they are expected, as far as chunks are asked for."""
        string = built(payload)
        read = parse_payload(string, payload.version, frame_offset=frame_offset, limit=max_chunks)
        shown = replace(payload, frame_offset=frame_offset, chunks=payload.chunks[:max_chunks])
        assert read == shown, name
        self.add(
            f"v{self.version}.{name}",
            title,
            PayloadInput(blob(string), None, frame_offset, max_chunks),
            requirements=requirements,
            flags=flags,
            version=self.version,
            expected=Exact({"dred": dred_json(read)}),
        )

    def bytes_(
        self,
        name: str,
        title: str,
        string: bytes,
        *,
        frame_offset: int = 0,
        max_chunks: int = 26,
        requirements: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> dict[str, object]:
        """A payload of these bytes; what is in them is asked of the reference, and returned."""
        wanted = self.add(
            f"v{self.version}.{name}",
            title,
            PayloadInput(blob(string), None, frame_offset, max_chunks),
            requirements=requirements,
            flags=flags,
            version=self.version,
        )
        return _dred(wanted)

    def packet(
        self,
        name: str,
        title: str,
        packet: bytes,
        *,
        found: bool | str,
        final_id: int | None = None,
        both_forms: bool = False,
        level: Level = "MUST",
        requirements: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> dict[str, object]:
        """A packet in which DRED is ``found``, or not, or which breaks with this error."""
        wanted = self.add(
            f"v{self.version}.{name}",
            title,
            PayloadInput(packet=blob(packet), final_id=final_id, both_forms=both_forms or None),
            requirements=requirements,
            level=level,
            flags=flags,
            version=self.version,
        )
        dred = _dred(wanted)
        got: bool | str = bool(dred) if isinstance(wanted, Exact) else getattr(wanted, "code", "")
        assert got == found, (name, got)
        return dred


def _dred(wanted: Expected) -> dict[str, object]:
    """The DRED expected, or an empty dictionary."""
    return (wanted.value["dred"] or {}) if isinstance(wanted, Exact) else {}


def payload_file(version: int, name: str, title: str, seed: int | None = None) -> PayloadFile:
    """Start a file of payloads of ``version``."""
    file = PayloadFile(
        "payload",
        f"{name}-v{version}",
        f"{title}, version {version}",
        "vectors.groups.payload",
        (DRED,),
        seed,
    )
    file.version = version
    return file
