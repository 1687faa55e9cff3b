"""Reading and writing the kinds of stream that may carry DRED.

`open_stream` recognises the kind by content and yields `Record`s, one for each packet;
`create_stream` writes them as a stream of another kind; `rewrite_stream` copies a stream with other
packets and keeps all else.
"""

from dredref.streams.gap import expand_gaps
from dredref.streams.record import Event, Notice, Record, RedundantCopy, StreamInfo
from dredref.streams.rewrite import rewrite_stream
from dredref.streams.stream import Stream, open_stream
from dredref.streams.write import Writer, create_stream, kind_of_output

__all__ = [
    "Event",
    "Notice",
    "Record",
    "RedundantCopy",
    "Stream",
    "StreamInfo",
    "Writer",
    "create_stream",
    "expand_gaps",
    "kind_of_output",
    "open_stream",
    "rewrite_stream",
]
