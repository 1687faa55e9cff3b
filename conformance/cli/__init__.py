"""Commands that run, compare and report."""
