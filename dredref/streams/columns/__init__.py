"""Compiled walks that put the records of a file into columns, without an object for each.

They take what is routine, and stop before anything else. That is read by the readers of
:mod:`dredref.streams`, one page or frame at a time, and the walk goes on behind it: both read the
same.
"""
