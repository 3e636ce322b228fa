"""What Fn::GetAtt yields of a resource that is made."""

from __future__ import annotations

from fnfkit.cloud.ros.functions import Unresolvable
from fnfkit.cloud.ros.state import Made
from fnfkit.lang.ros.foreign import is_foreign
from fnfkit.model.json import Json


def attribute_of(made: Made, name: str) -> Json:
    """An attribute. Of services that are not known here nobody can tell them: text that names the attribute stands in,
    for what is not a property of that name. Raises `Unresolvable`."""
    if name in made.attributes:
        return made.attributes[name]
    if is_foreign(made.type):
        return f"{made.physical}.{name}"
    raise Unresolvable(f"the resource {made.id} ({made.type}) has no attribute {name}")
