"""Benchmarks, each a command; numbers are worth something only beside each other, in one run."""
