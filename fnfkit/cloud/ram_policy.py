"""Policy documents and what they say of a request (ros.md 10, api-ros.md 7). Pure.

An explicit Deny wins over every Allow; what no statement allows is denied. Actions are compared without case, resources
with case; `*` stands for any characters, `?` for one. An empty region or account in a resource is no wildcard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fnfkit.model.json import Json, JsonObject
from fnfkit.model.patterns import glob


class WrongPolicy(ValueError):
    """A document that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `excluded` are the actions of NotAction."""

    allows: bool
    actions: tuple[str, ...]
    excluded: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: JsonObject = field(default_factory=dict)

    def concerns(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Whether the statement speaks of a request."""
        if self.excluded:
            named = not _any(self.excluded, action.lower(), fold=True)
        else:
            named = _any(self.actions, action.lower(), fold=True)
        return named and _any(self.resources, resource) and _conditions_hold(self.conditions, context)


def read_policy(document: Json) -> tuple[Statement, ...]:
    """The statements of a document. Raises `WrongPolicy`."""
    return tuple(_statement(raw) for raw in _statements(document))


def read_trust(document: Json) -> frozenset[str]:
    """The services that a trust document lets assume the role. Raises `WrongPolicy`."""
    services: set[str] = set()
    for raw in _statements(document):
        principal = raw.get("Principal", {})
        if not isinstance(principal, dict):
            raise WrongPolicy("Principal must be a mapping such as {Service: [fc.aliyuncs.com]}")
        if raw.get("Effect") == "Allow" and _any(_texts(raw, "Action"), "sts:assumerole", fold=True):
            services.update(_texts(principal, "Service"))
    return frozenset(services)


def _statements(document: Json) -> list[JsonObject]:
    if not isinstance(document, dict):
        raise WrongPolicy("a policy document is a mapping with Version and Statement")
    if str(document.get("Version")) != "1":
        raise WrongPolicy("the Version of a policy document is '1'")
    given = document.get("Statement")
    statements = [raw for raw in (given if isinstance(given, list) else [given]) if isinstance(raw, dict)]
    if not statements or (isinstance(given, list) and len(statements) < len(given)):
        raise WrongPolicy("Statement is a list of mappings")
    return statements


def _statement(raw: JsonObject) -> Statement:
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise WrongPolicy("the Effect of a statement is Allow or Deny")
    actions, excluded = _texts(raw, "Action"), _texts(raw, "NotAction")
    if not actions and not excluded:
        raise WrongPolicy("a statement needs Action or NotAction")
    resources = _texts(raw, "Resource")
    if not resources:
        raise WrongPolicy("a statement needs Resource")
    conditions = raw.get("Condition") or {}
    return Statement(raw["Effect"] == "Allow", actions, excluded, resources, conditions)


def _texts(raw: JsonObject, key: str) -> tuple[str, ...]:
    given = raw.get(key, [])
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise WrongPolicy(f"{key} is text or a list of texts")
    return tuple(texts)


def _any(patterns: Iterable[str], value: str, *, fold: bool = False) -> bool:
    return any(glob(pattern.lower() if fold else pattern).match(value) for pattern in patterns)


def _conditions_hold(conditions: JsonObject, context: Mapping[str, str]) -> bool:
    """All operators and all their keys must hold; an operator that is not known here never does (inferred)."""
    return all(
        _operator_holds(operator, key, wanted, context)
        for operator, entries in conditions.items()
        for key, wanted in entries.items()
    )


def _operator_holds(operator: str, key: str, wanted: Json, context: Mapping[str, str]) -> bool:
    found = context.get(key)
    texts = [str(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
    match operator:
        case "StringEquals" | "Bool":
            return found is not None and found in texts
        case "StringNotEquals":
            return found is None or found not in texts
        case "StringEqualsIgnoreCase":
            return found is not None and found.lower() in [text.lower() for text in texts]
        case "StringLike":
            return found is not None and _any(texts, found)
        case "StringNotLike":
            return found is None or not _any(texts, found)
        case _:
            return False
