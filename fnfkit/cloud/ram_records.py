"""What is said of a role's rights; roles and policies themselves are the records of the port (ros.md 10)."""

from __future__ import annotations

from dataclasses import dataclass


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
