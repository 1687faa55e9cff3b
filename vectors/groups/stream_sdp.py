"""Session descriptions: how much DRED an end sends, and how much it can use."""

from __future__ import annotations

from dredref.vectors.draft import Draft, blob
from dredref.vectors.model import SdpInput

CLAUSES = (
    "draft-ietf-mlcodec-opus-dred-01 Opus Media Type Update",
    "RFC 7587 7",
    "RFC 8866 6.15",
)
SENDS, TAKES = "sprop-ext32-dred-duration", "ext32-dred-duration"
HEAD = (
    *("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"),
    *("m=audio 5004 RTP/AVP 111 0", "a=rtpmap:111 opus/48000/2"),
)
BOTH = f"a=fmtp:111 {SENDS}=200;{TAKES}=1040"

CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "both": ("Both durations", (*HEAD, BOTH)),
    "sends": ("What is sent alone", (*HEAD, f"a=fmtp:111 {SENDS}=1000")),
    "takes": ("What can be used alone", (*HEAD, f"a=fmtp:111 {TAKES}=500")),
    "neither": ("Neither", HEAD),
    "zero": ("None is sent, none can be used", (*HEAD, f"a=fmtp:111 {SENDS}=0;{TAKES}=0")),
    "among-others": (
        "Among other parameters, with blanks",
        (*HEAD, f"a=fmtp:111 minptime=10; {TAKES}=80 ;useinbandfec=1; {SENDS} = 40;stereo=1"),
    ),
    "name-case": (
        "Names of codec and parameters in capitals",
        (*HEAD[:-1], "a=rtpmap:111 OPUS/48000/2", BOTH.replace("ext32-dred", "EXT32-DRED")),
    ),
    "before-rtpmap": ("Parameters before the payload type is named", (*HEAD[:-1], BOTH, HEAD[-1])),
    "other-codec": (
        "Parameters of a payload type that is not Opus",
        (*HEAD[:-1], "a=rtpmap:111 speex/16000", BOTH),
    ),
    "two-types": (
        "Two payload types of Opus, each with its own",
        (*HEAD, "a=rtpmap:96 opus/48000/2", f"a=fmtp:96 {SENDS}=960", BOTH),
    ),
    "two-media": (
        "Two audio sections with the same payload type",
        (*HEAD, BOTH, "m=audio 5006 RTP/AVP 111", HEAD[-1], f"a=fmtp:111 {TAKES}=40"),
    ),
    "video": (
        "Parameters in a section that is not audio",
        (*HEAD, "m=video 5008 RTP/AVP 111", BOTH),
    ),
    "red": (
        "Opus in RED, whose parameters are its own",
        (*HEAD, "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", BOTH),
    ),
    "no-number": ("Values that are no numbers", (*HEAD, f"a=fmtp:111 {SENDS}=1s;{TAKES}=-40")),
    "no-value": ("Names without a value", (*HEAD, f"a=fmtp:111 {SENDS};{TAKES}=")),
    "other-names": (
        "Names that only contain those of DRED",
        (*HEAD, f"a=fmtp:111 x-{SENDS}=200;{TAKES}s=40;ext33-dred-duration=80"),
    ),
    "twice": ("A name given twice: the first counts", (*HEAD, f"a=fmtp:111 {SENDS}=40;{SENDS}=80")),
}
"""Name -> title and lines."""


def sdp() -> Draft:
    """All session descriptions."""
    draft = Draft("stream", "sdp", "DRED in session descriptions", "vectors.groups.stream", CLAUSES)
    for name, (title, lines) in CASES.items():
        _add(draft, name, title, "\r\n".join(lines) + "\r\n")
    _add(draft, "line-feeds", "Lines that end with a line feed alone", "\n".join((*HEAD, BOTH)))
    return draft


def _add(draft: Draft, name: str, title: str, text: str) -> None:
    draft.add(
        f"sdp.{name}",
        title,
        SdpInput(blob(text.encode("ascii"))),
        level="SHOULD",
        requirements=("sdp.sent", "sdp.used"),
    )
