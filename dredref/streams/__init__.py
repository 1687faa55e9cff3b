"""Reading and writing the kinds of stream that may carry DRED.

`open_stream` recognises the kind by content and yields `Record`s, one for each packet.
"""

from dredref.streams.record import Event, Notice, Record, StreamInfo
from dredref.streams.stream import Stream, open_stream

__all__ = ["Event", "Notice", "Record", "Stream", "StreamInfo", "open_stream"]
