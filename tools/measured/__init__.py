"""Figures that were measured here, as pages: each is rendered from data that its command wrote."""
