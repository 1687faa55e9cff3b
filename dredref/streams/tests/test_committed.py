"""The streams of real encoders that the repository holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dredref.spec.packet import parse_packet
from dredref.streams import create_stream, expand_gaps, open_stream, rewrite_stream

FOLDER = Path(__file__).parents[3] / "spec" / "streams"
MANIFEST = json.loads((FOLDER / "MANIFEST.json").read_text())
STREAMS: list[dict[str, Any]] = MANIFEST["streams"]
CONTAINERS = {".bit": "bit", ".ogg": "ogg", ".webm": "matroska", ".pcap": "pcap"}


def by_name(entry: dict[str, Any]) -> str:
    """A readable test id."""
    return str(entry["name"])


@pytest.mark.parametrize("entry", STREAMS, ids=by_name)
def test_counts_times_and_framing(entry: dict[str, Any]) -> None:
    with open_stream(FOLDER / entry["name"]) as stream:
        records = list(expand_gaps(stream))
    expected = entry["expected"]
    assert stream.container == CONTAINERS[Path(entry["name"]).suffix]
    first = [record for record in records if record.stream == 0]
    lost = sum(record.packet is None for record in first)
    assert (len(first) - lost, lost) == (expected["packets"], expected["lost"])
    assert len(records) == len(first) * stream.info.parts
    at: dict[int, int] = {}
    for record in records:
        if record.packet is not None:
            duration = parse_packet(record.packet).duration_48k
            if record.timestamp_48k is not None:
                assert record.timestamp_48k == at.get(record.stream, 0)
        at[record.stream] = at.get(record.stream, 0) + duration
    unexpected = set(stream.notice_counts) - {"rtp.gap", "rtp.reordered"}
    assert not unexpected


@pytest.mark.parametrize("entry", STREAMS, ids=by_name)
def test_the_same_in_any_order_of_names(tmp_path: Path, entry: dict[str, Any]) -> None:
    """A name that tells another kind changes nothing."""
    path = tmp_path / "a.mp4"
    path.write_bytes((FOLDER / entry["name"]).read_bytes())
    with open_stream(path) as one, open_stream(FOLDER / entry["name"]) as two:
        assert list(one.events()) == list(two.events())


@pytest.mark.parametrize("entry", STREAMS[::7], ids=by_name)
@pytest.mark.parametrize("suffix", [".jsonl", ".opus", ".pcap"])
def test_conversion(tmp_path: Path, entry: dict[str, Any], suffix: str) -> None:
    with (
        open_stream(FOLDER / entry["name"]) as stream,
        create_stream(tmp_path / f"a{suffix}", info=stream.info) as writer,
    ):
        records = list(stream)
        for record in records:
            writer.write(record)
    with open_stream(tmp_path / f"a{suffix}") as stream:
        found = list(stream)
    assert [r.packet for r in found if r.packet] == [r.packet for r in records if r.packet]


@pytest.mark.parametrize("entry", STREAMS, ids=by_name)
def test_rewriting_keeps_all(tmp_path: Path, entry: dict[str, Any]) -> None:
    source, target = FOLDER / entry["name"], tmp_path / "out"
    rewrite_stream(source, target, lambda record: record.packet or b"")
    if source.suffix in (".bit", ".ogg", ".pcap"):
        assert target.read_bytes() == source.read_bytes()
    with open_stream(source) as one, open_stream(target) as two:
        assert list(one.events()) == list(two.events())
