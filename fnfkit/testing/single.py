"""One step of a flow as a flow of its own."""

from __future__ import annotations

from dataclasses import replace

from fnfkit.lint.tree import jumps_of, places_of
from fnfkit.model.expr import Const, Object
from fnfkit.model.flow import Fail, Flow, Pass, Step, Succeed
from fnfkit.model.json import JsonObject
from fnfkit.testing.sources import CannotRead

GIVEN = "Given"
DONE = "Done"


def single_step(flow: Flow, name: str, local: JsonObject) -> Flow:
    """A flow that sets the local, runs the step, and ends wherever the step goes. Raises `CannotRead`."""
    found = [place.step for place in places_of(flow) if place.step.name == name]
    if not found:
        known = ", ".join(place.step.name for place in places_of(flow))
        raise CannotRead(f"the flow has no step {name}; its steps are: {known}")
    step = found[0]
    landings = [Succeed(name=goto) for goto in dict.fromkeys(jumps_of(step)) if goto != name]
    taken = {name, *(landing.name for landing in landings)}
    given = Pass(name=_free(GIVEN, taken), gives=Object(tuple((key, Const(value)) for key, value in local.items())))
    done: Step = Succeed(name=_free(DONE, taken))
    return replace(flow, steps=(given, _open(step), done, *landings), timeout=None)


def _open(step: Step) -> Step:
    """The step without its `end`, so that leaving it shows."""
    return step if isinstance(step, Succeed | Fail) else replace(step, end=False)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
