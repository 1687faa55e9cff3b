"""Planted faults: does the suite catch a reference that is wrong in one place?

``python -m tools.mutants`` plants each fault of ``faults.toml`` in a copy of the
sources, puts the suite's vectors to it, and prints which vector caught it.
"""
