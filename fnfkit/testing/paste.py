"""A schedule as the source of a test, ready to paste."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.player import Played
from fnfkit.testing.samples import Answers
from fnfkit.testing.schedule import Answer
from fnfkit.testing.sources import AnyFlow, Source

WIDTH = 96


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a search was given: enough to write it down again."""

    flow: AnyFlow
    source: Source
    input: JsonObject
    outcomes: Answers | None


def pasted(recipe: Recipe, invariant: Callable[[Played], str | None], played: Played) -> str:
    """The source of a test that plays the schedule and checks the invariant."""
    flow, imports = flow_literal(recipe.flow, recipe.source)
    check, more = _invariant(invariant)
    names = {"Answer", "play", *(type(answer.outcome).__name__ for answer in played.schedule), *more}
    if not played.schedule:
        names -= {"Answer"}
    lines = [
        *imports,
        f"from fnfkit.testing import {', '.join(sorted(names))}",
        *_local_import(invariant),
        "",
        "",
        f"def test_{_name(recipe.source.name, played)}() -> None:",
        "    played = play(",
        f"        {flow},",
        f"        {_schedule(played.schedule)},",
        f"        input={_literal(recipe.input, 8)},",
        f"        outcomes={_literal(recorded(played), 8)},",
        "    )",
        f"    played.check({check})",
    ]
    return "\n".join(lines) + "\n"


def recorded(played: Played) -> dict[str, list[Json]]:
    """What every call has answered, by step."""
    found: dict[str, list[Json]] = {}
    for effect in played.effects:
        found.setdefault(effect.step, []).append(effect.output)
    return found


def flow_literal(flow: AnyFlow, source: Source) -> tuple[str, list[str]]:
    """How a test names a flow, and the lines it needs before."""
    match flow:
        case PythonFlow() | StepsFlow():
            return flow.body.__name__, [f"from {flow.body.__module__} import {flow.body.__name__}"]
        case Path():
            return f"Path({str(flow)!r})", ["from pathlib import Path", ""]
        case _:
            text = source.definition.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
            return "FLOW", [f'FLOW = """\\\n{text}"""', ""]


def _invariant(invariant: Callable[[Played], str | None]) -> tuple[str, set[str]]:
    if inspect.isfunction(invariant):
        return invariant.__name__, set()
    return repr(invariant), {type(invariant).__name__}


def _local_import(invariant: Callable[[Played], str | None]) -> Iterator[str]:
    if inspect.isfunction(invariant):
        yield f"from {invariant.__module__} import {invariant.__name__}"


def _schedule(schedule: tuple[Answer, ...]) -> str:
    if not schedule:
        return "[]"
    return "[\n" + "".join(f"            {shown(answer)},\n" for answer in schedule) + "        ]"


def shown(answer: Answer) -> str:
    """An answer as Python, defaults left out."""
    outcome = answer.outcome
    fields = [f"{name}=True" for name in ("always", "after_effect") if getattr(outcome, name, False)]
    name = getattr(outcome, "name", None)
    arguments = ", ".join(([repr(name)] if name is not None else []) + fields)
    return f"Answer({answer.step!r}, {answer.number}, {type(outcome).__name__}({arguments}))"


def _literal(value: Any, indent: int) -> str:
    return pformat(value, width=WIDTH, sort_dicts=False).replace("\n", "\n" + " " * (indent + 9))


def _name(flow: str, played: Played) -> str:
    parts = [flow, *(f"{answer.step}_{type(answer.outcome).__name__}" for answer in played.schedule[:3])]
    return re.sub(r"\W+", "_", "_".join(parts)).strip("_").lower()
