"""What a picture of a flow shows: a node per step, edges for the ways between siblings, bodies inside containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from fnfkit.model.expr import Const, Expr
from fnfkit.model.flow import (
    ANY_ERROR,
    Arm,
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Pattern,
    Step,
    Succeed,
    Task,
    Wait,
)
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, Target, TopicRef, Unresolved

Spell: TypeAlias = Callable[[Expr], str]
"""How a dialect writes a condition or a path."""

START, END = "start", "end"


class Way(Enum):
    """Why one goes along an edge."""

    NEXT = "next"
    CHOSEN = "chosen"
    CAUGHT = "caught"


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one node of a diagram to another, by their positions."""

    source: int
    target: int
    label: str = ""
    way: Way = Way.NEXT


@dataclass(frozen=True, slots=True)
class Body:
    """A sequence inside a container, and what it is for."""

    label: str
    diagram: Diagram


@dataclass(frozen=True, slots=True)
class Node:
    """A step, or the start or the end of a flow. `kind` is the step's type, "start" or "end"."""

    kind: str
    name: str
    detail: str = ""
    bodies: tuple[Body, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """One sequence."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def diagram_of(flow: Flow, spell: Spell) -> Diagram:
    """The picture of a flow, without any coordinates."""
    return _Reader(spell).sequence(flow.steps, outermost=True)


@dataclass(frozen=True, slots=True)
class _Reader:
    spell: Spell

    def sequence(self, steps: tuple[Step, ...], *, outermost: bool = False) -> Diagram:
        """The diagram of a sequence; the outermost shows where it starts, and each where it may end by itself."""
        nodes = [self.node(step) for step in steps]
        if outermost:
            nodes.insert(0, Node(START, "start"))
        first = int(outermost)
        places = {step.name: first + position for position, step in enumerate(steps)}
        end = len(nodes)
        edges = [Edge(0, 1)] if outermost and steps else []
        for position, step in enumerate(steps):
            following = first + position + 1
            edges += self.edges(step, first + position, following if following < end else end, places, end)
        if outermost and not steps:
            edges.append(Edge(0, end))
        if any(edge.target == end for edge in edges) and outermost:
            nodes.append(Node(END, "end"))
        return Diagram(tuple(nodes), tuple(edge for edge in edges if edge.target < len(nodes)))

    def node(self, step: Step) -> Node:
        """A step without its ways."""
        kind = type(step).__name__.lower()
        match step:
            case Task(target=target, pattern=pattern):
                waits = {Pattern.WAIT_FOR_CALLBACK: ", waits for a callback", Pattern.SYNC: ", waits for its end"}
                return Node(kind, step.name, _target(target) + waits.get(pattern, ""))
            case Wait(seconds=seconds, until=until):
                return Node(kind, step.name, self._time(seconds, until))
            case Choice():
                return Node(kind, step.name, "", tuple(self._arms(step)))
            case Parallel(branches=branches):
                return Node(kind, step.name, "parallel", tuple(Body("", self.sequence(one)) for one in branches))
            case Foreach(collection=collection, item=item, steps=steps):
                told = f"for each {item} of {self.spell(collection)}"
                return Node(kind, step.name, told, (Body("", self.sequence(steps)),))
            case Fail(error=error):
                return Node(kind, step.name, "" if error == step.name else error)
            case Pass() | Succeed():
                return Node(kind, step.name)
            case _:
                assert_never(step)

    def edges(self, step: Step, at: int, following: int, places: dict[str, int], end: int) -> Iterator[Edge]:
        """The ways that leave a step; a way that is out of place leads nowhere."""
        match step:
            case Task(catch=catch) | Parallel(catch=catch) | Foreach(catch=catch):
                for entry in catch:
                    if entry.goto in places:
                        yield Edge(at, places[entry.goto], _errors(entry.errors), Way.CAUGHT)
            case Choice():
                yield from self._chosen(step, at, end if step.end else following, places)
                return
            case Succeed() | Fail():
                return
            case _:
                pass
        goto = None if step.next is None else places.get(step.next)
        yield Edge(at, goto if goto is not None else end if step.end else following)

    def _chosen(self, choice: Choice, at: int, following: int, places: dict[str, int]) -> Iterator[Edge]:
        arms = [(option.arm, self.spell(option.condition)) for option in choice.options]
        arms.append((choice.default or Arm(), "else"))
        seen: dict[int, list[str]] = {}
        for arm, label in arms:
            target = places.get(arm.goto, following) if arm.goto is not None else following
            seen.setdefault(target, []).append(label)
        for target, labels in seen.items():
            yield Edge(at, target, " or ".join(labels) if len(seen) > 1 else "", Way.CHOSEN)

    def _arms(self, choice: Choice) -> Iterator[Body]:
        for option in choice.options:
            if option.arm.steps:
                yield Body(self.spell(option.condition), self.sequence(option.arm.steps))
        if choice.default is not None and choice.default.steps:
            yield Body("else", self.sequence(choice.default.steps))

    def _time(self, seconds: Expr | None, until: Expr | None) -> str:
        match seconds or until:
            case None:
                return ""
            case Const(value):
                return f"{value} s" if seconds is not None else f"until {value}"
            case expr:
                return f"{self.spell(expr)} s" if seconds is not None else f"until {self.spell(expr)}"


def _errors(names: tuple[str, ...]) -> str:
    return "any error" if ANY_ERROR in names else ", ".join(names)


def _target(target: Target) -> str:
    match target:
        case FunctionRef(function=function, service=service, qualifier=qualifier):
            return (f"{service}/" if service else "") + function + (f" ({qualifier})" if qualifier else "")
        case QueueRef(queue=queue):
            return f"queue {queue}"
        case TopicRef(topic=topic):
            return f"topic {topic}"
        case FlowRef(flow=flow):
            return f"flow {flow}"
        case ActionRef() | Unresolved():
            return str(target)
        case _:
            assert_never(target)
