"""Opus in RTP (RFC 7587): which source carries it, in what order, and what else there is."""
