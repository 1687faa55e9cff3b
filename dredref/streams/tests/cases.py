"""Public cases: what people brought to trackers, what makes such an input here, and what is right.

Each names where it was reported; the inputs are made here. ``right`` says what must come out:
``packets`` received, ``lost``, ``streams``, ``copies`` of RED, ``codes`` of notices, or an
``error`` and what it ``says``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from dredref.streams import open_stream
from dredref.streams.oggpage import Page
from dredref.streams.tests import make
from dredref.streams.tests.containers import caf, matroska
from dredref.streams.tests.inputs import (
    bit,
    call,
    capture,
    cut,
    even,
    grouped,
    indications,
    joined,
    many,
    mjr,
    ogg,
    packets,
    pauses,
    red,
    remuxed,
    rtpdump,
    sip,
    sound,
    srtp,
    tcp,
    turn,
    unsummed,
    wrapped,
)
from dredref.streams.tests.wraps import frame

OWN = "own"
"""Cases that the project's owner made."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case; ``source`` is a public thread, or `OWN`."""

    name: str
    source: str
    about: str
    make: Callable[[], bytes]
    right: dict[str, Any]
    options: dict[str, Any] | None = None


def tracker(repository: str, number: int, kind: str = "issues") -> str:
    """The address of a thread."""
    return f"https://github.com/{repository}/{kind}/{number}"


WHOLE = {"packets": 40, "lost": 0, "streams": 1}

CASES: tuple[Case, ...] = (
    Case(
        "srtp-4", OWN, "four SRTP packets", lambda: capture(srtp(4)), {"error": "input.encrypted"}
    ),
    Case(
        "srtp-120",
        tracker("pion/webrtc", 2273),
        "SRTP looks like noise",
        lambda: capture(srtp(120)),
        {"error": "input.encrypted", "says": "look encrypted"},
    ),
    Case(
        "srtp-wireshark",
        tracker("cisco/libsrtp", 538),
        "headers in the clear, payload random",
        lambda: capture(srtp(20, 9)),
        {"error": "input.encrypted", "says": "--srtp-key"},
    ),
    Case(
        "srtp-later",
        OWN,
        "Opus that goes on as SRTP: the verdict is revoked",
        lambda: capture(
            [
                *call(),
                *[
                    make.rtp(one[12:], 140 + i, 7000 + 960 * (40 + i))
                    for i, one in enumerate(srtp(60))
                ],
            ]
        ),
        {"codes": {"rtp.encrypted"}, "at_most": 46},
    ),
    Case(
        "payload-type-111",
        tracker("xiph/opus-tools", 25),
        "any dynamic payload type, not 120 alone",
        lambda: capture(call()),
        WHOLE,
    ),
    Case(
        "first-type-other",
        tracker("sipwise/rtpengine", 509),
        "the first packet has another type",
        lambda: capture(
            [make.rtp(b"\x01\x02\x03", 99, 6040, payload_type=126), *call(payload_type=96)]
        ),
        WHOLE,
    ),
    Case(
        "type-found",
        tracker("xiph/opus-tools", 31, "pull"),
        "the type is found by its packets",
        lambda: capture(call(payload_type=102)),
        WHOLE,
    ),
    Case(
        "pt-change",
        OWN,
        "the payload type changes",
        lambda: capture([*call()[:20], *call(payload_type=96)[20:]]),
        WHOLE | {"codes": {"rtp.payload_type"}},
    ),
    Case(
        "red-only",
        tracker("versatica/mediasoup", 481),
        "Opus in RED alone",
        lambda: capture(red(packets())),
        WHOLE | {"copies": 39},
    ),
    Case(
        "red-midcall",
        tracker("livekit/livekit", 943),
        "RED begins in mid-call",
        lambda: capture([*call()[:10], *red(packets()[10:], 10)]),
        WHOLE | {"copies": 29},
    ),
    Case(
        "red-mixed",
        tracker("pion/interceptor", 453),
        "plain packets and RED on one SSRC by turns",
        lambda: capture([(red(packets()) if i % 2 else call())[i] for i in range(40)]),
        WHOLE | {"copies": 20},
    ),
    Case(
        "red-other-order",
        tracker("shinyoshiaki/werift-webrtc", 620),
        "RED refers to its own Opus type whatever SDP says",
        lambda: capture(red(packets())),
        WHOLE | {"copies": 39},
    ),
    Case(
        "g729-first",
        OWN,
        "another codec first, on the same SSRC",
        lambda: capture(
            [*[make.rtp(bytes(20), 40 + i, 160 * i, payload_type=18) for i in range(60)], *call()]
        ),
        WHOLE,
    ),
    Case(
        "dtmf",
        tracker("signalwire/freeswitch", 1965),
        "telephone events are no Opus, and Opus no event",
        lambda: capture(
            [
                make.rtp(b"\x05\x0a\0\xa0", 100 + i, 7000 + 960 * i, payload_type=101)
                if 10 <= i < 14
                else one
                for i, one in enumerate(call())
            ]
        ),
        {"packets": 36, "lost": 0},
    ),
    Case(
        "sources-300",
        OWN,
        "300 sources of two packets",
        lambda: many(300),
        {"packets": 600, "streams": 300},
    ),
    Case(
        "padding-only",
        OWN,
        "packets of padding alone probe the bandwidth",
        lambda: capture(
            [
                make.rtp(b"", 100 + i, 7000, padding=200) if i >= 40 else one
                for i, one in enumerate([*call(), *[b""] * 5])
            ]
        ),
        WHOLE,
    ),
    Case(
        "timestamp-0",
        tracker("meetecho/janus-gateway", 2328, "pull"),
        "one packet with timestamp 0",
        lambda: capture(
            [make.rtp(packets()[20], 120, 0) if i == 20 else one for i, one in enumerate(call())]
        ),
        WHOLE,
    ),
    Case(
        "retransmission",
        tracker("meetecho/janus-gateway", 592, "pull"),
        "retransmitted packets near a reset",
        lambda: capture([*call()[:30], call()[20], *call()[30:]]),
        WHOLE | {"codes": {"rtp.duplicate"}},
    ),
    Case(
        "out-of-order-start",
        tracker("meetecho/janus-gateway", 1696),
        "packets out of order at the very beginning",
        lambda: capture([call()[2], call()[0], call()[1], *call()[3:]]),
        WHOLE,
    ),
    Case(
        "dtx-mute",
        tracker("meetecho/janus-gateway", 515, "pull"),
        "a muted sender: few packets, no loss",
        pauses,
        {"packets": 30, "lost": 0},
    ),
    Case(
        "dtx-start",
        tracker("meetecho/janus-gateway", 3486),
        "silence at the beginning is no offset",
        pauses,
        {"packets": 30, "starts": 0},
    ),
    Case("vlan", tracker("hdiniz/rtpdump", 4), "VLAN tags", lambda: wrapped("VLAN"), WHOLE),
    Case("qinq", tracker("irontec/sngrep", 275), "two VLAN tags", lambda: wrapped("QinQ"), WHOLE),
    Case(
        "cooked",
        tracker("irontec/sngrep", 189),
        "Linux cooked capture",
        lambda: wrapped("cooked"),
        WHOLE,
    ),
    Case("gre", tracker("ntop/ntopng", 4754), "GRE", lambda: wrapped("GRE"), WHOLE),
    Case(
        "vlan-named",
        tracker("tsduck/tsduck", 1529),
        "what is not read is named, not «0 packets»",
        lambda: make.pcap([frame(0x9999, make.udp(one)) for one in call()]),
        {"error": "input.no_rtp", "says": "40 frames: ethertype 0x9999"},
    ),
    Case("turn-channel", OWN, "TURN ChannelData", lambda: turn(call()), WHOLE),
    Case(
        "turn-data",
        tracker("ntop/nDPI", 2462, "pull"),
        "TURN Data indications have no further framing",
        lambda: indications(call()),
        WHOLE,
    ),
    Case(
        "tcp",
        tracker("ntop/nDPI", 2462, "pull"),
        "RTP over TCP (RFC 4571)",
        lambda: tcp(call()),
        WHOLE,
    ),
    Case(
        "snaplen",
        OWN,
        "frames cut at 96 bytes",
        lambda: cut(96),
        {"error": "input.no_rtp", "says": "cut at 96 bytes"},
    ),
    Case(
        "sdp-in-sip",
        tracker("sems-server/sems", 50),
        "SIP says which type is Opus",
        sip,
        {"packets": 1},
    ),
    Case(
        "rtpdump",
        tracker("hdiniz/rtpdump", 4),
        "a file of rtptools",
        lambda: rtpdump(call()),
        WHOLE,
    ),
    Case(
        "mjr",
        tracker("meetecho/janus-gateway", 1708),
        "a recording of Janus",
        lambda: mjr(call()),
        WHOLE,
    ),
    Case(
        "mjr-video",
        tracker("meetecho/janus-gateway", 1834),
        "a recording of video is named",
        lambda: mjr(call(), "vp8"),
        {"error": "input.no_opus_track", "says": "vp8"},
    ),
    Case(
        "granule-third",
        tracker("amishshah/prism-media", 114),
        "granule positions a third of the true ones",
        lambda: joined(ogg(grouped(), scale=3)),
        WHOLE | {"codes": {"ogg.granule"}, "ends": 39 * 960},
    ),
    Case(
        "granule-third-browser",
        tracker("Vanilagy/mediabunny", 439, "pull"),
        "granules of one frame where packets have three",
        lambda: joined(ogg(grouped(), scale=3)),
        WHOLE | {"codes": {"ogg.granule"}},
    ),
    Case(
        "granule-negative",
        tracker("xiph/opusfile", 43),
        "first page 8 samples short",
        lambda: joined(ogg(grouped(), shift=-8)),
        WHOLE | {"codes": {"ogg.granule"}, "starts": 0},
    ),
    Case(
        "granule-offset",
        tracker("DeaDBeeF-Player/deadbeef", 2803),
        "half a second before the beginning",
        lambda: joined(ogg(grouped(), shift=-9000)),
        WHOLE | {"codes": {"ogg.granule"}, "starts": 0},
    ),
    Case(
        "granule-late",
        tracker("libsndfile/libsndfile", 556, "pull"),
        "a stream that begins late",
        lambda: joined(ogg(grouped(), shift=48000)),
        WHOLE | {"starts": 48000},
    ),
    Case(
        "no-end-flag",
        tracker("Borewit/music-metadata", 608),
        "no last page",
        lambda: joined(ogg(grouped(), last=False)),
        WHOLE | {"codes": {"ogg.no_end"}},
    ),
    Case(
        "empty-last-page",
        tracker("quodlibet/mutagen", 308),
        "the last page is empty",
        lambda: joined([*ogg(grouped(), last=False), Page(-1, 7, 6, b"", b"", last=True)]),
        WHOLE,
    ),
    Case(
        "crc-zero",
        OWN,
        "page checksums 0",
        lambda: unsummed(joined(ogg(grouped()))),
        {"error": "input.no_opus_track", "says": "checksum wrong on page 0"},
    ),
    Case(
        "no-first-flag",
        OWN,
        "OpusHead on a page not flagged as first",
        lambda: joined(ogg(grouped(), flagged=False)),
        WHOLE | {"codes": {"ogg.flags"}},
    ),
    Case(
        "headers-only",
        OWN,
        "headers and no packet",
        lambda: joined(ogg([], last=False)),
        {"error": "input.no_packet", "says": "holds no packet"},
    ),
    Case(
        "vorbis",
        OWN,
        "Vorbis in Ogg is named",
        lambda: joined([Page(0, 1, 0, b"\x07", b"\x01vorbis", first=True)]),
        {"error": "input.no_opus_track", "says": "Vorbis"},
    ),
    Case(
        "id3",
        OWN,
        "an ID3 tag before Ogg",
        lambda: b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + joined(ogg(grouped())),
        WHOLE,
    ),
    Case(
        "lost-first",
        OWN,
        "opus_demo with losses first",
        lambda: bit(*[None] * 20, *packets()),
        {"packets": 40, "lost": 20},
    ),
    Case("mpegts", OWN, "MPEG-TS", lambda: remuxed("mpegts"), WHOLE),
    Case(
        "webm",
        tracker("shaka-project/shaka-packager", 102),
        "WebM keeps packets and times",
        lambda: remuxed("webm"),
        WHOLE,
    ),
    Case(
        "mp4",
        tracker("Vanilagy/mp4-muxer", 62, "pull"),
        "MP4 keeps the pre-skip",
        lambda: remuxed("mp4"),
        WHOLE,
    ),
    Case("caf", OWN, "CAF, as Apple's programs write it", lambda: caf(packets()), WHOLE),
    *(
        Case(
            f"lacing-{lacing.lower()}",
            OWN,
            f"Matroska with {lacing} lacing",
            partial(matroska, even() if lacing == "fixed" else packets(), lacing),
            WHOLE | {"starts": 0, "ends": 39 * 960},
        )
        for lacing in ("Xiph", "EBML", "fixed")
    ),
    Case(
        "huge-tags",
        OWN,
        "a picture of 3 MB in OpusTags",
        lambda: joined(ogg(grouped(), comment="METADATA_BLOCK_PICTURE=" + "A" * 3_000_000)),
        WHOLE,
    ),
    Case(
        "no-tags",
        OWN,
        "OpusTags is missing",
        lambda: joined([one for one in ogg(grouped()) if not one.body.startswith(b"OpusTags")]),
        WHOLE | {"codes": {"ogg.no_tags"}},
    ),
    Case(
        "flv",
        OWN,
        "a Flash video is named, with what to do",
        lambda: sound("flv", "aac"),
        {"error": "input.no_opus_track", "says": "audio becomes Opus by dredref encode"},
    ),
    Case(
        "hex-lines",
        OWN,
        "a packet a line",
        lambda: "\n".join(one.hex() for one in packets()).encode(),
        WHOLE,
    ),
    Case(
        "hex-colons",
        OWN,
        "as tshark prints payloads",
        lambda: "\n".join(one.hex(":") for one in packets()).encode(),
        WHOLE,
    ),
    Case(
        "json-array",
        OWN,
        "a JSON array",
        lambda: json.dumps([one.hex() for one in packets()]).encode(),
        WHOLE,
    ),
)
"""All cases."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading an input gave."""

    packets: int = 0
    lost: int = 0
    streams: int = 0
    copies: int = 0
    codes: frozenset[str] = frozenset()
    times: tuple[int | None, ...] = ()
    error: str = ""
    says: str = ""
    census: Any = None


def read(case: Case) -> Outcome:
    """Read a case's input."""
    with open_stream(io.BytesIO(case.make()), **(case.options or {})) as stream:
        records = list(stream)
        got = [one for one in records if one.packet is not None]
        return Outcome(
            packets=len(got),
            lost=sum(one.count for one in records if one.packet is None),
            streams=len(stream.infos),
            copies=sum(len(one.redundancy) for one in records),
            codes=frozenset(stream.notice_counts),
            times=tuple(one.timestamp_48k for one in got),
            census=stream.census,
        )
