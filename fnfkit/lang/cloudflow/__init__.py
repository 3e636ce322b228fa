"""CloudFlow state machines (cloudflow.md): `read` text into a flow, `write` a flow as canonical text. Knows the model
only."""

from fnfkit.lang.cloudflow.modes import in_mode, mode_faults
from fnfkit.lang.cloudflow.read import is_state_machine, read
from fnfkit.lang.cloudflow.write import write

__all__ = ["in_mode", "is_state_machine", "mode_faults", "read", "write"]
