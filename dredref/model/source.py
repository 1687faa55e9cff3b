"""Importing every network of a libopus source package, a folder or its tarball."""

from __future__ import annotations

import hashlib
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from dredref.model.container import RawModel
from dredref.model.csource import read_arrays, read_shapes
from dredref.model.importer import NETWORKS, Network, build_model
from dredref.spec.errors import InputError

CONFIG = "dnn/dred_config.h"
VERSION = "package_version"
LICENCE = "BSD-3-Clause; copyright notice and conditions: LICENSE.libopus"


FILE_BYTES, ARCHIVE_BYTES = 16 << 20, 1 << 30
"""Most bytes of a file, and of an unpacked archive; libopus 1.6.1 has 10 and 60 MB."""


def _bound(what: str, size: int, most: int) -> None:
    """Refuse what is larger than a source package is.

    Raises:
        InputError: ``model.source``.
    """
    if size > most:
        raise InputError("model.source", f"{what} has more than {most >> 20} MiB")


class SourcePackage:
    """Files of an unpacked source package or of its tarball, by path within it."""

    def __init__(self, path: Path, networks: Sequence[Network] = NETWORKS) -> None:
        """Read what an import of ``networks`` needs.

        Raises:
            InputError: ``model.source`` if ``path`` is neither, ``input.unreadable``.
        """
        self._networks = networks
        wanted = {CONFIG, VERSION, *(network.source for network in networks)}
        try:
            pairs = self._folder(path, wanted) if path.is_dir() else self._tarball(path, wanted)
            self.files = dict(pairs)
        except OSError as error:
            raise InputError("input.unreadable", f"cannot read {path}: {error}") from error
        except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
            detail = "no folder, tarball or weight blob, or it is cut"
            raise InputError("model.source", f"{path} is no source package: {detail}") from error
        missing = sorted(wanted - self.files.keys())
        if missing:
            raise InputError("model.source", f"{path} holds no {', '.join(missing)}")

    @staticmethod
    def _folder(path: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
        for name in sorted(wanted):
            file = path / name
            if file.is_file():
                _bound(name, file.stat().st_size, FILE_BYTES)
                yield name, file.read_bytes()

    @staticmethod
    def _tarball(path: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.partition("/")[2]
                _bound("the archive", member.offset_data + member.size, ARCHIVE_BYTES)
                if name not in wanted or not member.isfile():
                    continue
                _bound(name, member.size, FILE_BYTES)
                handle = archive.extractfile(member)
                if handle is not None:
                    yield name, handle.read()

    def _find(self, name: str, pattern: str) -> str:
        found = re.search(pattern, self.files[name].decode("latin-1"))
        if found is None:
            raise InputError("model.source", f"{name} does not say {pattern.split()[-2]}")
        return found[1]

    @property
    def package_version(self) -> str:
        """The release, as the package says."""
        return self._find(VERSION, r'PACKAGE_VERSION ?= ?"([^"]+)"')

    @property
    def dred_version(self) -> int:
        """The DRED version of its networks."""
        return int(self._find(CONFIG, r"#define DRED_EXPERIMENTAL_VERSION (\d+)"))

    def model(self, network: Network) -> RawModel:
        """One of its networks."""
        raw = self.files[network.source]
        text = raw.decode("latin-1")
        provenance = {
            "package": "opus",
            "package_version": self.package_version,
            "file": network.source,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "licence": LICENCE,
        }
        version = self.dred_version if network.versioned else None
        return build_model(
            network.title(version),
            version,
            read_arrays(text, network.source),
            read_shapes(text, network.source),
            provenance,
        )

    def models(self) -> Iterator[RawModel]:
        """All of its networks."""
        for network in self._networks:
            yield self.model(network)
