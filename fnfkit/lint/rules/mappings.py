"""Rules about mappings: what looks like a path and is none, what is lost, what is written for nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fnfkit.lint.rule import Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.tree import Sequence, bodies_of, expressions_of, flow_expressions, paths_in
from fnfkit.lint.words import listed
from fnfkit.model.expr import EMPTY, EVERYTHING, RESULT, Const, Key, Object, Path, Root
from fnfkit.model.flow import Foreach, Parallel, Step, Task
from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Severity

_OWN_PATH = re.compile(r"\$(?:[.\[]|\Z)")
_ROOTED = re.compile(r"\$(input|local|context)(?![A-Za-z0-9_])", re.IGNORECASE)
_NEARLY = re.compile(r"\$(inputs?|locals?|contexts?)(?=[.\[]|\Z)", re.IGNORECASE)


def constant_paths(subject: Subject) -> Iterator[Finding]:
    """W04: constants that were meant as paths."""
    for place in subject.places:
        for expr, at in expressions_of(place.step, place.at):
            if isinstance(expr, Const) and "condition" not in at:
                yield from _constant(expr.value, at, in_params="serviceParams" in at)
    for expr, at in flow_expressions(subject.flow):
        if isinstance(expr, Const):
            yield from _constant(expr.value, at, in_params=False)


def _constant(value: Json, at: Location, *, in_params: bool, is_nested: bool = False) -> Iterator[Finding]:
    match value:
        case str() if value.startswith("$"):
            if reason := _misread(value, in_params=in_params, is_nested=is_nested):
                yield warn("W04", at, f"`{value}` is plain text here: {reason[0]}", reason[1])
        case dict():
            for item in value.values():
                yield from _constant(item, at, in_params=in_params, is_nested=True)
        case list():
            for item in value:
                yield from _constant(item, at, in_params=in_params, is_nested=True)


def _misread(text: str, *, in_params: bool, is_nested: bool) -> tuple[str, str] | None:
    if in_params:
        if _ROOTED.match(text):
            return "serviceParams see only the step's mapped input", "map it in inputMappings and write `$.key`"
        return None
    if _OWN_PATH.match(text) and text != "$":
        meant = "$input" + text[1:]
        return "sources start with $input, $local or $context", f"write `{meant}`"
    if match := _NEARLY.match(text):
        meant = "$" + match[1].lower().rstrip("s") + text[match.end() :]
        if meant != text:
            return "the names are $input, $local and $context, in small letters", f"write `{meant}`"
        if is_nested:
            return "paths inside objects and lists are not evaluated", "map it to a target of its own"
    return None


def doubled_targets(subject: Subject) -> Iterator[Finding]:
    """W19: a mapping list that names one target twice."""
    for place in subject.places:
        lists = [(place.step.takes, "inputMappings"), (place.step.gives, "outputMappings")]
        if isinstance(place.step, Task) and place.step.on_error is not None:
            lists.append((place.step.on_error, "errorMappings"))
        for expr, key in lists:
            seen = set[str]()
            for index, (target, _) in enumerate(expr.fields if isinstance(expr, Object) else ()):
                if target in seen:
                    message = f"the target `{target}` is mapped twice; the last one wins"
                    yield warn("W19", (*place.at, key, index, "target"), message, "drop one, or rename it")
                seen.add(target)


def lost_results(subject: Subject) -> Iterator[Finding]:
    """W03: a container without outputMappings whose inner keys a later step asks for."""
    for sequence in subject.sequences:
        for position, step, at in sequence.places():
            if isinstance(step, Parallel | Foreach) and step.gives == EMPTY:
                written = _written_inside(step, at)
                reads = _later_reads(subject, sequence, position, written) if written else []
                if reads:
                    keys = sorted(set(reads))
                    lost = f"`{step.name}` has no outputMappings, so its results are lost"
                    message = f"{lost}, and {listed(keys)} is read later"
                    fix = f"add outputMappings: `- target: {keys[0]}` with `source: $local[*].{keys[0]}`"
                    yield warn("W03", at, message, fix)


def _written_inside(step: Step, at: Location) -> set[str]:
    return {
        target
        for body in bodies_of(step, at)
        for inside in body.steps
        if isinstance(inside.gives, Object)
        for target, _ in inside.gives.fields
    }


def _later_reads(subject: Subject, sequence: Sequence, position: int, written: set[str]) -> list[str]:
    """The lost keys that steps after the container, or the flow's outputMappings, read from the local."""
    others = {
        target
        for at, step in enumerate(sequence.steps)
        if at != position and isinstance(step.gives, Object)
        for target, _ in step.gives.fields
    }
    lost, reads = written - others, list[str]()
    for step in sequence.steps[position + 1 :]:
        reads += [name for name in _local_reads(step) if name in lost]
        if isinstance(step, Task) and step.gives == RESULT:
            return reads  # its unknown result may hold the key
    if sequence.owner is None:
        paths = paths_in(subject.flow.gives)
        reads += [name for path in paths if path.root is Root.RESULT and (name := _first(path)) in lost and name]
    return reads


def _local_reads(step: Step) -> Iterator[str]:
    """The keys a step reads from the local of its scope, as `$local.x` or, by default input, as `$.x`."""
    for expr, at in expressions_of(step, ()):
        for path in paths_in(expr):
            is_own = path.root is Root.INPUT and step.takes == EVERYTHING and at[0] != "outputMappings"
            if (path.root is Root.SCOPE_LOCAL or is_own) and (name := _first(path)):
                yield name


def _first(path: Path) -> str | None:
    return path.parts[0].name if path.parts and isinstance(path.parts[0], Key) else None


RULES = (
    Rule(
        id="W03",
        title="results of a container that are lost",
        severity=Severity.WARNING,
        source="fdl.md 2.8, 2.9, 3.3; 8 no. 21",
        explanation=(
            "A parallel or foreach step without outputMappings gives an empty output, whatever its branches or "
            "iterations give. Map the results from `$local`, the list of their locals."
        ),
        check=lost_results,
        bad=flow_text("""
- type: parallel
  name: Both
  branches:
    - steps:
        - type: pass
          name: Left
          outputMappings:
            - {target: total, source: 1}
- type: choice
  name: Enough
  choices:
    - condition: $.total > 0
      goto: Done
- type: succeed
  name: Done
"""),
        good=flow_text("""
- type: parallel
  name: Both
  branches:
    - steps:
        - type: pass
          name: Left
          outputMappings:
            - {target: total, source: $input.total}
  outputMappings:
    - {target: total, source: "$local[0].total"}
- type: choice
  name: Enough
  choices:
    - condition: $.total > 0
      goto: Done
- type: succeed
  name: Done
"""),
    ),
    Rule(
        id="W04",
        title="constant that looks like a path",
        severity=Severity.WARNING,
        source="fdl.md 3.2, 3.4; 8 no. 12",
        explanation=(
            "A source is a path only if it starts with `$input`, `$local` or `$context`, exactly so. Everything else, "
            "`$.key` and `$Input.key` included, is taken as plain text; so is what looks like a path inside an object "
            "or list. In serviceParams it is the other way round: only `$` and `$.key` are paths."
        ),
        check=constant_paths,
        bad=flow_text("""
- type: pass
  name: Tag
  outputMappings:
    - target: tag
      source: $.tag
"""),
        good=flow_text("""
- type: pass
  name: Tag
  outputMappings:
    - target: tag
      source: $input.tag
"""),
    ),
    Rule(
        id="W19",
        title="target mapped twice",
        severity=Severity.WARNING,
        source="fdl.md 3.4 (inferred)",
        explanation="The items of a mapping list do not see each other; of two with the same target the last one wins.",
        check=doubled_targets,
        bad=flow_text("""
- type: pass
  name: Tag
  outputMappings:
    - {target: tag, source: 1}
    - {target: tag, source: 2}
"""),
        good=flow_text("""
- type: pass
  name: Tag
  outputMappings:
    - {target: tag, source: 1}
    - {target: other, source: 2}
"""),
    ),
)
