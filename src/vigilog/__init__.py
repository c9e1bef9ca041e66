"""Vigilog: evidence from logs."""

__version__ = "0.1.0"
