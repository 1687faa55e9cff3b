"""Captures: their files, the headers around what was sent, and what became of every frame."""
