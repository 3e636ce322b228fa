"""One step of a flow as a flow of its own."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace

from fnfkit.lint.tree import jumps_of, places_of
from fnfkit.model.expr import RESULT, SCOPE_INPUT, Const, Object
from fnfkit.model.flow import Fail, Pass, Step, Succeed
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Location
from fnfkit.testing.arms import Arm, following
from fnfkit.testing.sources import CannotRead, Source, written

GIVEN = "Given"
DONE = "Done"
_PLACE = ("steps", 1)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Single:
    """A flow that sets a local, runs a step, and ends wherever the step goes. `origin` is where the step is from, `at`
    its place there; `done` is the last step of this flow and stands for what follows there, `following`."""

    source: Source
    origin: Source
    at: Location
    done: str
    following: str

    def arm(self, taken: Arm) -> Arm | None:
        """An arm of this flow as one of the flow the step is from, None if there is no such arm."""
        if taken.at[:2] != _PLACE:
            return None
        ends = taken.kind == "edge" and taken.at == _PLACE and taken.label == self.done
        return replace(taken, at=(*self.at, *taken.at[2:]), label=self.following if ends else taken.label)


def single_step(origin: Source, name: str, local: JsonObject, taken: Container[str] = ()) -> Single:
    """A step alone, as a flow whose name is none of those `taken`. Raises `CannotRead` if there is no such step."""
    found = [place for place in places_of(origin.flow) if place.step.name == name]
    if not found:
        known = ", ".join(place.step.name for place in places_of(origin.flow))
        raise CannotRead(f"the flow has no step {name}; its steps are: {known}")
    place = found[0]
    step = place.step
    landings = [Succeed(name=goto) for goto in dict.fromkeys(jumps_of(step)) if goto != name]
    names = {name, *(landing.name for landing in landings)}
    given = Pass(name=_free(GIVEN, names), gives=Object(tuple((key, Const(value)) for key, value in local.items())))
    done: Step = Succeed(name=_free(DONE, names))
    steps = (given, _open(step), done, *landings)
    flow = replace(origin.flow, steps=steps, takes=SCOPE_INPUT, gives=RESULT, timeout=None)
    title = _free(re.sub(r"[^A-Za-z0-9_-]", "-", f"{origin.name}-{name}")[:_LONGEST], taken)
    source = Source(title, written(flow), flow)
    return Single(source, origin, place.at, done.name, following(place.sequence, place.position))


def _open(step: Step) -> Step:
    """The step without its `end`, so that leaving it shows."""
    return step if isinstance(step, Succeed | Fail) else replace(step, end=False)


def _free(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name
