"""Amazon States Language with JSONPath: `read` text into a flow, `write` a flow as canonical JSON. Knows the model
only."""

from fnfkit.lang.asl.read import read
from fnfkit.lang.asl.write import write

__all__ = ["read", "write"]
