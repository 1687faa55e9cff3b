"""Both forms of DRED asked for at once: experiments' and the final one."""

from __future__ import annotations

from dredref.spec.dred import FINAL_ID
from dredref.vectors.draft import Draft
from dredref.vectors.groups.extension_parts import RTE_LAST, laced, last
from dredref.vectors.groups.payload_carriers import ID, carrying, dred_data
from dredref.vectors.groups.payload_parts import payload_file

VERSION = 12
"""That the final form is read as."""


def forms() -> Draft:
    """Which of the two forms counts in a packet."""
    draft = payload_file(VERSION, "forms", "Both forms asked for")
    data, old = dred_data(VERSION), dred_data(10)
    final = dred_data(VERSION, turn=1)[2:]
    other, short = last(FINAL_ID, final), final[:-3]
    cases: dict[str, tuple[str, bytes, bool | str]] = {
        "final": ("DRED in its final form alone", other, True),
        "experiment": ("DRED of experiments alone", last(ID, data), True),
        "final-first": (
            "DRED of experiments behind an extension with the final id",
            laced(FINAL_ID, final) + last(ID, data),
            True,
        ),
        "experiment-first": (
            "DRED of experiments before an extension with the final id",
            laced(ID, data) + last(FINAL_ID, short),
            True,
        ),
        "other-experiment": (
            "The final form behind another experiment",
            laced(ID, b"XYZ") + other,
            True,
        ),
        "other-version": (
            "The final form behind DRED of another version",
            laced(ID, old) + other,
            True,
        ),
        "unknown-version": (
            "The final form before DRED of a version that there is not",
            laced(FINAL_ID, final) + last(ID, b"D\xff" + short),
            True,
        ),
        "empty-experiment": (
            "The final form behind a prefix without payload",
            laced(ID, b"D\x0c") + other,
            True,
        ),
        "empty-final": (
            "DRED of experiments behind an empty extension with the final id",
            laced(FINAL_ID, b"") + last(ID, data),
            True,
        ),
        "several": (
            "Two in the final form: the first on the wire counts",
            laced(FINAL_ID, final) + last(FINAL_ID, short),
            True,
        ),
        "prefix": ("A prefix under the final id is payload", last(FINAL_ID, data), True),
        "repeated": (
            "The final form repeated to the second frame: the first on the wire counts",
            laced(FINAL_ID, final) + RTE_LAST + short,
            True,
        ),
        "none": ("An empty extension with the final id alone", last(FINAL_ID, b""), False),
        "neither": ("Neither of both ids", last(100, final), False),
        "before-error": (
            "The final form, then an area that breaks",
            laced(FINAL_ID, final) + b"\x41\xff",
            True,
        ),
        "behind-error": (
            "An area that breaks before the final form",
            b"\x03\x09" + other,
            "extension.frame",
        ),
    }
    for name, (title, area, found) in cases.items():
        draft.packet(
            f"forms.{name}",
            title,
            carrying(area, 2),
            found=found,
            both_forms=True,
            level="SHOULD",
            requirements=("decoder.forms",),
            flags=("FinalForm",),
        )
    return draft
