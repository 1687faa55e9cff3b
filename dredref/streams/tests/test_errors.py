"""What cannot be read: one line with what was found, what is expected, and what to try."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from dredref.spec.errors import InputError
from dredref.streams import open_stream
from dredref.streams.opushead import OpusHead, build_head
from dredref.streams.tests import make
from dredref.streams.tests.inputs import call, capture, sound, srtp

READ = "Ogg, WebM, MP4, MPEG-TS, CAF and what else FFmpeg reads, pcap, pcapng, rtpdump"
"""The beginning of the list of all that is read."""

KINDS: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
    "nothing": (b"", "input.empty", ("is empty",)),
    "gzip": (gzip.compress(b"x"), "input.unknown", ("compressed with gzip", "unpack it first")),
    "zip": (b"PK\3\4" + bytes(40), "input.unknown", ("a ZIP archive", "unpack it first")),
    "text": (b"Dear all,\nthe call of today\n", "input.unknown", ("is text", "JSON lines", READ)),
    "html": (b"<html><body>404</body></html>", "input.unknown", ("is text", READ)),
    "pdf": (b"%PDF-1.7\n\0" + bytes(99), "input.unknown", ("is a PDF", READ)),
    "noise": (bytes(range(200, 255)) * 9, "input.unknown", ("begins with the bytes c8 c9", READ)),
    "snoop": (b"snoop\0\0\0" + bytes(40), "input.unknown", ("capture of snoop", "editcap")),
    "bare head": (build_head(OpusHead(1)), "input.unknown", ("OpusHead", "give the whole file")),
    "other json": (b'{"a": 1}\n', "input.json", ("line 1", '"packet"')),
    "broken json": (b'{"packet": "48"}\n{"pack', "input.json", ("line 2", "no valid JSON")),
    "odd hex": (b"48aabb\n48aab\n", "input.hex", ("line 2", "hexadecimal")),
    "wav": (sound("wav", "pcm_f32le"), "input.no_opus_track", ("WAV", "dredref encode")),
    "flv": (sound("flv", "aac"), "input.no_opus_track", ("FLV", "aac", "dredref encode")),
    "cut pcap": (b"\xd4\xc3\xb2\xa1\2\0", "input.truncated", ("pcap file header breaks off",)),
    "no opus": (
        capture([make.rtp(bytes(160), i, 160 * i, payload_type=0) for i in range(20)]),
        "input.no_rtp",
        ("20 PCMU", "--payload-type, --sdp", "call-capture"),
    ),
    "srtp": (capture(srtp(40)), "input.encrypted", ("40 look encrypted", "--srtp-key", "--sdp")),
}
"""Kind -> bytes, code, and what the line says."""


@pytest.mark.parametrize("kind", KINDS)
def test_one_line_that_helps(kind: str, tmp_path: Path) -> None:
    data, code, words = KINDS[kind]
    path = tmp_path / "given"
    path.write_bytes(data)
    for source in (path, io.BytesIO(data)):
        with pytest.raises(InputError) as caught, open_stream(source) as stream:
            list(stream)
        said = str(caught.value)
        assert caught.value.code == code
        assert "\n" not in said
        assert all(word in said for word in words), said


def test_wrong_choices_name_what_is_there() -> None:
    data = capture(call())
    for options, words in (
        ({"ssrc": 7}, ("SSRC 0x00000007", "SSRCs seen: 0x00001234")),
        ({"payload_type": 99}, ("payload type 111",)),
    ):
        with pytest.raises(InputError) as caught:
            open_stream(io.BytesIO(data), **options)  # type: ignore[arg-type]
        assert all(word in str(caught.value) for word in words), caught.value


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none", "input.missing"), (tmp_path, "input.unreadable")):
        with pytest.raises(InputError) as caught:
            open_stream(path)
        assert caught.value.code == code
