"""A record as a tree for the terminal."""

from __future__ import annotations

from itertools import islice

from rich.markup import escape
from rich.tree import Tree

from dredref.inspection import Inspection
from dredref.spec.dred import UNIT_MS, DredPayload, reach_ms
from dredref.spec.reading import Absence, Reading
from dredref.spec.tables import LEVEL_STEPS

EXTENSIONS_SHOWN = 200
"""Extensions of a record that are listed; an area can hold millions."""
LEVEL_STYLES = {"MUST": "bold red", "SHOULD": "yellow", "note": "cyan"}


def record_tree(inspection: Inspection, verbose: bool = False) -> Tree:
    """The tree of one record; ``verbose`` adds every symbol."""
    record, reading = inspection.record, inspection.reading
    stream = f" of stream {record.stream}" if record.stream else ""
    number = f"{_title(record.kind)} {record.index}"
    if record.count > 1:
        number = f"packets {record.index} to {record.index + record.count - 1}"
    tree = Tree(f"[bold]{number}[/]{stream}: {_head(reading)}")
    _add_framing(tree, reading)
    if reading.dred is not None:
        _add_dred(tree, reading.dred, reading, verbose)
    elif record.packet is not None:
        tree.add(f"[dim]no DRED: {escape(str(reading.absence))}[/]")
    for violation in inspection.violations:
        style = LEVEL_STYLES[violation.level]
        place = f"byte {violation.byte} bit {violation.bit}"
        tree.add(
            f"[{style}]{violation.level}[/] {violation.requirement.id} at {place}: "
            f"{escape(violation.detail)}"
        )
    return tree


def _title(kind: str) -> str:
    return {"packet": "packet", "extension_area": "area", "dred_payload": "payload"}[kind]


def _head(reading: Reading) -> str:
    if reading.absence is Absence.LOST:
        return "lost"
    if reading.packet is None:
        return f"{reading.size} bytes"
    packet = reading.packet
    toc = packet.toc
    channels = "stereo" if toc.stereo else "mono"
    vbr = " VBR" if packet.vbr else ""
    frames = "frame" if packet.nb_frames == 1 else "frames"
    return (
        f"{reading.size} bytes, config {toc.config} ({toc.mode} {toc.bandwidth}) {channels}, "
        f"code {toc.code}{vbr}, {packet.nb_frames} {frames} of {toc.frame_ms:g} ms"
    )


def _add_framing(tree: Tree, reading: Reading) -> None:
    if reading.packet is not None:
        for index, frame in enumerate(reading.packet.frames):
            tree.add(f"frame {index}: {len(frame.data)} bytes at byte {frame.offset}")
    if reading.area is None:
        return
    branch = tree.add(f"extension area: {reading.area.size} bytes at byte {reading.area_byte}")
    delivered = reading.area.extensions
    for extension in islice(delivered, EXTENSIONS_SHOWN):
        how = " repeated" if extension.repeated else ""
        branch.add(
            f"extension {extension.id} on frame {extension.frame}{how}: "
            f"{len(extension.data)} bytes at byte {reading.area_byte + extension.offset}"
        )
    if len(delivered) > EXTENSIONS_SHOWN:
        branch.add(f"and {len(delivered) - EXTENSIONS_SHOWN} more (--json tells all)")


def _add_dred(tree: Tree, dred: DredPayload, reading: Reading, verbose: bool) -> None:
    reach = reach_ms(len(dred.chunks), dred.dred_offset)
    least = "" if dred.complete else "at least "
    branch = tree.add(
        f"[bold]DRED version {dred.version}[/]: {_count(len(dred.chunks))} "
        f"{least}{reach:g} ms, {dred.used / 8:g} of {dred.bits_total} bits"
    )
    extra = "" if dred.extra_offset is None else f", extra offset {dred.extra_offset}"
    branch.add(f"q0 {dred.q0}, dQ {dred.dQ} ({LEVEL_STEPS[dred.dQ]}/16 a chunk), qmax {dred.qmax}")
    branch.add(
        f"offset {dred.offset}{extra}: dred_offset {dred.dred_offset} "
        f"({dred.dred_offset * UNIT_MS:g} ms)"
    )
    cost = sum(symbol.cost for symbol in dred.symbols if symbol.field == "state")
    branch.add(f"state, {cost / 8:g} bits: {_numbers(dred.state)}")
    for index, chunk in enumerate(dred.chunks):
        branch.add(
            f"chunk {index}, level {chunk.level}, {chunk.cost / 8:g} bits: "
            f"{_numbers(chunk.latents)}"
        )
    if verbose:
        _add_symbols(branch, dred, reading)


def _add_symbols(branch: Tree, dred: DredPayload, reading: Reading) -> None:
    first = reading.carrier.payload_byte if reading.carrier else 0
    symbols = branch.add("symbols: start and cost in bits, byte of the record")
    for symbol in dred.symbols:
        place = f"{symbol.start / 8:9.3f} {symbol.cost / 8:7.3f}"
        byte = first + symbol.start // 64
        symbols.add(escape(f"{place}  byte {byte:4d}  {symbol.name} = {symbol.value}"))


def _count(chunks: int) -> str:
    return "1 chunk reaches back" if chunks == 1 else f"{chunks} chunks reach back"


def _numbers(values: tuple[int, ...]) -> str:
    return " ".join(str(value) for value in values)
