"""Rules about task steps: callbacks, asynchronous calls, error handling."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.lint.rule import Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.shapes.promises import is_asynchronous, parameter
from fnfkit.lint.tree import Place, jumps_of, paths_in
from fnfkit.model.expr import Const, Expr, Key, Object, Path, Root
from fnfkit.model.flow import Foreach, Pattern, Task
from fnfkit.model.names import FunctionRef
from fnfkit.model.problem import Severity

STATEFUL_ID = "StatefulAsyncInvocationID"

_TOKEN = (Key("task"), Key("token"))
_EXECUTION_NAME = Path(Root.CONTEXT, (Key("execution"), Key("name")))


def tasks_of(subject: Subject) -> Iterator[tuple[Place, Task]]:
    """The task steps of a flow with their places."""
    return ((place, place.step) for place in subject.places if isinstance(place.step, Task))


def silent_callback(subject: Subject) -> Iterator[Finding]:
    """W05: a task that waits for its token to come back and hands it to nobody."""
    for place, task in tasks_of(subject):
        if task.pattern is Pattern.WAIT_FOR_CALLBACK and not any(map(_holds_token, paths_in(task.takes))):
            message = f"`{task.name}` waits for a callback, and nobody is told its token"
            fix = "map it: `- target: taskToken` with `source: $context.task.token`"
            yield warn("W05", (*place.at, "pattern"), message, fix)


def _holds_token(path: Path) -> bool:
    return path.root is Root.CONTEXT and path.parts == _TOKEN[: len(path.parts)]


def endless_callback(subject: Subject) -> Iterator[Finding]:
    """W17: a callback that may be waited for as long as an execution may last."""
    for place, task in tasks_of(subject):
        if task.pattern is Pattern.WAIT_FOR_CALLBACK and task.timeout is None and subject.flow.timeout is None:
            message = f"`{task.name}` waits for its callback without a limit: a lost report holds it for up to a year"
            yield warn("W17", (*place.at, "pattern"), message, "add `timeoutSeconds`, and a catch of FnF.TaskTimeout")


def asynchronous(subject: Subject) -> Iterator[Finding]:
    """W09: parameters and patterns that ask for an asynchronous call which is none."""
    for place, task in tasks_of(subject):
        if parameter(task, STATEFUL_ID) is not None and not is_asynchronous(task):
            message = f"`{STATEFUL_ID}` does nothing in a synchronous call"
            yield warn("W09", (*place.at, "serviceParams", STATEFUL_ID), message, "add `InvocationType: Async`")
        elif task.pattern is Pattern.SYNC and isinstance(task.target, FunctionRef) and not is_asynchronous(task):
            message = "the pattern sync has no meaning for a synchronous function call, which is waited for anyway"
            fix = "drop the pattern, or add `InvocationType: Async` to serviceParams"
            yield warn("W09", (*place.at, "pattern"), message, fix)


def unused_right(subject: Subject) -> Iterator[Finding]:
    """W23: a right that deployment derives from a step and no test has made use of."""
    fix = "test what needs it; what nothing needs, take out of the flow"
    return (warn("W23", at, f"no test has used a right: {granted}", fix) for at, granted in subject.options.unused)


def colliding_ids(subject: Subject) -> Iterator[Finding]:
    """W18: an id that must be unique over all invocations, used more than once."""
    named = [(place, task) for place, task in tasks_of(subject) if _is_execution_name(task)]
    for place, task in tasks_of(subject):
        if isinstance(identity := parameter(task, STATEFUL_ID), Const):
            why = f"it is always {identity.value!r}"
        elif (place, task) in named and (reason := _reason(subject, place, task, len(named))):
            why = f"it is the execution's name alone, and {reason}"
        else:
            continue
        message = f"`{STATEFUL_ID}` must be unique over all invocations: {why}"
        fix = "let the step before it make an id, or add the step's name or an attempt counter to it"
        yield warn("W18", (*place.at, "serviceParams", STATEFUL_ID), message, fix)


def _is_execution_name(task: Task) -> bool:
    """Whether the id comes from the execution's name and nothing else; serviceParams see only the mapped input."""
    match parameter(task, STATEFUL_ID), task.takes:
        case Path(root=Root.INPUT, parts=(Key(name=name),)), Object(fields=fields):
            sources: dict[str, Expr] = dict(fields)
            return sources.get(name) == _EXECUTION_NAME
        case _:
            return False


def _reason(subject: Subject, place: Place, task: Task, uses: int) -> str:
    if task.retry:
        return "a retry uses it again"
    if uses > 1:
        return "another step of this flow uses it too"
    if isinstance(place.sequence.owner, Foreach):
        return "every iteration uses it"
    if _is_in_loop(place):
        return "a loop comes back to this step"
    return ""


def _is_in_loop(place: Place) -> bool:
    for at, step in enumerate(place.sequence.steps[place.position :], place.position):
        for name in jumps_of(step):
            target = place.sequence.position(name)
            if target is not None and target <= place.position <= at:
                return True
    return False


_CALL = "resourceArn: acs:fc:::services/lab/functions/work"
_CALLBACK = f"""
- type: task
  name: Approve
  {_CALL}
  pattern: waitForCallback
  timeoutSeconds: 3600
  inputMappings:
    - target: taskToken
      source: $context.task.token
"""


def _stateful(extra: str) -> str:
    return flow_text(f"""
- type: task
  name: Submit
  {_CALL}
  pattern: sync
  inputMappings:
    - target: id
      source: $context.execution.name
  serviceParams:
    InvocationType: Async
    {STATEFUL_ID}: $.id
{extra}""")


_WARNING = Severity.WARNING
RULES = (
    Rule(
        id="W05",
        title="callback whose token nobody gets",
        severity=_WARNING,
        source="fdl.md 4.2, 4.10",
        explanation=(
            "With waitForCallback the step waits until somebody reports with its token. The token reaches the called "
            "side only if inputMappings take `$context.task.token`."
        ),
        check=silent_callback,
        bad=flow_text(_CALLBACK.replace("$context.task.token", "$input.token")),
        good=flow_text(_CALLBACK),
    ),
    Rule(
        id="W09",
        title="asynchronous call that is none",
        severity=_WARNING,
        source="fdl.md 4.2, 4.4",
        explanation=(
            f"`{STATEFUL_ID}` and the pattern sync belong to asynchronous invocations. A function is called "
            "synchronously unless serviceParams say `InvocationType: Async`."
        ),
        check=asynchronous,
        bad=_stateful("").replace("InvocationType: Async", "InvocationType: Sync"),
        good=_stateful(""),
    ),
    Rule(
        id="W17",
        title="callback without a time limit",
        severity=_WARNING,
        source="fdl.md 4.2, 6.5",
        explanation=(
            "A report that is lost leaves the step waiting, at most for the year an execution may last. This is "
            "advice: enable the rule to see it."
        ),
        check=endless_callback,
        advice=True,
        bad=flow_text(_CALLBACK.replace("  timeoutSeconds: 3600\n", "")),
        good=flow_text(_CALLBACK),
    ),
    Rule(
        id="W18",
        title="invocation id that is not unique",
        severity=_WARNING,
        source="scenarios.md 9 (inferred), fdl.md 4.4",
        explanation=(
            f"`{STATEFUL_ID}` must differ for every invocation. A constant is used by every execution; the name of the "
            "execution alone is used again by a retry, by a second step, by a loop and by every iteration."
        ),
        check=colliding_ids,
        bad=_stateful("  retry:\n    - errors: [FnF.ALL]\n"),
        good=_stateful(""),
    ),
    Rule(
        id="W23",
        title="right that no test has used",
        severity=_WARNING,
        source="ros.md 10.3",
        explanation=(
            "Deployment gives the roles of flows, functions and workers one right for each thing that steps call. With "
            "the data of a test run (`pytest --fnf-cov-report=json`, then `--coverage FILE`, or fnf-coverage.json in "
            "the current folder) those are listed that no test made use of: nobody knows whether they suffice. Grants "
            "of other roles that tests deployed are listed too."
        ),
        check=unused_right,
        bad="",
        good="",
    ),
)
