"""What hypothesis draws: packets, areas and payloads of every valid form."""

from __future__ import annotations

from hypothesis import strategies as st

from dredref.spec.dred import DredPayload, make_payload
from dredref.spec.extension import Extension
from dredref.spec.packet import Frame, Packet, Toc, parse_toc
from dredref.spec.tables import LATENT_DIM, STATE_DIM, VERSIONS, level_of_chunk, quantizer_tables


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    """A packet of any code with any frames and padding that it can carry."""
    code = draw(st.integers(0, 3))
    toc = Toc(draw(st.integers(0, 31)), draw(st.booleans()), code)
    count = (1, 2, 2, draw(st.integers(1, min(48, 5760 // toc.frame_48k))))[code]
    vbr = code == 3 and draw(st.booleans())
    lengths = st.integers(0, 600) | st.integers(1270, 1275)
    if vbr or code == 2:
        sizes = draw(st.lists(lengths, min_size=count, max_size=count))
    else:
        sizes = [draw(lengths)] * count
    padding = None
    if code == 3 and draw(st.booleans()):
        size = draw(st.integers(0, 4) | st.integers(250, 260) | st.integers(505, 512))
        padding = draw(st.binary(min_size=size, max_size=size))
    frames = tuple(Frame(bytes([index % 251]) * size) for index, size in enumerate(sizes))
    return Packet(toc, frames, vbr, padding)


def without_places(packet: Packet) -> Packet:
    """A parsed packet as it was drawn: without byte positions."""
    frames = tuple(Frame(frame.data) for frame in packet.frames)
    return Packet(parse_toc(packet.toc.byte), frames, packet.vbr, packet.padding)


@st.composite
def extensions(draw: st.DrawFn, nb_frames: int) -> list[Extension]:
    """Extensions in frame order."""
    found = []
    for frame in sorted(draw(st.lists(st.integers(0, nb_frames - 1), max_size=6))):
        if draw(st.booleans()):
            found.append(Extension(draw(st.integers(3, 31)), frame, draw(st.binary(max_size=1))))
        else:
            size = draw(st.integers(0, 3) | st.integers(253, 257) | st.integers(509, 512))
            found.append(Extension(draw(st.integers(32, 127)), frame, bytes(size)))
    return found


wire_bytes = st.lists(
    st.integers(0, 255)
    | st.integers(0, 11)
    | st.sampled_from([0x04, 0x05, 0x40, 0x41, 0xFC, 0xFD]),
    max_size=40,
).map(bytes)
"""Area bytes with many separators, repeats and extensions among them."""


@st.composite
def payloads(draw: st.DrawFn) -> DredPayload:
    """A payload of any version, level and offset; values where the tables have symbols."""
    version = draw(st.sampled_from(VERSIONS))
    tables = quantizer_tables(version)
    q0, dQ = draw(st.integers(0, 15)), draw(st.integers(0, 7))
    qmax = draw(st.integers(q0 + 1, 15)) if q0 < 14 and dQ > 0 else 15
    value = st.integers(-3, 3) | st.sampled_from([-50, -14, -8, -7, 7, 8, 14, 15, 40])

    def vector(dimension: int, coded: list[bool]) -> list[int]:
        drawn = draw(st.lists(value, min_size=dimension, max_size=dimension))
        return [number if used else 0 for number, used in zip(drawn, coded, strict=True)]

    state = vector(STATE_DIM[version], tables.state.coded[q0].tolist())
    latents = [
        vector(
            LATENT_DIM[version],
            tables.latent.coded[level_of_chunk(q0, dQ, qmax, index)].tolist(),
        )
        for index in range(draw(st.integers(0, 8)))
    ]
    extra = draw(st.none() | st.integers(0, 255))
    offset = draw(st.integers(0, 31))
    return make_payload(version, q0, dQ, offset, state, latents, qmax=qmax, extra_offset=extra)
