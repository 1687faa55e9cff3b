"""Built-in implementations: the reference, and libopus where its builds are in the cache."""
