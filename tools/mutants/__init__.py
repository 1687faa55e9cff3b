"""Mutants: does the suite kill a reference that is wrong in one place?

``python -m tools.mutants`` makes each mutant of ``mutants.toml`` in a copy of the
sources, puts the suite's vectors to it, and prints which vector killed it.
"""
