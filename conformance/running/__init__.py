"""Putting questions to implementations: as protocol harnesses, as commands, one by one or many."""
