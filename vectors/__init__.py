"""The conformance vectors: their format, their data and the generators that make them."""
