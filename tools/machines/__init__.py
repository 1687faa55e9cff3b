"""The same bits on other machines: ``python -m tools.machines [NAME...]``."""
