"""Judging answers: a class for each kind of expectation."""

from dredref.conformance.checkers.check import KINDS, check, describe
from dredref.conformance.checkers.kind import Answer, Refusal

__all__ = ["KINDS", "Answer", "Refusal", "check", "describe"]
