"""Which parameters an update could give other values, as a dry run tells (api-ros.md 3).

The reference has the three lists and not what puts a parameter into which: here it is whether a property that mentions
the parameter can change in place, and whether resources may be made anew (inferred).
"""

from __future__ import annotations

from fnfkit.lang import ros
from fnfkit.lang.ros.references import references
from fnfkit.lang.ros.schema import replaces
from fnfkit.model.stack import Template
from fnfkit.ports import ModifiableParameters


def modifiable(template: Template, stack: str, *, replacement: bool) -> ModifiableParameters:
    """The parameters of a template, parted."""
    expanded = ros.expand(template, stack_name=stack).template
    bound = {
        found.name
        for resource in expanded.resources
        for name, value in resource.properties.items()
        if replaces(resource.type, name)
        for found in references(value)
    }
    names = [parameter.name for parameter in template.parameters]
    lasting = tuple(name for name in names if name in bound)
    return ModifiableParameters(
        allowed=tuple(name for name in names if name not in bound),
        conditionally=lasting if replacement else (),
        not_allowed=() if replacement else lasting,
    )
