"""Parts of state machines that do nothing: states nobody goes to, rules that are never asked, options never taken.

Languages whose states name what follows them share this; warnings, since the service takes such definitions.
"""

from __future__ import annotations

from collections.abc import Sequence

from fnfkit.lang.fdl.findings import Findings
from fnfkit.model.expr import Const
from fnfkit.model.flow import ANY_ERROR, Catch, Choice, Fail, Foreach, Parallel, Retry, Step, Succeed, Task
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Location, Severity


def warn_of_idle(
    steps: Sequence[Step], places: Sequence[Location], start: str | None, findings: Findings, *, options: str
) -> None:
    """Warns of what does nothing in a scope. `places` are those of the states, `options` the property that holds the
    options of a Choice."""
    # A jump that is wrong would make its target look unreached.
    reached = (
        set() if any(problem.severity is Severity.ERROR for problem in findings.problems) else _reached(steps, start)
    )
    for step, place in zip(steps, places, strict=True):
        if reached and step.name and step.name not in reached:
            fix = "let a state go on with it, or remove it"
            findings.warn("S08", place, f"no state goes on with `{step.name:.80}`, and it is not the first", fix)
        if isinstance(step, Task | Parallel | Foreach):
            _warn_of_rules(step.retry, (*place, "Retry"), findings)
            _warn_of_rules(step.catch, (*place, "Catch"), findings)
        if isinstance(step, Choice):
            _warn_of_options(step, (*place, options), findings)


def warn_of_end(state: JsonObject, at: Location, findings: Findings) -> None:
    """`End: false` is what a state without an `End` has."""
    if state.get("End") is False:
        findings.warn("S12", (*at, "End"), "`End: false` does nothing", "leave it out")


def _reached(steps: Sequence[Step], start: str | None) -> set[str]:
    """The names of the states that are reached; none if that cannot be told."""
    known = {step.name: step for step in steps}
    if start not in known:
        return set()
    found, pending = {start}, [start]
    while pending:
        for goto in _ways(known[pending.pop()]):
            if goto in known and goto not in found:
                found.add(goto)
                pending.append(goto)
    return found


def _ways(step: Step) -> list[str]:
    match step:
        case Choice(options=options, default=default):
            arms = [*(option.arm for option in options), *([default] if default else [])]
            return [arm.goto for arm in arms if arm.goto]
        case Succeed() | Fail():
            return []
        case Task() | Parallel() | Foreach():
            return [*([step.next] if step.next else []), *(entry.goto for entry in step.catch)]
        case _:
            return [step.next] if step.next else []


def _warn_of_rules(rules: Sequence[Retry | Catch], at: Location, findings: Findings) -> None:
    """The first rule that has an error decides (cloudflow.md 6)."""
    decided: set[str] = set()
    for position, rule in enumerate(rules):
        if rule.errors and (ANY_ERROR in decided or set(rule.errors) <= decided):
            message = "the rules before it take all of its errors, so it is never asked"
            findings.warn("S09", (*at, position), message, "put it before them, or remove it")
        decided |= set(rule.errors)


def _warn_of_options(choice: Choice, at: Location, findings: Findings) -> None:
    always = False
    for position, option in enumerate(choice.options):
        if always:
            message = "the branch before it is always taken, so it never is"
            findings.warn("S09", (*at, position), message, "put it before that one, or remove it")
        always = always or option.condition == Const(True)
