"""Rules about errors: who handles them, with what, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.lint.rule import Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.rules.tasks import tasks_of
from fnfkit.lint.tree import Place, paths_in
from fnfkit.lint.words import listed
from fnfkit.model.expr import EVERYTHING, Key, Object, Root
from fnfkit.model.flow import ANY_ERROR, Catch, Retry
from fnfkit.model.names import FunctionRef
from fnfkit.model.problem import Severity

TRANSIENT = ("FC.ResourceThrottled", "FC.ResourceExhausted", "FC.InternalServerError")
"""Errors of Function Compute that a retry is advised for (fdl.md 4.9)."""


def no_retry(subject: Subject) -> Iterator[Finding]:
    """W11: errors of the function service that pass by themselves, and end this flow."""
    for place, task in tasks_of(subject):
        if isinstance(task.target, FunctionRef):
            covered = {error for policy in task.retry if policy.attempts for error in policy.errors}
            missing = [error for error in TRANSIENT if error not in covered and ANY_ERROR not in covered]
            if missing:
                message = f"`{task.name}` does not retry {listed(missing)}, which pass by themselves"
                yield warn("W11", place.at, message, "add a retry policy with these errors")


def shadowed_handlers(subject: Subject) -> Iterator[Finding]:
    """W22: a retry policy or catch after one that matches every error."""
    for place, task in tasks_of(subject):
        for key, entries in (("retry", _errors(task.retry)), ("catch", _errors(task.catch))):
            whole = next((at for at, errors in enumerate(entries) if ANY_ERROR in errors), len(entries))
            for at in range(whole + 1, len(entries)):
                message = f"this {key} entry is never used: {ANY_ERROR} before it matches every error"
                yield warn("W22", (*place.at, key, at), message, f"put the entry with {ANY_ERROR} last")


def _errors(entries: tuple[Retry | Catch, ...]) -> list[tuple[str, ...]]:
    return [entry.errors for entry in entries]


def lost_error(subject: Subject) -> Iterator[Finding]:
    """W07: a handler that reads the error, which no errorMappings hand on."""
    for place, task in tasks_of(subject):
        if task.on_error is not None:
            continue
        for index, entry in enumerate(task.catch):
            position = place.sequence.position(entry.goto)
            key = _error_read(place, position) if position is not None else None
            if key is not None:
                message = (
                    f"`{entry.goto}` reads `$local.{key}`, and a caught error leaves nothing without errorMappings"
                )
                fix = f"add errorMappings to `{task.name}`: `- target: {key}` with `source: $local.{key}`"
                yield warn("W07", (*place.at, "catch", index), message, fix)


def _error_read(place: Place, position: int) -> str | None:
    step = place.sequence.steps[position]
    roots = {Root.SCOPE_LOCAL}
    expressions = [step.takes]
    if step.takes == EVERYTHING:
        roots.add(Root.INPUT)
        expressions.append(step.gives)
    names = [path.parts[0] for expr in expressions for path in paths_in(expr) if path.root in roots and path.parts]
    found = next((name.name for name in names if isinstance(name, Key) and name.name in ("error", "cause")), None)
    return None if found is None or _is_written(place, found) else found


def _is_written(place: Place, key: str) -> bool:
    return any(isinstance(step.gives, Object) and key in dict(step.gives.fields) for step in place.sequence.steps)


def idle_error_mappings(subject: Subject) -> Iterator[Finding]:
    """W08: errorMappings that no catch ever uses."""
    for place, task in tasks_of(subject):
        if task.on_error is not None and not task.catch:
            message = "errorMappings do nothing without a catch"
            yield warn("W08", (*place.at, "errorMappings"), message, "add a `catch`, or drop the errorMappings")


_CALL = "resourceArn: acs:fc:::services/lab/functions/work"


def _handled(extra: str, reading: str = "$local.error") -> str:
    return flow_text(f"""
- type: task
  name: Charge
  {_CALL}
{extra}
  catch:
    - errors: [FnF.ALL]
      goto: Tell
- type: task
  name: Tell
  {_CALL}
  inputMappings:
    - target: why
      source: {reading}
""")


_WARNING = Severity.WARNING
RULES = (
    Rule(
        id="W07",
        title="handler that reads an error nobody hands on",
        severity=_WARNING,
        source="fdl.md 4.7, 4.8",
        explanation=(
            "`$local.error` and `$local.cause` exist only in errorMappings. What these map is merged into the local "
            "before the catch jumps; without them the target of the catch finds neither."
        ),
        check=lost_error,
        bad=_handled("  timeoutSeconds: 9"),
        good=_handled("  errorMappings:\n    - {target: error, source: $local.error}"),
    ),
    Rule(
        id="W08",
        title="errorMappings without a catch",
        severity=_WARNING,
        source="fdl.md 4.8",
        explanation="errorMappings are used only when a catch of the step matched; without one they do nothing.",
        check=idle_error_mappings,
        bad=flow_text(f"""
- type: task
  name: Charge
  {_CALL}
  errorMappings:
    - target: why
      source: $local.error
"""),
        good=_handled("  errorMappings:\n    - {target: why, source: $local.error}", "$local.why"),
    ),
    Rule(
        id="W11",
        title="no retry of errors that pass by themselves",
        severity=_WARNING,
        source="fdl.md 4.9",
        explanation=(
            "Function Compute answers with these errors when it is short of resources or fails itself; the call was "
            "not executed and a retry is advised. This is advice: enable the rule to see it."
        ),
        check=no_retry,
        advice=True,
        bad=flow_text(f"""
- type: task
  name: Charge
  {_CALL}
"""),
        good=flow_text(f"""
- type: task
  name: Charge
  {_CALL}
  retry:
    - errors: [{", ".join(TRANSIENT)}]
      intervalSeconds: 2
      maxAttempts: 5
"""),
    ),
    Rule(
        id="W22",
        title="handler behind one that takes every error",
        severity=_WARNING,
        source="fdl.md 4.6, 4.7",
        explanation=f"Retry policies and catches are tried in order. None after one with {ANY_ERROR} is ever used.",
        check=shadowed_handlers,
        bad=flow_text(f"""
- type: task
  name: Charge
  {_CALL}
  catch:
    - errors: [FnF.ALL]
      goto: Done
    - errors: [OutOfStock]
      goto: Reorder
- type: pass
  name: Reorder
- type: succeed
  name: Done
"""),
        good=flow_text(f"""
- type: task
  name: Charge
  {_CALL}
  catch:
    - errors: [OutOfStock]
      goto: Reorder
    - errors: [FnF.ALL]
      goto: Done
- type: pass
  name: Reorder
- type: succeed
  name: Done
"""),
    ),
)
