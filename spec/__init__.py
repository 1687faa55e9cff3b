"""The format of Opus DRED, declared: packets, extensions, payloads, tables and requirements."""
