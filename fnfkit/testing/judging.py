"""What a step decided, found out again from the input that its history shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fnfkit.engine.errors import Flaw
from fnfkit.engine.evaluate import INPUT_VIEW, Formula, formula, holds
from fnfkit.model.expr import Expr
from fnfkit.model.flow import Choice, Flow, Foreach
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.arms import NO_OPTION

_RAW_VIEW = replace(INPUT_VIEW, raw=True)


@dataclass(slots=True)
class View:
    """What a history shows of the context that conditions may read. `execution` is the execution's input."""

    flow: Flow
    execution: Json = None

    def context(self, step: str, raw: Json) -> JsonObject | None:
        """The context of a step with that raw input, as far as it is known; none in flows that have no such context."""
        if self.flow.accumulates:
            return None
        return {
            "execution": {"input": self.execution},
            "step": {"name": step, "retries": 0},
            "flow": {"name": self.flow.title},
            "local": raw,
        }


def labels_of(choice: Choice, input: Json, context: JsonObject | None) -> tuple[str, ...]:
    """The options of a choice with the one that its conditions choose first. The others follow, since conditions may
    read what a history does not show."""
    options = [str(number) for number in range(1, len(choice.options) + 1)]
    last = NO_OPTION if choice.default is None else "default"
    labels = [*options, last]
    found = next(
        (
            label
            for label, option in zip(options, choice.options, strict=True)
            if holds(_formula(option.condition, context), input, context)
        ),
        last,
    )
    return (found, *(label for label in labels if label != found))


def count_label(each: Foreach, input: Json, context: JsonObject | None) -> str:
    """How many items there were: 0, 1 or many; empty if that cannot be told."""
    try:
        items = _formula(each.collection, context).evaluate(input, None, context)
    except Flaw:
        return ""
    if not isinstance(items, list):
        return ""
    return ("0", "1")[len(items)] if len(items) < 2 else "many"


def _formula(expr: Expr, context: JsonObject | None) -> Formula:
    return formula(expr, INPUT_VIEW if context is None else _RAW_VIEW)
