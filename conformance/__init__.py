"""Putting implementations to the test: running them, checking answers, reporting outcomes."""
