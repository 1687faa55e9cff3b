"""One compiled scan of records in columns: the same answers as the reference, at libopus' speed.

:func:`scan_stream` walks each packet of a batch as the text does: framing, extension area, DRED
header, symbols and ending. It gives numbers in columns and the violations that it can word; the
rest the reference words (``dredref.spec``). :func:`validate_records` does so record by record.
"""

from dredref.scan.announced import add_announced
from dredref.scan.scanner import Scan, Verdict, scan_batch, scan_stream, validate_records

__all__ = ["Scan", "Verdict", "add_announced", "scan_batch", "scan_stream", "validate_records"]
