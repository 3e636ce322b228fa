"""The Resource Access Management port: the roles and policies of an account, as far as deployment looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fnfkit.model.json import JsonObject

SYSTEM, CUSTOM = "System", "Custom"
"""The types of policies (ros.md 10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role: who may assume it, and the (type, name) of the policies attached to it. Times are Unix milliseconds."""

    name: str
    id: str
    arn: str
    trust: JsonObject
    description: str = ""
    max_session: int = 3600
    attached: tuple[tuple[str, str], ...] = ()
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy of the account or of the system."""

    name: str
    type: str
    document: JsonObject
    description: str = ""
    created: int = 0
    modified: int = 0


class Roles(Protocol):
    """The RAM API 2015-05-01, what deployment reads of it (api-ros.md 7). Every method raises `Fault`."""

    def role(self, name: str) -> Role:
        """A role. Raises `EntityNotExist.Role`."""
        ...

    def policy(self, type: str, name: str) -> Policy:
        """A policy, in its default version. Raises `EntityNotExist.Policy`."""
        ...
