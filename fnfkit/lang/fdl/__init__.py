"""FDL v1 and v1beta1 (fdl.md): `read` text into a flow, `write` a flow as canonical text. Knows the model only."""

from fnfkit.lang.fdl.read import read
from fnfkit.lang.fdl.write import write

__all__ = ["read", "write"]
