"""What a task calls, as `Action` and `Parameters` (cloudflow.md 5.3)."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.lang.cloudflow.tasks import DEFAULT_PRIORITY, INTEGRATIONS
from fnfkit.model.expr import Const, Expr, Object
from fnfkit.model.flow import Task
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, TopicRef, Unresolved


def action_of(task: Task) -> str | None:
    """The action that calls a task's target; None if there is none."""
    match task.target:
        case FunctionRef():
            return "FC:InvokeFunction"
        case QueueRef() | TopicRef():
            return "MNS:SendMessage"
        case FlowRef():
            return "FNF:StartExecution"
        case ActionRef(service, api):
            return f"{service}:{api}"
        case Unresolved(tag=tag):
            return None if tag else _guessed(task)


def _guessed(task: Task) -> str:
    """For a placeholder: the action whose parameters the task has."""
    keys = {key for key, _ in _fields(task.params)}
    if "MessageBody" in keys:
        return "MNS:SendMessage"
    return "FNF:StartExecution" if task.sends is None else "FC:InvokeFunction"


def parameters_of(task: Task, unsupported: Callable[[str], None]) -> Object:
    """The parameters of a task, `resourceArn` first."""
    integration = INTEGRATIONS.get(action_of(task) or "")
    if integration is None:
        if task.sends is not None:
            unsupported("what a call is given besides its parameters")
        return Object(_fields(task.params))
    fields: list[tuple[str, Expr]] = [("resourceArn", Const(str(task.target)))]
    names = {there: here for here, there in integration.parameters.items()}
    for key, value in _fields(task.params):
        if key not in names:
            unsupported(f"the parameter {key:.40}")
        elif not (key == "Priority" and value == DEFAULT_PRIORITY):
            fields.append((names[key], value))
    for key in integration.required:
        if key not in (*dict(fields), "invocationType"):
            unsupported(f"a call without `{key}`")
    if integration.body:
        if "invocationType" not in dict(fields):
            fields.append(("invocationType", Const("Sync")))
        if task.sends is None:
            unsupported("a function that is given the whole input: say what its body is")
        elif task.sends != Const({}):
            fields.append((integration.body, task.sends))
    elif task.sends is not None:
        unsupported("what a call is given besides its parameters")
    return Object(tuple(fields))


def _fields(params: Expr | None) -> tuple[tuple[str, Expr], ...]:
    match params:
        case Object(fields):
            return fields
        case Const(dict() as value):
            return tuple((key, Const(item)) for key, item in value.items())
        case _:
            return ()
