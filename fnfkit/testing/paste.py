"""A schedule as the source of a test, ready to paste."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

from fnfkit.cloud.fc.outcome import Raised, Returned
from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.player import Played
from fnfkit.testing.samples import Answers
from fnfkit.testing.schedule import Answer
from fnfkit.testing.sources import AnyFlow, Source
from fnfkit.testing.stubs import error

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
    check, needed, ours = _invariant(invariant)
    answers = recorded(played)
    names = {"play", *(type(answer.outcome).__name__ for answer in played.schedule), *ours}
    if played.schedule:
        names.add("Answer")
    if any(isinstance(answer, Exception) for given in answers.values() for answer in given):
        names.add("error")
    lines = [
        *imports,
        f"from fnfkit.testing import {', '.join(sorted(names))}",
        *needed,
        "",
        "",
        f"def test_{_name(recipe.source.name, played)}() -> None:",
        "    played = play(",
        f"        {flow},",
        f"        {_schedule(played.schedule)},",
        f"        input={_literal(recipe.input, 8)},",
        f"        outcomes={_literal(answers, 8)},",
        "    )",
        f"    played.check({check})",
    ]
    return "\n".join(lines) + "\n"


def recorded(played: Played) -> dict[str, list[Json | Exception]]:
    """What every call has come to by itself, by step."""
    return {step: [_again(answer) for answer in given] for step, given in played.answers.items()}


def _again(answer: Returned | Raised) -> Json | Exception:
    return answer.value if isinstance(answer, Returned) else error(answer.error)


def flow_literal(flow: AnyFlow, source: Source) -> tuple[str, list[str]]:
    """How a test names a flow, and the lines it needs before."""
    match flow:
        case PythonFlow() | StepsFlow() if _importable(flow.body):
            return flow.body.__name__, [f"from {flow.body.__module__} import {flow.body.__name__}"]
        case Path():
            return f"Path({str(flow)!r})", ["from pathlib import Path", ""]
        case _:
            return "FLOW", [f"FLOW = {_text(source.definition)}", ""]


def _text(text: str) -> str:
    """A text of several lines as Python."""
    escaped = text.replace("\\", "\\\\").replace("\r", "\\r")
    inner = re.sub(r'"(?=""|\Z)', r"\"", escaped)
    return f'"""\\\n{inner}"""'


def _importable(what: Any) -> bool:
    """Whether a test in another module can import it by its name."""
    name: str = what.__qualname__
    return what.__module__ != "__main__" and name.isidentifier()


def _invariant(invariant: Callable[[Played], str | None]) -> tuple[str, list[str], set[str]]:
    """An invariant as Python, the lines it needs before, and the names it needs from `fnfkit.testing`."""
    function = inspect.isfunction(invariant)
    named: Any = invariant if function else type(invariant)
    if not function and named.__module__.startswith("fnfkit."):
        return repr(invariant), [], {named.__name__}
    if _importable(named) and (function or is_dataclass(invariant)):
        code = named.__name__ if function else repr(invariant)
        return code, [f"from {named.__module__} import {named.__name__}"], set()
    where = f"{named.__qualname__} of {named.__module__}"
    return "holds", ["", f"holds = ...  # cannot be imported, write it here: {where}"], set()


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
    return "_".join(map(identifier, parts))


def identifier(text: str) -> str:
    """A text as part of the name of a function."""
    kept = "".join(one if f"a{one}".isidentifier() else " " for one in text)
    return "_".join(kept.split()).strip("_").lower()[:50].rstrip("_")
