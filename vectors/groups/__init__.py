"""Generators of vectors, one module a group.

Each module's ``drafts()`` gives the group's files in order; the same sources give the same bytes.
"""
