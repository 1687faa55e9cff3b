"""libopus as a peer: its sources from Debian, its builds in a cache, and a typed way to ask it."""
