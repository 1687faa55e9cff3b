"""Writing vectors down: what generators use to make files of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dredref.spec.errors import ParseError
from dredref.spec.requirements import requirements as catalogue
from dredref.vectors.answers import answer_extension, answer_packet, answer_payload, answer_sdp
from dredref.vectors.blob import Blob
from dredref.vectors.flags import FLAGS
from dredref.vectors.model import (
    Exact,
    Expected,
    ExtensionInput,
    Input,
    Level,
    PacketInput,
    PayloadInput,
    Reject,
    SdpInput,
    Vector,
    VectorFile,
)
from dredref.vectors.suite import SUITE_VERSION

RFC = "RFC 6716"
EXTENSION = "draft-ietf-mlcodec-opus-extension 3"
DRED = "draft-ietf-mlcodec-opus-dred"

ASKED = {
    "packet": ("decoder.framing",),
    "extension": ("decoder.extensions",),
    "payload": ("decoder.payload",),
}
"""Group -> what each of its vectors asks of an implementation, whatever else it shows."""


def blob(data: bytes) -> Blob:
    """Bytes that stand in the vector itself."""
    return Blob(inline=data)


def reference_answer(given: Input, version: int | None) -> Expected:
    """What the reference says to a question that has an exact answer."""
    try:
        if isinstance(given, PacketInput):
            return Exact(answer_packet(given))
        if isinstance(given, ExtensionInput):
            return Exact(answer_extension(given))
        if isinstance(given, SdpInput):
            return Exact(answer_sdp(given))
        assert isinstance(given, PayloadInput)
        assert version is not None
        return Exact(answer_payload(given, version))
    except ParseError as error:
        return Reject(error.code)


@dataclass
class Draft:
    """A file of vectors being written; ids are built from the group's name."""

    group: str
    name: str
    """Of the file, without suffix."""
    title: str
    generator: str
    clauses: tuple[str, ...]
    """Of vectors that name none of their own."""
    seed: int | None = None
    vectors: list[Vector] = field(default_factory=list)
    binaries: dict[str, bytes] = field(default_factory=dict)
    """Files that the vectors name, by path from the suite's root."""

    def add(
        self,
        name: str,
        title: str,
        given: Input,
        *,
        clauses: tuple[str, ...] = (),
        requirements: Iterable[str] = (),
        level: Level = "MUST",
        flags: tuple[str, ...] = (),
        version: int | None = None,
        expected: Expected | None = None,
    ) -> Expected:
        """Write one vector down; what is expected is asked of the reference if not given."""
        named = (*requirements, *ASKED.get(self.group, ()))
        for requirement in named:
            assert requirement in catalogue(), requirement
        wanted = reference_answer(given, version) if expected is None else expected
        self.vectors.append(
            Vector(
                id=f"{self.group}.{name}",
                group=self.group,
                title=title,
                clauses=clauses or self.clauses,
                requirements=named,
                level=level,
                flags=flags,
                version=version,
                input=given,
                expected=wanted,
                notes={flag: FLAGS[flag] for flag in flags},
            )
        )
        return wanted

    def binary(self, name: str, content: bytes) -> Blob:
        """Put bytes into a file of the group, named with suffix, and give the blob for them."""
        return self.shared(f"{self.group}/{name}", content)

    def shared(self, path: str, content: bytes) -> Blob:
        """Put bytes into a file that several groups name, given from the suite's root."""
        assert self.binaries.setdefault(path, content) == content, path
        return Blob(path=path, sha256=hashlib.sha256(content).hexdigest())

    def retitle(self, title: str) -> None:
        """Another title for the vector written last, now that its answer is known."""
        self.vectors[-1] = replace(self.vectors[-1], title=title)

    def file(self) -> VectorFile:
        """The finished file."""
        used = {flag for vector in self.vectors for flag in vector.flags}
        return VectorFile(
            group=self.group,
            title=self.title,
            suite=SUITE_VERSION,
            generator=self.generator,
            seed=self.seed,
            notes={flag: note for flag, note in FLAGS.items() if flag in used},
            vectors=tuple(self.vectors),
        )
