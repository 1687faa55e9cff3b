"""Judging answers: one checker for each kind of expectation."""

from dredref.conformance.checkers.check import Answer, Refusal, check, describe

__all__ = ["Answer", "Refusal", "check", "describe"]
