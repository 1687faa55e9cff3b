"""The written specification, rendered from the declarations, the tables and the catalogue."""
