"""How the reference encoder compares with libopus; ``python -m tools.compare_encoder``."""
