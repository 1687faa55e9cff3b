"""libopus' sources from Debian, its builds in a cache, and comparisons of this project with it."""
