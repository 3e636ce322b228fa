"""The services that have what a stack has made, as far as they can be looked at."""

from __future__ import annotations

from dataclasses import dataclass

from fnfkit.ports import Flows, Objects, Queues, Topics
from fnfkit.ports.functions import Functions
from fnfkit.ports.roles import Roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Ports of one account. `services` has the functions that belong to services, `functions` those that do not. What
    is None is not looked at."""

    flows: Flows | None = None
    services: Functions | None = None
    functions: Functions | None = None
    queues: Queues | None = None
    topics: Topics | None = None
    roles: Roles | None = None
    objects: Objects | None = None
