"""What is wrong with a text under single keys of `[ship]`, in words that say what is expected instead."""

from __future__ import annotations


def target(text: str) -> str:
    """Where records go."""
    if text in {"kafka", "stdout"} or text.startswith("file:/"):
        return ""
    return "kafka, stdout, or file:PATH with a path from the root"
