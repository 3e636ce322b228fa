"""Rules about names: of steps, of context fields, of what a schedule hands over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fnfkit.lint.rule import Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.shapes.interpret import interpret
from fnfkit.lint.shapes.shape import ANY, STRING, closed
from fnfkit.lint.tree import expressions_of, flow_expressions, paths_in
from fnfkit.lint.words import listed, nearest, spell
from fnfkit.model.expr import Expr, Key, Path, Root
from fnfkit.model.names import NAME
from fnfkit.model.problem import Location, Severity

CONTEXT_FIELDS = ("task.token", "execution.name", "flow.name", "step.eventId")
"""All that is known of the context object (fdl.md 3.7)."""
SCHEDULE_INPUT = closed({"payload": ANY, "triggerName": STRING, "triggerTime": STRING})
"""The input of a scheduled execution (fdl.md 7)."""


def undocumented(subject: Subject) -> Iterator[Finding]:
    """W13: context fields nobody has documented. What else is undocumented the reader reports."""
    for expr, at in _expressions(subject):
        for path in paths_in(expr):
            if path.root is Root.CONTEXT and path.parts and not _is_known(path):
                wanted = ".".join(part.name for part in path.parts if isinstance(part, Key))
                meant = nearest(wanted, CONTEXT_FIELDS)
                fix = f"did you mean `$context.{meant}`?" if meant else f"known are {listed(CONTEXT_FIELDS)}"
                yield warn("W13", at, f"`{spell(path, at)}` is not a documented field of the context", fix)


def _is_known(path: Path) -> bool:
    parts = [part.name for part in path.parts if isinstance(part, Key)]
    return len(parts) == len(path.parts) and any(field.split(".")[: len(parts)] == parts for field in CONTEXT_FIELDS)


def _expressions(subject: Subject) -> Iterator[tuple[Expr, Location]]:
    yield from flow_expressions(subject.flow)
    for place in subject.places:
        yield from expressions_of(place.step, place.at)


def scheduled_input(subject: Subject) -> Iterator[Finding]:
    """W12: what is missing if a schedule starts the flow, and is not missing otherwise."""
    if not subject.options.scheduled:
        return
    usual = {(finding.path, finding.message) for group in subject.dataflow.values() for finding in group}
    promises = replace(subject.options.promises, input=SCHEDULE_INPUT)
    for finding in interpret(subject.flow, promises) if not subject.has_errors else ():
        if finding.id in ("E21", "W02") and (finding.path, finding.message) not in usual:
            message = f"a schedule starts this flow: {finding.message}"
            yield warn(
                "W12", finding.path, message, "put it into the schedule's payload and read it from `$input.payload`"
            )


def step_names(subject: Subject) -> Iterator[Finding]:
    """W21: step names that other names of the service could not have."""
    for place in subject.places:
        name = place.step.name
        if name and not NAME.match(name):
            message = f"the step name `{name:.60}` has characters, or a length, that no other name may have"
            fix = "use letters, digits, `-` and `_`, start with a letter or `_`, at most 128"
            yield warn("W21", (*place.at, "name"), message, fix)


RULES = (
    Rule(
        id="W12",
        title="scheduled flow that reads what schedules do not hand over",
        severity=Severity.WARNING,
        source="fdl.md 7",
        explanation=(
            "A schedule starts executions with an input of its own making: payload, triggerName and triggerTime. What "
            "the payload holds is under `$input.payload`. Found only if the flow is known to be scheduled."
        ),
        check=scheduled_input,
        bad=flow_text("""
- type: pass
  name: Day
  outputMappings:
    - {target: day, source: $input.day}
"""),
        good=flow_text("""
- type: pass
  name: Day
  outputMappings:
    - {target: day, source: $input.payload.day}
"""),
    ),
    Rule(
        id="W13",
        title="undocumented feature",
        severity=Severity.WARNING,
        source="fdl.md 1.1, 3.5, 3.7",
        explanation=(
            "The vendor's material shows four context fields and no others, no slices in paths, and no flow without "
            "steps. What is not documented may fail or change."
        ),
        check=undocumented,
        bad=flow_text("""
- type: pass
  name: Where
  outputMappings:
    - {target: region, source: $context.execution.region}
"""),
        good=flow_text("""
- type: pass
  name: Where
  outputMappings:
    - {target: name, source: $context.execution.name}
"""),
    ),
    Rule(
        id="W21",
        title="unusual step name",
        severity=Severity.WARNING,
        source="fdl.md 2.2 (inferred)",
        explanation="No rule is published for step names; names of flows, executions and schedules have this one.",
        check=step_names,
        bad=flow_text("""
- type: pass
  name: first step!
"""),
        good=flow_text("""
- type: pass
  name: first-step
"""),
    ),
)
