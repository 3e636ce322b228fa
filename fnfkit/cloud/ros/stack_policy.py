"""Stack policies: which resources an update may change (api-ros.md 2, 6).

The references name the calls, the sizes and the refusal, not the language. It is taken to be the one that templates of
this kind have elsewhere: statements with Effect, Action (`Update:Modify`, `Update:Replace`, `Update:Delete`,
`Update:*`), Principal `*`, Resource `LogicalResourceId/NAME`, and a condition on `ResourceType`. What no statement
allows is denied once a stack has a policy, and a denial beats every permission (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

import orjson

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import InvalidParameter, ResourceChange, StackPolicyValidationFailed

LARGEST = 16_384
"""Bytes of a policy (api-ros.md 2)."""
_ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete", "Update:*", "*")
_RESOURCE = "LogicalResourceId/"
_OPERATORS = ("StringEquals", "StringLike")


def read_policy(body: str, parameter: str = "StackPolicyBody") -> JsonObject:
    """A policy from its text. Raises `InvalidParameter`."""
    if not 1 <= len(body.encode("utf-8", "replace")) <= LARGEST:
        raise _wrong(parameter, f"it must have 1 to {LARGEST} bytes")
    try:
        policy: Json = orjson.loads(body)
    except ValueError as error:
        raise _wrong(parameter, f"it is no JSON: {error}") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list) or not statements:
        raise _wrong(parameter, "it needs a list Statement")
    for number, statement in enumerate(statements, 1):
        why = _complaint(statement)
        if why:
            raise _wrong(parameter, f"statement {number}: {why}")
    found: JsonObject = policy
    return found


def _complaint(statement: Json) -> str:
    if not isinstance(statement, dict):
        return "it is no object"
    unknown = statement.keys() - {"Effect", "Action", "NotAction", "Principal", "Resource", "NotResource", "Condition"}
    if unknown:
        return f"{min(unknown)} is not known"
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "Effect is Allow or Deny"
    actions = _texts(statement, "Action", "NotAction")
    if not actions or any(action not in _ACTIONS for action in actions):
        return f"Action is one or more of {', '.join(_ACTIONS)}"
    if statement.get("Principal") != "*":
        return 'Principal is "*"'
    resources = _texts(statement, "Resource", "NotResource")
    if not resources or any(name != "*" and not name.startswith(_RESOURCE) for name in resources):
        return f'Resource is "*", or one or more of {_RESOURCE}NAME'
    return _condition_complaint(statement.get("Condition"))


def _condition_complaint(condition: Json) -> str:
    if condition is None:
        return ""
    if not isinstance(condition, dict) or any(key not in _OPERATORS for key in condition):
        return f"Condition takes {' and '.join(_OPERATORS)}"
    if any(not isinstance(keys, dict) or keys.keys() != {"ResourceType"} for keys in condition.values()):
        return "conditions are about ResourceType"
    return ""


def check_changes(policy: JsonObject | None, changes: Iterable[ResourceChange]) -> None:
    """Raises `StackPolicyValidationFailed` for the first change that a policy does not allow."""
    for change in changes if policy is not None else ():
        action = _action(change)
        if action and policy is not None and not _allowed(policy, action, change):
            reason = f"{action} on {change.logical_id} ({change.type})"
            raise StackPolicyValidationFailed(f"Action denied by stack policy: {reason}.")


def _action(change: ResourceChange) -> str:
    """Additions are always allowed. A replacement that is only possible counts as one."""
    match change.action:
        case "Modify":
            return "Update:Modify" if change.replacement == "False" else "Update:Replace"
        case "Remove":
            return "Update:Delete"
        case _:
            return ""


def _allowed(policy: JsonObject, action: str, change: ResourceChange) -> bool:
    effects = {one["Effect"] for one in policy["Statement"] if _concerns(one, action, change)}
    return effects == {"Allow"}


def _concerns(statement: JsonObject, action: str, change: ResourceChange) -> bool:
    acts = any(fnmatchcase(action, pattern) for pattern in _texts(statement, "Action", "NotAction"))
    name = f"{_RESOURCE}{change.logical_id}"
    names = any(fnmatchcase(name, pattern) for pattern in _texts(statement, "Resource", "NotResource"))
    conditions = (statement.get("Condition") or {}).items()
    holds = all(_holds(operator, keys["ResourceType"], change.type) for operator, keys in conditions)
    return acts == ("Action" in statement) and names == ("Resource" in statement) and holds


def _holds(operator: str, wanted: Json, type: str) -> bool:
    texts = wanted if isinstance(wanted, list) else [wanted]
    return type in texts if operator == "StringEquals" else any(fnmatchcase(type, str(text)) for text in texts)


def _texts(statement: JsonObject, name: str, other: str) -> list[str]:
    given = statement.get(name, statement.get(other))
    texts = [given] if isinstance(given, str) else given
    return texts if isinstance(texts, list) and all(isinstance(text, str) for text in texts) else []


def _wrong(parameter: str, why: str) -> InvalidParameter:
    return InvalidParameter(f"The specified parameter {parameter} is invalid, {why}.")
