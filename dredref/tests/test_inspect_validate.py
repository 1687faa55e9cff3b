"""The commands ``inspect`` and ``validate``, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from dredref.spec.dred import add_prefix, build_payload, make_payload
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.tables import quantizer_tables
from dredref.spec.tests.test_checks import GOOD
from dredref.tests.commands import run

STREAMS = sorted(
    path for path in Path(str(files("dredref.spec"))).glob("streams/*.*") if path.suffix != ".json"
)


def real(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Call the command line as a program."""
    command = [sys.executable, "-m", "dredref.conformance.main", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=120)


def packet(*data: bytes) -> bytes:
    """A 20 ms packet with DRED extensions."""
    area = pack_extensions([Extension(126, 0, item) for item in data], 1)
    return build_packet(Packet(Toc(9, False, 3), (Frame(b"frame"),), False, area))


def lines(*packets: bytes) -> bytes:
    """JSON lines with these packets."""
    return b"".join(json.dumps({"packet": item.hex()}).encode() + b"\n" for item in packets)


CLEAN = packet(add_prefix(12, GOOD))
DOUBLE = packet(add_prefix(12, GOOD), add_prefix(12, GOOD))
UNKNOWN = packet(b"D\x0b" + GOOD)
NONE = b"\x48abc"


def area_lines(area: bytes, frames: int) -> bytes:
    """A JSON line with an extension area."""
    return json.dumps({"extension_area": area.hex(), "nb_frames": frames}).encode() + b"\n"


def test_json_tells_repeats_by_their_sources() -> None:
    """What takes bytes stands by itself; the frames of the rest are told at the source."""
    area = bytes.fromhex("06 09aa 06 05 bb cc 01ff")
    record = json.loads(run("inspect", "-", "--json", data=area_lines(area, 3)).stdout)
    assert [(one["id"], one["frame"], one.get("repeated_to")) for one in record["extensions"]] == [
        *((3, 0, 2), (4, 0, None), (3, 0, 2)),
        *((4, 1, None), (4, 2, None)),
    ]
    broken = json.loads(run("inspect", "-", "--json", data=area_lines(area[:6], 3)).stdout)
    assert [one.get("repeated_to") for one in broken["extensions"]] == [2, None, 1, None]


def test_json_is_linear_in_the_area() -> None:
    area = b"\x06" * 4000 + b"\x05"
    result = run("inspect", "-", "--json", data=area_lines(area, 48))
    assert len(result.stdout) < 100 * len(area)
    schema = json.loads(files("dredref.spec").joinpath("schema/inspection.json").read_text())
    jsonschema.validate(json.loads(result.stdout), schema)


def test_more_chunks_than_are_shown_are_told() -> None:
    """A payload may hold more than 128 chunks: its reading ends there, and says so."""
    table = quantizer_tables(12)
    state, latents = [0] * len(table.state.p0[0]), [1] * len(table.latent.p0[0])
    for chunks, complete in ((128, True), (129, False)):
        payload = build_payload(make_payload(12, 0, 0, 0, state, [latents] * chunks))
        data = json.dumps({"dred_payload": payload.hex(), "version": 12}).encode() + b"\n"
        record = json.loads(run("inspect", "-", "--json", data=data).stdout)
        assert (record["dred"]["nb_chunks"], record["dred"]["complete"]) == (128, complete)
        details = [one["detail"] for one in record["errors"] if "chunks" in one["detail"]]
        assert details == ["128 chunks" + ("" if complete else " and more, which are not read")]
        assert (
            "at least" in run("inspect", "-", "--packet", "0", data=data).stdout
        ) is not complete
        shown = run("validate", "-", data=data).stdout
        assert ("and more, which are not read" in shown) is not complete


def test_json_follows_the_published_schema_and_says_the_numbers() -> None:
    result = run("inspect", "-", "--json", data=lines(CLEAN, NONE, b"", DOUBLE))
    assert result.exit_code == 0
    records = [json.loads(line) for line in result.stdout.splitlines()]
    schema = json.loads(files("dredref.spec").joinpath("schema/inspection.json").read_text())
    for record in records:
        jsonschema.validate(record, schema)
    assert [record["index"] for record in records] == [0, 1, 2, 3]
    dred = records[0]["dred"]
    assert (dred["q0"], dred["dQ"], dred["offset"], dred["dred_offset"]) == (6, 3, 6, 10)
    assert (dred["nb_chunks"], dred["bits_total"]) == (4, 8 * len(GOOD))
    assert records[0]["extensions"][0]["offset"] == CLEAN.index(b"\xfc")
    assert bytes.fromhex(records[0]["extensions"][0]["data"]) == add_prefix(12, GOOD)
    assert records[1]["dred"] is None
    assert records[1]["absence"] == "no code-3 packet, so no padding"
    assert records[2]["errors"][0]["code"] == "packet.r1.empty"
    assert {error["requirement"] for error in records[3]["errors"]} == {
        "dred.one-per-frame",
        "dred.one-per-packet",
    }


def test_the_tree_names_every_part_and_ends_with_the_answer() -> None:
    text = run("inspect", "-", "--packet", "0", data=lines(CLEAN)).stdout
    for part in ("config 9 (SILK WB)", "extension 126 on frame 0", "q0 6, dQ 3 (4/16 a chunk)",
                 "dred_offset 10 (25 ms)", "chunk 3, level 7", "in 1 of 1 records"):  # fmt: skip
        assert part in text
    assert "qmax = 15" in run("inspect", "-", "-v", data=lines(CLEAN)).stdout


def test_a_line_for_each_packet() -> None:
    capture = next(str(path) for path in STREAMS if path.suffix == ".pcap")
    text = run("inspect", capture, "--range", "29:33").stdout.splitlines()
    assert text[:4] == [
        "packet  time s frame   seq   RTP time bytes mode     LBRR DRED reach levels bits",
        "    29   0.580    30 65529      27840   127 SILK WB         12   455   4-10  657",
        "    30   0.600                        2 lost",
        "    32   0.640    31 65532      30720   146 SILK WB         12   455   4-10  660",
    ]
    fec = next(str(path) for path in STREAMS if path.name == "v12-fec.bit")
    assert run("inspect", fec, "--range", "50:51").stdout.splitlines()[:2] == [
        "packet  time s   ms bytes mode     LBRR DRED reach levels bits",
        "    50   1.000   20   120 SILK WB   yes   11   415   6-11  374",
    ]


def test_a_violation_stands_under_its_line() -> None:
    text = run("inspect", "-", data=lines(CLEAN, DOUBLE)).stdout.splitlines()
    assert text[3].startswith("       MUST dred.one-per-frame at byte ")


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_tables_fit_80_columns_and_end_without_blanks(path: Path) -> None:
    text = run("inspect", str(path), "--range", ":60").stdout
    table = text[: text.rindex("\n\n")].splitlines()
    assert max(map(len, (line for line in table if "dred." not in line))) <= 80
    for output in (text, run("validate", str(path)).stdout, run("model", "show").stdout):
        assert [line for line in output.splitlines() if line != line.rstrip()] == []


def test_csv_has_the_figures_of_json() -> None:
    capture = next(str(path) for path in STREAMS if path.suffix == ".pcap")
    rows = list(csv.DictReader(io.StringIO(run("inspect", capture, "--csv").stdout)))
    records = [json.loads(line) for line in run("inspect", capture, "--json").stdout.splitlines()]
    assert len(rows) == len(records) == 99
    for row, record in zip(rows, records, strict=True):
        assert row["input"] == capture
        assert float(row["time_ms"]) == record["time_ms"]
        assert (row["lost"] != "0") == record["lost"]
        rtp = record["rtp"] or {}
        assert row["frame"] == str(rtp.get("capture_frame", ""))
        assert row["sequence"] == str(rtp.get("sequence", ""))
        assert row["reach_ms"] == (
            "" if record["reach_ms"] is None else f"{record['reach_ms']:.1f}"
        )
    assert (rows[31]["sequence"], rows[31]["timestamp"], rows[31]["frame"]) == (
        *("65532", "30720"),
        "31",
    )


def test_several_inputs_and_one_that_cannot_be_read() -> None:
    names = [str(path) for path in STREAMS if path.name in ("v12-fec.bit", "v12-rtp.pcap")]
    result = real("inspect", "--summary", names[0], "missing.bit", names[1])
    assert result.returncode == 2
    text = result.stdout.decode().splitlines()
    assert [line for line in text if line in names] == names
    assert result.stderr.decode().count("missing.bit") == 1
    both = run("inspect", "--summary", "--json", *names).stdout.splitlines()
    assert [json.loads(line)["input"] for line in both] == names


def test_the_summary_stands_alone() -> None:
    data = lines(CLEAN, NONE, CLEAN)
    text = run("inspect", "-", "--summary", data=data).stdout
    answer, why = text.splitlines()
    assert "DRED version 12 in 2 of 3 records" in answer
    assert why.startswith("  no DRED in 1 packet, no code-3 packet, so no padding: ")
    found = json.loads(run("inspect", "-", "--summary", "--json", data=data).stdout)
    assert (found["stream"], found["container"], found["with_dred"]) == (0, "jsonl", 2)
    assert run("inspect", "-", "--summary", "--range", "1:2", data=data).stdout.startswith(
        "stream 0 (jsonl): no DRED in 1 records: no code-3 packet"
    )


def test_the_summary_of_a_capture_names_its_source() -> None:
    capture = next(str(path) for path in STREAMS if path.suffix == ".pcap")
    whole, *why = run("inspect", capture).stdout.splitlines()[-3:]
    assert run("inspect", capture, "--summary").stdout.splitlines() == [whole, *why]
    assert ["at the beginning" in line for line in why] == [True, False]
    assert "payload type 111" in whole
    assert "(2 lost)" in whole
    missing = real("inspect", capture, "--ssrc", "7").stderr.decode()
    assert "no RTP source with SSRC 0x00000007" in missing
    assert "SSRCs seen: 0x0dedc0de" in missing
    wrong = real("inspect", capture, "--ssrc", "seven")
    assert wrong.returncode == 2
    assert "'seven' is not an SSRC" in wrong.stderr.decode()


def test_ranges_choose_records() -> None:
    data = lines(CLEAN, NONE, CLEAN, NONE)
    for arguments, indices in (
        (("--packet", "2"), [2]),
        (("--range", "1:3"), [1, 2]),
        (("--range", "2:"), [2, 3]),
        (("--range", ":1"), [0]),
    ):
        result = run("inspect", "-", "--json", *arguments, data=data)
        assert [json.loads(line)["index"] for line in result.stdout.splitlines()] == indices


@pytest.mark.parametrize(
    ("packets", "arguments", "code"),
    [
        ((CLEAN, NONE), (), 0),
        ((CLEAN, DOUBLE), (), 1),
        ((b"",), (), 1),
        ((UNKNOWN,), (), 0),
        ((UNKNOWN,), ("--strict",), 1),
    ],
)
def test_exit_code_of_validate(
    packets: tuple[bytes, ...], arguments: tuple[str, ...], code: int
) -> None:
    result = run("validate", "-", *arguments, data=lines(*packets))
    assert result.exit_code == code
    assert ("invalid" in result.stdout) == (code == 1)


def test_json_of_validate_names_each_violation() -> None:
    result = run("validate", "-", "--json", data=lines(CLEAN, DOUBLE, b""))
    found = json.loads(result.stdout)
    assert found["levels"] == {"MUST": 2, "SHOULD": 1, "note": 0}
    assert [(item["index"], item["requirement"]) for item in found["violations"]] == [
        (1, "dred.one-per-frame"),
        (1, "dred.one-per-packet"),
        (2, "packet.r1"),
    ]
    assert found["streams"][0]["with_dred"] == 2


def test_the_final_form_behind_its_switch() -> None:
    payload = build_payload(make_payload(12, 6, 3, 6, [0] * 50, [[0, 0, 3] + [0] * 22] * 2))
    area = pack_extensions([Extension(60, 0, payload)], 1)
    data = lines(build_packet(Packet(Toc(9, False, 3), (Frame(b"x"),), False, area)))
    assert json.loads(run("inspect", "-", "--json", data=data).stdout)["dred"] is None
    final = run("inspect", "-", "--json", "--final-id", "60", data=data)
    assert json.loads(final.stdout)["dred"]["nb_chunks"] == 2


@pytest.mark.parametrize("command", ["inspect", "validate"])
@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        (("missing.bit",), b""),
        (("-",), b""),
        (("-",), bytes(range(7, 250)) * 9),
    ],
)
def test_unreadable_input_is_one_line_and_exit_code_2(
    command: str, arguments: tuple[str, ...], data: bytes
) -> None:
    result = real(command, *arguments, data=data)
    assert result.returncode == 2
    assert len(result.stderr.decode().splitlines()) == 1
    assert b"Traceback" not in result.stderr
    assert result.stdout == b""


def test_a_record_past_the_end_is_said() -> None:
    result = real("inspect", "-", "--packet", "9", data=lines(CLEAN))
    assert result.returncode == 2
    assert b"record.missing" in result.stderr


def test_import_and_help_stay_light() -> None:
    """Neither imports numpy, construct or rich."""
    heavy = "print(*{'numpy', 'construct', 'rich'} & {*sys.modules})"
    for statement in (
        "import dredref",
        "from click.testing import CliRunner as R; from dredref.conformance.main import cli\n"
        "assert 'validate' in R().invoke(cli, ['--help']).stdout",
    ):
        script = f"{statement}\nimport sys\n{heavy}"
        command = [sys.executable, "-c", script]
        found = subprocess.run(command, capture_output=True, check=True, text=True)
        assert found.stdout.strip() == ""


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_committed_streams_are_valid(path: Path) -> None:
    result = run("validate", str(path), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["streams"][0]["records"] > 0
