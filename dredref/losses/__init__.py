"""Packets lost on purpose: models of loss, and streams that lose what a model says."""

from dredref.losses.apply import drop_by_chance, drop_lost, drop_masked, read_mask
from dredref.losses.models import LossModel, parse_loss_model

__all__ = [
    "LossModel",
    "drop_by_chance",
    "drop_lost",
    "drop_masked",
    "parse_loss_model",
    "read_mask",
]
