"""Packets lost on purpose."""

from __future__ import annotations

import subprocess
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pytest

from dredref.conformance.adapters.libopus import builds
from dredref.losses import drop_by_chance, drop_lost, drop_masked, parse_loss_model, read_mask
from dredref.losses.lossgen import WARM_UP, LossGenerator
from dredref.spec.errors import InputError, UsageError
from dredref.streams import Record
from tools.import_model import LOSSGEN_FILE, lossgen_file

LOSSGEN = Path(__file__).parents[2] / "tools" / "libopus" / "lossgen.c"
RECORDS = [Record(index, b"\x08\x01", timestamp_48k=960 * index) for index in range(200)]


def lost(records: list[Record]) -> list[int]:
    """Indices of those that are lost."""
    return [record.index for record in records if record.packet is None]


def test_a_mask_loses_what_it_names() -> None:
    dropped = list(drop_masked(RECORDS, read_mask("0110")))
    assert lost(dropped) == [1, 2]
    assert [one.timestamp_48k for one in dropped] == [one.timestamp_48k for one in RECORDS]
    assert lost(list(drop_masked(dropped, read_mask("1")))) == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "01x", "0 1", "2"])
def test_a_mask_is_digits(text: str) -> None:
    with pytest.raises(UsageError, match="1 for a lost packet") as caught:
        read_mask(text)
    assert caught.value.code == "mask.syntax"


def test_a_mask_past_the_end_is_refused() -> None:
    assert len(list(drop_masked(RECORDS[:3], [True] * 3))) == 3
    with pytest.raises(UsageError, match="4 digits for 3 packets"):
        list(drop_masked(RECORDS[:3], [False] * 4))


def test_chance_is_the_same_for_the_same_seed() -> None:
    first = lost(list(drop_by_chance(RECORDS, 30, 7)))
    assert first == lost(list(drop_by_chance(RECORDS, 30, 7)))
    assert first != lost(list(drop_by_chance(RECORDS, 30, 8)))
    assert 40 < len(first) < 80
    assert lost(list(drop_by_chance(RECORDS, 0, 7))) == []
    assert len(lost(list(drop_by_chance(RECORDS, 100, 7)))) == len(RECORDS)


def bursts(lost: list[bool]) -> list[int]:
    """Lengths of the runs of losses."""
    return [len(list(run)) for gone, run in groupby(lost) if gone]


@pytest.mark.parametrize(
    ("text", "percent", "burst"),
    [("random:20", 20, 1.25), ("gilbert:20,6.5", 20, 6.5), ("lossgen:20", 20, 1.9)],
)
def test_models_lose_what_they_say(text: str, percent: float, burst: float) -> None:
    lost = list(islice(parse_loss_model(text).draw(3), 20_000))
    assert np.mean(lost) * 100 == pytest.approx(percent, rel=0.12)
    assert np.mean(bursts(lost)) == pytest.approx(burst, rel=0.15)
    assert lost[:500] == list(islice(parse_loss_model(text).draw(3), 500))
    assert lost[:500] != list(islice(parse_loss_model(text).draw(4), 500))


def test_recorded_losses(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text("0\n1\n1 0\n")
    for text in (f"trace:{trace}", "mask:0110"):
        dropped = list(drop_lost(RECORDS, parse_loss_model(text).draw(5)))
        assert lost(dropped) == [1, 2]
        assert len(dropped) == len(RECORDS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "random",
        "random:",
        "random:x",
        "random:101",
        "random:-1",
        "random:5,2",
        "random:nan",
        "gilbert:20",
        "gilbert:20,0.5",
        "gilbert:100,3",
        "gilbert:90,2",
        "gilbert:20,nan",
        "gilbert:20,inf",
        "lossgen:200",
        "mask:012",
        "mask:",
        "markov:3",
        "trace:",
    ],
)
def test_impossible_models_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_loss_model(text)
    assert caught.value.code == "loss.model"


@pytest.mark.parametrize("content", [b"", b"0 1 2", b"\xff\xfe0", b"lost"])
def test_what_is_no_trace_is_refused(content: bytes, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_bytes(content)
    for path in (trace, tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError) as caught:
            parse_loss_model(f"trace:{path}")
        assert caught.value.code == "loss.trace"


@pytest.mark.peer
@pytest.mark.parametrize(("percent", "seed"), [(5, 1), (20, 2), (60, 3)])
def test_lossgen_is_libopus_own(
    percent: int, seed: int, peer_161_c: object, tmp_path: Path
) -> None:
    """For the same random numbers the same packets are lost, those passed over among them."""
    program = tmp_path / "lossgen"
    builds.link([LOSSGEN], builds.get("1.6.1-c"), program, [])
    command = [str(program), str(percent), "2000", str(seed)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    bits, expected = np.array(lines, np.uint32).reshape(-1, 2).T
    numbers = iter(bits.copy().view(np.float32).tolist())
    generator = LossGenerator.of_percent(percent, lambda: next(numbers))
    assert [generator.sample() for _ in range(2000)] == expected[WARM_UP:].astype(bool).tolist()


@pytest.mark.peer
def test_lossgen_weights_are_libopus_own(peer_161_c: object) -> None:
    assert LOSSGEN_FILE.read_bytes() == lossgen_file(builds.get("1.6.1").source)
