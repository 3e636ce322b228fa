"""Flows as Python that builds them step by step: existing flows, imported."""

from fnfkit.lang.python.write import write

__all__ = ["write"]
