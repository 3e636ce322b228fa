"""Rules about the way through a flow: steps never reached, loops that spin, ends that end less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.lint.rule import Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.tree import Place, Sequence, arms_of, flows_on, jumps_of, leaves
from fnfkit.model.expr import Object
from fnfkit.model.flow import Choice, Fail, Foreach, Parallel, Pass, Pattern, Step, Task, Wait, bodies
from fnfkit.model.problem import Severity

MAX_EVENTS = 5_000
"""Events an execution may write (fdl.md 6.5)."""


def unreachable(subject: Subject) -> Iterator[Finding]:
    """W01: the first step of every run of steps that nothing leads to."""
    for sequence in subject.sequences:
        reached = _reached(sequence)
        for position, step, at in sequence.places():
            if position not in reached and (position == 0 or position - 1 in reached):
                before = sequence.steps[position - 1]
                message = f"`{step.name}` is never reached: `{before.name}` does not go on to it, and no goto names it"
                yield warn("W01", at, message, "jump to it, move it, or remove it")


def _reached(sequence: Sequence) -> set[int]:
    positions = {step.name: at for at, step in enumerate(sequence.steps)}
    reached, todo = set[int](), [0]
    while todo:
        at = todo.pop()
        if at in reached or at >= len(sequence.steps):
            continue
        reached.add(at)
        step = sequence.steps[at]
        todo += [positions[name] for name in jumps_of(step) if name in positions]
        if flows_on(step):
            todo.append(at + 1)
    return reached


def spinning(subject: Subject) -> Iterator[Finding]:
    """W06: a loop in which nothing can change, and a flow that writes more events than an execution may."""
    for place in subject.places:
        if isinstance(place.step, Choice):
            yield from _spins(place, place.step)
    if (events := 2 + _events(subject.flow.steps)) > MAX_EVENTS:
        message = f"one pass through this flow writes up to {events} events, and an execution may write {MAX_EVENTS}"
        yield warn("W06", ("steps",), message, "move parts into flows of their own and call them with the pattern sync")


def _spins(place: Place, choice: Choice) -> Iterator[Finding]:
    for arm, at in arms_of(choice, place.at):
        target = place.sequence.position(arm.goto) if arm.goto is not None else None
        if target is None or target > place.position:
            continue
        if not any(map(_can_change, place.sequence.steps[target : place.position + 1])):
            message = (
                f"nothing changes in this loop back to `{arm.goto}`: it writes events until their limit, {MAX_EVENTS}"
            )
            yield warn("W06", (*at, "goto"), message, "wait, call a task or set a key inside the loop")


def _can_change(step: Step) -> bool:
    match step:
        case Task() | Wait() | Parallel() | Foreach():
            return True
        case Pass(gives=Object(fields=(_, *_))):
            return True
        case _:
            return any(_can_change(inside) for body in bodies(step) for inside in body)


def _events(steps: tuple[Step, ...]) -> int:
    """Events of the longest way through a sequence without looping (fdl.md 6.5)."""
    positions = {step.name: at for at, step in enumerate(steps)}
    longest = [0] * (len(steps) + 1)
    for at in range(len(steps) - 1, -1, -1):
        step = steps[at]
        following = [positions.get(name, 0) for name in jumps_of(step)] + ([at + 1] if flows_on(step) else [])
        longest[at] = _own_events(step) + max((longest[to] for to in following if to > at), default=0)
    return longest[0]


def _own_events(step: Step) -> int:
    inside = [_events(body) for body in bodies(step)]
    match step:
        case Task(pattern=Pattern.REQUEST_RESPONSE):
            return 5
        case Task():
            return 6
        case Choice():
            return 4 + max(inside, default=0)
        case Parallel() | Foreach():
            return 4 + sum(2 + events for events in inside)
        case _:
            return 4


def short_ends(subject: Subject) -> Iterator[Finding]:
    """W20: an end inside an option of a choice, where the steps after the choice still run."""
    for place in subject.places:
        if isinstance(place.step, Choice) and _goes_on(place):
            for arm, at in arms_of(place.step, place.at):
                for position, step in enumerate(arm.steps):
                    if arm.goto is None and leaves(step) and _is_meant_to_end(step):
                        following = place.sequence.steps[place.position + 1].name
                        message = f"`{step.name}` ends only this option; the flow goes on with `{following}`"
                        fix = "jump: give the option a `goto` to a succeed step beside the choice"
                        yield warn("W20", (*at, "steps", position), message, fix)


def _goes_on(place: Place) -> bool:
    return not leaves(place.step) and place.position + 1 < len(place.sequence.steps)


def _is_meant_to_end(step: Step) -> bool:
    return not isinstance(step, Fail)


RULES = (
    Rule(
        id="W01",
        title="step that is never reached",
        severity=Severity.WARNING,
        source="fdl.md 2.2, 2.7",
        explanation=(
            "Nothing leads to this step: the step before it ends its sequence, fails, or is a choice whose every "
            "option and default jumps, and no goto of the sequence names it."
        ),
        check=unreachable,
        bad=flow_text("""
- type: succeed
  name: Done
- type: pass
  name: Tidy
"""),
        good=flow_text("""
- type: pass
  name: Tidy
- type: succeed
  name: Done
"""),
    ),
    Rule(
        id="W06",
        title="loop that only writes events",
        severity=Severity.WARNING,
        source="fdl.md 6.5",
        explanation=(
            "An execution may write 5,000 events. A loop in which no step waits, calls or sets anything decides the "
            "same way every time and ends at that limit; so does a flow whose longest way is too long by itself."
        ),
        check=spinning,
        bad=flow_text("""
- type: pass
  name: Again
- type: choice
  name: Ready
  choices:
    - condition: $.ready == false
      goto: Again
"""),
        good=flow_text("""
- type: wait
  name: Pause
  duration: 10
- type: task
  name: Look
  resourceArn: acs:fc:::services/lab/functions/look
- type: choice
  name: Ready
  choices:
    - condition: $.ready == false
      goto: Pause
"""),
    ),
    Rule(
        id="W20",
        title="end of an option taken for the end of the flow",
        severity=Severity.WARNING,
        source="fdl.md 2.2 (inferred)",
        explanation=(
            "A succeed step, or `end: true`, inside an option of a choice ends that option. The steps after the "
            "choice still run. To finish the flow, let the option jump to a succeed step beside the choice."
        ),
        check=short_ends,
        bad=flow_text("""
- type: choice
  name: Known
  choices:
    - condition: $.known == true
      steps:
        - type: succeed
          name: Stop
- type: task
  name: Register
  resourceArn: acs:fc:::services/lab/functions/register
"""),
        good=flow_text("""
- type: choice
  name: Known
  choices:
    - condition: $.known == true
      goto: Stop
- type: task
  name: Register
  resourceArn: acs:fc:::services/lab/functions/register
- type: succeed
  name: Stop
"""),
    ),
)
