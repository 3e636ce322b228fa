"""What making or changing a stack would do: the same decisions as the work itself, and nothing happens."""

from __future__ import annotations

from dataclasses import replace

from fnfkit.cloud.ros.attributes import attribute_of
from fnfkit.cloud.ros.decide import Verdict, changed, for_good, verdict
from fnfkit.cloud.ros.functions import Unresolvable
from fnfkit.cloud.ros.resolve import Scope, Unknown, resolve, shown, unknown
from fnfkit.cloud.ros.state import Made
from fnfkit.cloud.ros.target import Target
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.stack import Resource
from fnfkit.ports import ResourceChange, StackValidationFailed


def preview(target: Target, scope: Scope, resources: dict[str, Made]) -> tuple[ResourceChange, ...]:
    """The change of every resource, in the order of the work; removals last. Raises `StackValidationFailed`."""
    looker = _Looker(target, scope, resources)
    changes = [looker.look(target.resource(id)) for id in target.order]
    gone = [made for made in reversed(resources.values()) if made.id not in target.order]
    return (*changes, *(_removal(made) for made in gone))


class _Looker:
    """Follows the order of the work; what has been looked at decides what later resources may refer to."""

    def __init__(self, target: Target, scope: Scope, resources: dict[str, Made]) -> None:
        self._target, self._resources = target, resources
        self._scope = replace(scope, resource=self._physical, attribute=self._attribute)
        self._new: set[str] = set()
        self._planned: set[str] = set()

    def look(self, resource: Resource) -> ResourceChange:
        try:
            properties: JsonObject = resolve(resource.properties, self._scope)
        except Unresolvable as error:
            raise StackValidationFailed(f"{resource.id}: {error}.") from None
        made = self._resources.get(resource.id)
        found = verdict(made, resource.type, properties)
        self._planned.add(resource.id)
        if found in (Verdict.CREATE, Verdict.REPLACE):
            self._new.add(resource.id)
        before = made.properties if made and found is not Verdict.CREATE else {}
        return ResourceChange(
            logical_id=resource.id,
            type=resource.type,
            action="Modify" if found is Verdict.REPLACE else found.value,
            replacement=_replacement(found, resource.type, before, properties),
            physical_id=made.physical if made and found is not Verdict.CREATE else "",
            properties=shown(properties),
            changed=changed(before, properties) if found in (Verdict.CHANGE, Verdict.REPLACE) else (),
            required_by=tuple(id for id, leans in self._target.leans.items() if resource.id in leans),
        )

    def _physical(self, id: str) -> Json:
        made = self._made(id)
        return made.physical if made else Unknown(f"physical ID of {id}")

    def _attribute(self, id: str, attribute: str) -> Json:
        made = self._made(id)
        if made is None:
            return Unknown(f"{id}.{attribute}")
        return attribute_of(made, attribute)

    def _made(self, id: str) -> Made | None:
        """The resource that will go on being there, None if it is still to be made."""
        if id not in self._target.order:
            raise Unresolvable(f"the resource {id} is not created")
        return None if id in self._new or id not in self._planned else self._resources.get(id)


def _replacement(found: Verdict, type: str, before: JsonObject, after: JsonObject) -> str:
    """Conditional where it depends on a value that is not known yet (api-ros.md 3)."""
    if found is not Verdict.REPLACE:
        return "False"
    names = for_good(type, before, after)
    return "Conditional" if names and all(unknown(after.get(name)) for name in names) else "True"


def _removal(made: Made) -> ResourceChange:
    return ResourceChange(
        logical_id=made.id,
        type=made.type,
        action="None" if made.retained else "Remove",
        physical_id=made.physical,
        properties=made.properties,
    )
