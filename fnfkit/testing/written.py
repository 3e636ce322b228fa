"""Plays as a module of tests: on a `LocalCloud` where stubs can say it all, else as schedules."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from pprint import pformat

from fnfkit.lint.tree import places_of
from fnfkit.model.flow import Flow, Pattern, Task
from fnfkit.model.json import Json
from fnfkit.model.names import FunctionRef
from fnfkit.testing.paste import flow_literal, identifier, recorded, shown
from fnfkit.testing.player import Played
from fnfkit.testing.schedule import Error
from fnfkit.testing.sources import AnyFlow, Source
from fnfkit.testing.trace import FAILURES

WIDTH = 100


def module(
    flow: AnyFlow, source: Source, plays: Sequence[tuple[Played, Sequence[str]]], file: Path | None = None
) -> str:
    """The source of a test module; each play comes with what it is about. A module that is to be `file` finds the file
    of its flow from there, wherever pytest is started."""
    literal, imports = flow_literal(flow, source)
    if isinstance(flow, Path) and file is not None:
        literal = _from(file, flow)
    bodies = [_test(source, played, about, number) for number, (played, about) in enumerate(plays, 1)]
    text = "\n\n".join(bodies)
    names = [
        name for name in ("Answer", "Error", "LocalCloud", "Lost", "TimedOut", "error", "play") if _uses(text, name)
    ]
    title = f"What flow {_one_line(source.name)} does on paths that no other test takes"
    head = [f'"""{title}; written by `fnfkit tests`."""', ""]
    harness = [f"from fnfkit.testing import {', '.join(names)}"] if names else []
    first = [line for line in imports if line.startswith(("from ", "import "))]
    rest = [line for line in imports if line not in first]
    lines = [*head, *first, *([""] if first and harness else []), *harness, ""]
    lines += [*rest, "" if rest else f"FLOW = {literal}", ""] if literal == "FLOW" else [f"FLOW = {literal}", ""]
    return "\n".join(lines).rstrip() + "\n\n\n" + text


def _from(file: Path, flow: Path) -> str:
    """A path as an expression in a module."""
    try:
        steps = Path(os.path.relpath(flow.resolve(), file.resolve().parent)).as_posix()
    except ValueError:  # on another drive
        return f"Path({str(flow.resolve())!r})"
    return f"Path(__file__).parent / {steps!r}"


def _uses(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b\(?", text) is not None


def _test(source: Source, played: Played, about: Sequence[str], number: int) -> str:
    stubs = _stubs(source.flow, played)
    name = f"def test_{identifier(source.name)}_{number}_{identifier(about[0] if about else played.status)}"
    comment = [f"    # {_one_line(line)}" for line in about]
    if stubs is not None:
        return "\n".join([f"{name}(cloud: LocalCloud) -> None:", *comment, *_on_cloud(played, stubs)]) + "\n"
    return "\n".join([f"{name}() -> None:", *comment, *_as_schedule(played)]) + "\n"


def _one_line(text: str) -> str:
    """A text as a comment: names of steps may have line ends in them."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _on_cloud(played: Played, stubs: dict[str, list[str]]) -> Iterator[str]:
    for function, answers in stubs.items():
        shortest = answers[:1] if len(set(answers)) == 1 else answers
        yield f"    cloud.stub({function!r}, {', '.join(shortest)})"
    yield f"    run = cloud.run(FLOW, {_literal(played.input)})"
    error = f", error={played.error!r}" if played.error else ""
    yield f"    run.expect(status={played.status!r}{error}, path={_literal(played.path)})"


def _as_schedule(played: Played) -> Iterator[str]:
    answers = ", ".join(shown(answer) for answer in played.schedule)
    yield f"    played = play(FLOW, [{answers}], input={_literal(played.input)}, outcomes={_literal(recorded(played))})"
    state = "stuck" if played.stuck else "status"
    yield f"    assert played.{state} == {played.stuck if played.stuck else played.status!r}"
    yield f"    assert played.path == {_literal(played.path)}"


def _stubs(flow: Flow, played: Played) -> dict[str, list[str]] | None:
    """What each function answers, call by call; None if stubs of functions cannot tell this play."""
    tasks = {place.step.name: place.step for place in places_of(flow) if isinstance(place.step, Task)}
    plain = all(map(_plain, tasks.values()))
    odd = any(not isinstance(answer.outcome, Error) for answer in played.schedule)
    if not plain or odd or played.stuck:
        return None
    answers: dict[str, Iterator[str]] = {}
    for step in tasks:
        answers[step] = iter([_answer(event.type, event.detail) for event in played.history if _ends(event, step)])
    found: dict[str, list[str]] = defaultdict(list)
    for occasion in played.occasions:
        target = tasks[occasion.step].target
        answer = next(answers[occasion.step], None)
        if answer is None or not isinstance(target, FunctionRef):
            return None
        found[target.function].append(answer)
    return found


def _plain(task: Task) -> bool:
    """Whether a stub can stand for what a task calls: it has no versions."""
    target = task.target
    called = isinstance(target, FunctionRef) and target.qualifier in ("", "LATEST")
    return called and task.pattern is Pattern.REQUEST_RESPONSE and task.params is None


def _ends(event: object, step: str) -> bool:
    kind, name = getattr(event, "type", ""), getattr(event, "step", "")
    return name == step and (kind == "TaskSucceeded" or kind in FAILURES)


def _answer(type: str, detail: dict[str, Json]) -> str:
    return _literal(detail.get("output")) if type == "TaskSucceeded" else f"error({detail.get('error')!r})"


def _literal(value: Json) -> str:
    return pformat(value, width=10_000, sort_dicts=False)
