"""JSON lines: what is read, what is refused, and the way back."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import InputError
from dredref.streams import Record, open_stream
from dredref.streams.jsonl import LINE_LIMIT, format_line, parse_line


def read(text: str | bytes) -> list[Record]:
    """The records of a text."""
    data = text if isinstance(text, bytes) else text.encode()
    with open_stream(io.BytesIO(data)) as stream:
        assert stream.container == "jsonl"
        return list(stream)


def test_reads_the_three_kinds() -> None:
    records = read(
        '{"packet": "4801ff"}\n'
        "\n"
        '{"packet": null}\r\n'
        '{"extension_area": "FC44 0c", "nb_frames": 3, "note": "spaces and capitals are fine"}\n'
        '{"dred_payload": "00", "version": 10}'
    )
    assert records == [
        Record(0, b"\x48\x01\xff", timestamp_48k=0),
        Record(1, None, timestamp_48k=960),
        Record(2, b"\xfc\x44\x0c", "extension_area", nb_frames=3),
        Record(3, b"\0", "dred_payload", version=10),
    ]


def test_leading_white_space_and_byte_order_mark_are_skipped() -> None:
    assert len(read(b"\xef\xbb\xbf\n  \n" + b'{"packet": "48"}')) == 1
    assert len(read(b"  \n\n" + b'{"packet": "48"}')) == 1


def test_streams_have_their_own_clocks() -> None:
    text = '{"packet": "48", "stream": 3}\n{"packet": "48"}\n{"packet": "48", "stream": 3}\n'
    with open_stream(io.BytesIO(text.encode())) as stream:
        assert [r.timestamp_48k for r in stream] == [0, 0, 960]
    assert list(stream.infos) == [3, 0]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no valid JSON"),
        ("{}", "exactly one"),
        ('{"packet": "00", "dred_payload": "00", "version": 12}', "exactly one"),
        ('{"packet": 3}', "must be a string"),
        ('{"packet": "0"}', "hexadecimal"),
        ('{"packet": "zz"}', "hexadecimal"),
        ('{"extension_area": "00"}', 'needs "nb_frames"'),
        ('{"extension_area": null, "nb_frames": 1}', "must be a string"),
        ('{"extension_area": "00", "nb_frames": 0}', "from 1 to 48"),
        ('{"extension_area": "00", "nb_frames": 49}', "from 1 to 48"),
        ('{"extension_area": "00", "nb_frames": true}', "whole number"),
        ('{"extension_area": "00", "nb_frames": 1.0}', "whole number"),
        ('{"dred_payload": "00"}', 'needs "version"'),
        ('{"packet": "00", "final_range": 4294967296}', "from 0 to 4294967295"),
        ('{"packet": "00", "stream": -1}', "from 0 to"),
        ('{"a":' * 100_000, "JSON|nested"),
        ('{"packet": "\udcff"}'.encode("utf-8", "surrogateescape"), "no valid JSON"),
    ],
)
def test_bad_lines_are_refused_with_their_number(line: str | bytes, why: str) -> None:
    text = line if isinstance(line, bytes) else line.encode()
    with pytest.raises(InputError, match=why) as caught:
        read(b'{"packet": "48"}\n\n' + text + b"\n")
    assert caught.value.code == "input.json"
    assert "line 3" in str(caught.value)


def test_an_endless_line_is_refused_in_bounded_memory() -> None:
    with pytest.raises(InputError) as caught:
        read(b'{"packet": "' + b"0" * (LINE_LIMIT + 10))
    assert caught.value.code == "input.json"


packets = st.builds(
    Record,
    st.just(0),
    st.none() | st.binary(max_size=50),
    stream=st.integers(0, 4095),
    timestamp_48k=st.none() | st.integers(-(2**63), 2**63 - 1),
    final_range=st.none() | st.integers(0, 2**32 - 1),
    discard_48k=st.integers(0, 2**31 - 1),
)
parts = st.builds(
    lambda data, n: Record(0, data, "extension_area", nb_frames=n),
    st.binary(max_size=50),
    st.integers(1, 48),
) | st.builds(
    lambda data, v: Record(0, data, "dred_payload", version=v),
    st.binary(max_size=50),
    st.integers(0, 255),
)


@given(packets | parts)
def test_what_is_written_reads_back(record: Record) -> None:
    line = format_line(record)
    assert line.endswith(b"\n")
    assert parse_line(line, 0) == record
