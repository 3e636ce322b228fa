"""From flows that accumulate to flows that replace, and back (cloudflow.md 9). Knows the model only."""

from fnfkit.lang.translate.back import accumulating
from fnfkit.lang.translate.forward import replacing
from fnfkit.lang.translate.translation import Translation

__all__ = ["Translation", "accumulating", "replacing"]
