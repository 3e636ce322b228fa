"""A resource of a stack while it is compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fnfkit.deploy.known import Resources, known
from fnfkit.deploy.plan import Drift
from fnfkit.model.json import Json
from fnfkit.model.stack import Resource

LONGEST = 60
"""Characters of a value that are told."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A resource, those of its stack by logical ID, and the number of the account."""

    resource: Resource
    resources: Resources
    account: str

    def value(self, property: str) -> Json:
        """A property as far as it is known without the cloud; None if it is not, or not given."""
        return known(self.resource.properties.get(property), self.resources, self.account)

    def text(self, property: str) -> str | None:
        """A property that is a text."""
        found = self.value(property)
        return found if isinstance(found, str) else None

    def drift(self, message: str) -> Drift:
        """That something about the resource is different."""
        return Drift(self.resource.id, message)


def differing(observed: Observed, now: Mapping[str, Json]) -> Iterator[Drift]:
    """The properties that have other values now."""
    for property, found in now.items():
        wanted = observed.value(property)
        if wanted is not None and not same(wanted, found):
            yield observed.drift(f"{property} is {shown(found)}, not {shown(wanted)}")


def same(wanted: Json, found: Json) -> bool:
    """Whether a value of a template means a value of the service: numbers and truth values may be texts there."""
    if isinstance(found, bool):
        return str(wanted).lower() == str(found).lower()
    if isinstance(found, int | float) and isinstance(wanted, str | int | float):
        return str(wanted) == str(found)
    return bool(wanted == found)


def shown(value: Json) -> str:
    """A value, cut short."""
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
