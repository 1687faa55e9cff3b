"""The data set of a survey: three folders of Parquet files, grown part by part.

A part is written in each of the folders, that of the files last: a file counts as surveyed once its
row stands in ``files``. What is left of a part that was cut short is taken away at the next start.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dredref.extras import needs
from dredref.files import atomic_output, make_folder
from dredref.spec.errors import InputError, UsageError
from dredref.survey.examine import Row, Tables

TABLES = ("violations", "streams", "files")
"""The folders, in the order in which a part is written."""

COLUMNS: dict[str, dict[str, str]] = {
    "files": {
        "path": "string",
        "status": "string",
        "bytes": "int64",
        "records": "int64",
        "with_dred": "int64",
        "must": "int64",
        "should": "int64",
        "error": "string",
        "seconds": "float64",
    },
    "streams": {
        "path": "string",
        "stream": "int32",
        "codec": "string",
        "records": "int64",
        "lost": "int64",
        "duration_ms": "float64",
        "with_dred": "int64",
        "version": "int32",
        "dred_bitrate": "float64",
        "bitrate": "float64",
        "reach_ms_mean": "float64",
        "reach_ms_max": "float64",
        "why_none": "string",
    },
    "violations": {
        "path": "string",
        "stream": "int32",
        "index": "int64",
        "requirement": "string",
        "level": "string",
        "byte": "int64",
        "bit": "int32",
        "detail": "string",
    },
}
"""Table -> its columns and their types."""


def import_arrow() -> Any:
    """The library that reads and writes Parquet.

    Raises:
        MissingExtraError: it is not installed.
    """
    with needs("survey", "a survey"):
        import pyarrow
        import pyarrow.parquet
    return pyarrow


class DataSet:
    """A data set that is being written."""

    def __init__(self, folder: Path) -> None:
        """Open a data set, or start one; take away what was cut short.

        Raises:
            InputError: ``output.unwritable``.
            UsageError: ``survey.out`` if the folder holds something else.
        """
        self.folder = folder
        self.arrow = import_arrow()
        make_folder(folder)
        foreign = {path.name for path in folder.iterdir()} - set(TABLES) - {"report.html"}
        if foreign:
            name = sorted(foreign)[0]
            raise UsageError("survey.out", f"{folder} is no data set of a survey: {name} is there")
        for table in TABLES:
            make_folder(folder / table)
        whole = {path.name for path in self._parts("files")}
        for table in ("violations", "streams"):
            for path in self._parts(table):
                if path.name not in whole:
                    path.unlink()
        self.next = max((int(name[5:-8]) for name in whole), default=-1) + 1

    def _parts(self, table: str) -> list[Path]:
        return sorted((self.folder / table).glob("part-*.parquet"))

    def paths(self) -> Iterator[str]:
        """The files that have been surveyed.

        Raises:
            InputError: ``survey.damaged``.
        """
        for part in self._parts("files"):
            try:
                column = self.arrow.parquet.read_table(part, columns=["path"])["path"]
            except (self.arrow.ArrowException, OSError) as error:
                raise InputError("survey.damaged", f"cannot read {part}: {error}") from error
            yield from column.to_pylist()

    def write(self, tables: Tables) -> None:
        """Write a part, whole or not at all."""
        rows: dict[str, list[Row]] = {
            "files": tables.files,
            "streams": tables.streams,
            "violations": tables.violations,
        }
        for table in TABLES:
            fields = [(name, getattr(self.arrow, kind)()) for name, kind in COLUMNS[table].items()]
            content = self.arrow.Table.from_pylist(rows[table], self.arrow.schema(fields))
            target = self.folder / table / f"part-{self.next:08d}.parquet"
            with atomic_output(target) as temporary:
                self.arrow.parquet.write_table(content, temporary, compression="zstd")
        self.next += 1
