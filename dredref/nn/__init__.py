"""Layers of the networks, on Q24 arrays of either carrier (see :mod:`dredref.arithmetic`)."""
