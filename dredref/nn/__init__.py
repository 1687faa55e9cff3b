"""Layers of the networks: on Q24 (``layers``), and on 24 significant bits (``portable``)."""
