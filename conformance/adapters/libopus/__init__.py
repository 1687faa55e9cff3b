"""Builds of libopus as implementations under test, and a typed way to ask them in process."""
