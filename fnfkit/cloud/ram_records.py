"""Roles, policies, and what is said of a role's rights: the records of RAM (ros.md 10)."""

from __future__ import annotations

from dataclasses import dataclass

from fnfkit.model.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role: who may assume it, and the (type, name) of the policies attached to it."""

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


@dataclass(frozen=True, slots=True)
class Grant:
    """One statement of a policy that a role has: what `fnfkit check` lists when no test has used it."""

    role: str
    policy: str
    statement: int
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a role may not do something."""

    role: str
    action: str
    resource: str
    reason: str

    def __str__(self) -> str:
        return f"The role {self.role} may not {self.action} on {self.resource}: {self.reason}."
