"""Comparing two results that people have at hand: features, speech, packets."""
