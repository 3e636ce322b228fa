"""Rules of the data-flow checker: paths, types and conditions that cannot be what they should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnfkit.lint.rule import Check, Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.shapes.coerce import number
from fnfkit.lint.tree import inner, paths_in
from fnfkit.model.expr import Compare, Comparison, Const
from fnfkit.model.flow import Choice
from fnfkit.model.problem import Location, Severity


def found(id: str) -> Check:
    """The check of a rule whose findings the data-flow checker makes."""

    def findings(subject: Subject) -> Iterable[Finding]:
        return subject.dataflow.get(id, ())

    return findings


def comparisons(subject: Subject) -> Iterator[Finding]:
    """W10: comparisons whose coercion surprises, by what is written and by what is known of the types."""
    for place in subject.places:
        if isinstance(place.step, Choice):
            for index, option in enumerate(place.step.options):
                at = (*place.at, "choices", index, "condition")
                for expr in inner(option.condition):
                    if isinstance(expr, Comparison):
                        yield from _quoted(expr, at)
    yield from subject.dataflow.get("W10", ())


def _quoted(expr: Comparison, at: Location) -> Iterator[Finding]:
    for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
        if not isinstance(side, Const) or not isinstance(side.value, str) or not any(paths_in(other)):
            continue
        text = side.value
        if expr.op in (Compare.EQ, Compare.NE) and text in ("true", "false"):
            message = f'"{text}" in quotes equals the boolean {text} only because it is converted'
            yield warn("W10", at, message, f"write {text} without quotes: it equals both")
        elif expr.op not in (Compare.EQ, Compare.NE) and number(text) is not None:
            message = f'`{expr.op.value} "{text}"` compares text if the other side is text: "10" comes before "9"'
            yield warn("W10", at, message, f"write {text} without quotes")


_COLLECT = """
- type: pass
  name: Collect
  outputMappings:
    - {target: rows, source: %s}
- type: foreach
  name: Each
  iterationMapping: {collection: $.rows, item: row}
  steps:
    - type: task
      name: Store
      resourceArn: acs:fc:::services/lab/functions/store
"""
_CHOICE = """
- type: choice
  name: Large
  inputMappings:
    - {target: size, source: %s}
  choices:
    - condition: %s
      goto: Done
- type: task
  name: Grow
  resourceArn: acs:fc:::services/lab/functions/grow
- type: succeed
  name: Done
"""
_READ = """
- type: pass
  name: Seed
  outputMappings:
    - {target: order_id, source: $input.id}
- type: pass
  name: Use
  outputMappings:
    - {target: used, source: $input.order_id}
  inputMappings:
    - {target: order_id, source: $local.%s}
"""

RULES = (
    Rule(
        id="E21",
        title="path that is never there",
        severity=Severity.ERROR,
        source="fdl.md 3.3, 3.5, 3.6",
        explanation=(
            "On every way to this step the value the path starts from is known to lack the key, so the step fails each "
            "time it is reached. Remember that an inputMappings list replaces the input: it holds the listed targets "
            "and nothing else."
        ),
        check=found("E21"),
        bad=flow_text(_READ % "orderid"),
        good=flow_text(_READ % "order_id"),
    ),
    Rule(
        id="E22",
        title="value of a type that cannot work",
        severity=Severity.ERROR,
        source="fdl.md 2.4, 2.9",
        explanation="A collection must be an array, a duration a number, a timestamp a text; this value never is.",
        check=found("E22"),
        bad=flow_text(_COLLECT % "none"),
        good=flow_text(_COLLECT % "[1, 2]"),
    ),
    Rule(
        id="E23",
        title="parameter that a function needs and never gets",
        severity=Severity.ERROR,
        source="fdl.md 4.4; declared parameters",
        explanation=(
            "The function's parameters are declared, one of them has no default, and the step's input never has it. "
            "Found only where parameters are declared, as functions of a Python project are."
        ),
        check=found("E23"),
        bad="",
        good="",
    ),
    Rule(
        id="W02",
        title="path that may not be there",
        severity=Severity.WARNING,
        source="fdl.md 2.7, 3.6; 8 no. 1 and 17",
        explanation=(
            "In a condition: the key is never there, so the comparison never holds, silently. In a mapping: some ways "
            "to the step do not set the key, and the step fails after those."
        ),
        check=found("W02"),
        bad=flow_text(_CHOICE % ("$input.size", "$.length > 5")),
        good=flow_text(_CHOICE % ("$input.size", "$.size > 5")),
    ),
    Rule(
        id="W10",
        title="comparison that surprises",
        severity=Severity.WARNING,
        source="fdl.md 5.2, 5.3; 8 no. 18",
        explanation=(
            'Comparisons convert: numeric text becomes a number, "true" becomes a boolean, but two texts are '
            "ordered letter by letter. Single quotes, `null` and chained comparisons are not documented."
        ),
        check=comparisons,
        bad=flow_text(_CHOICE % ("$input.size", "'$.size > \"5\"'")),
        good=flow_text(_CHOICE % ("$input.size", "$.size > 5")),
    ),
    Rule(
        id="W15",
        title="condition that is always true or never true",
        severity=Severity.WARNING,
        source="fdl.md 2.7, 5.3",
        explanation="All values this condition looks at are known, and it comes out the same way every time.",
        check=found("W15"),
        bad=flow_text(_CHOICE % ("7", "$.size > 5")),
        good=flow_text(_CHOICE % ("$input.size", "$.size > 5")),
    ),
    Rule(
        id="W16",
        title="input that does not fit the function",
        severity=Severity.WARNING,
        source="fdl.md 4.4; declared parameters",
        explanation=(
            "The function's parameters are declared, and the step gives it one it does not know, one of another "
            "type, or not one it needs. Found only where parameters are declared."
        ),
        check=found("W16"),
        bad="",
        good="",
    ),
)
