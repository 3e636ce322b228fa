"""Random flows, answers and settings, from a seed: every step type, nested, with gotos, retries and failures."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from fnfkit.engine import Limits, Settings
from fnfkit.model.expr import (
    EMPTY,
    EVERYTHING,
    RESULT,
    SCOPE_INPUT,
    And,
    Compare,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    List,
    Negative,
    Not,
    Object,
    Or,
    Part,
    Path,
    Root,
    Wild,
)
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Pattern,
    Retry,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.names import FunctionRef, Unresolved

KEYS = ["a", "b", "xs"]
SCALARS = [None, True, False, 0, 1, 2, 7.5, -1, "", "a", "true", "10", "1970-01-01T00:00:09Z"]
ERRORS = ["A", "B", "FnF.TaskTimeout", "FnF.RuntimeError", "FnF.InvalidLocal"]


@dataclass
class Maker:
    """Makes things by dice. Step names are unique in the flow."""

    dice: Random
    count: int = 0

    def often(self, percent: int) -> bool:
        return self.dice.randrange(100) < percent

    def some(self, most: int) -> range:
        return range(self.dice.randrange(most + 1))

    def value(self, depth: int = 2) -> Any:
        kind = self.dice.randrange(6) if depth else 5
        if kind == 0:
            return [self.value(depth - 1) for _ in self.some(3)]
        if kind == 1:
            return {self.dice.choice(KEYS): self.value(depth - 1) for _ in self.some(2)}
        return self.dice.choice(SCALARS)

    def object(self) -> dict[str, Any]:
        """An object that mostly has an array under `xs` and a scalar under `a`."""
        made: dict[str, Any] = {"a": self.dice.choice(SCALARS)} if self.often(80) else {}
        if self.often(80):
            made["xs"] = [self.value(1) for _ in self.some(5)]
        return made | ({"b": self.value()} if self.often(30) else {})

    def expr(self, *roots: Root, depth: int = 2) -> Expr:
        kind = self.dice.randrange(8)
        if depth and kind == 0:
            return Object(self.fields(*roots, depth=depth - 1))
        if depth and kind == 1:
            return List(tuple(self.expr(*roots, depth=depth - 1) for _ in self.some(2)))
        if kind < 4:
            return Const(self.value())
        return self.path(self.dice.choice(roots))

    def path(self, root: Root) -> Path:
        if root is Root.CONTEXT:
            names = self.dice.choice([("execution", "name"), ("step", "eventId"), ("task", "token"), ("flow",)])
            return Path(root, tuple(Key(name) for name in names))
        parts: list[list[Part]] = [[], [Key("a")], [Key("a")], [Key("xs")], [Key("xs"), Wild()], [Key("xs"), Index(0)]]
        parts += [[Key("b"), Key("a")], [Wild(), Key("a")], [Index(-1)]]
        return Path(root, tuple(self.dice.choice(parts[: 6 if self.often(80) else None])))

    def fields(self, *roots: Root, depth: int = 1) -> tuple[tuple[str, Expr], ...]:
        return tuple((self.dice.choice(KEYS), self.expr(*roots, depth=depth)) for _ in self.some(3))

    def takes(self) -> Expr:
        roots = (Root.SCOPE_INPUT, Root.SCOPE_LOCAL, Root.SCOPE_INPUT, Root.CONTEXT)
        return Object(self.fields(*roots)) if self.often(25) else EVERYTHING

    def gives(self, default: Expr = RESULT) -> Expr:
        return Object(self.fields(Root.INPUT, Root.RESULT, Root.INPUT, Root.CONTEXT)) if self.often(40) else default

    def condition(self, depth: int = 2) -> Expr:
        kind = self.dice.randrange(7) if depth else 6
        if kind < 2:
            return (And, Or)[kind](self.condition(depth - 1), self.condition(depth - 1))
        if kind == 2:
            return Not(self.condition(depth - 1))
        sides = [self.path(Root.INPUT) if self.often(50) else Const(self.dice.choice(SCALARS)) for _ in range(2)]
        return Comparison(self.dice.choice(list(Compare)), Negative(sides[0]) if kind == 3 else sides[0], sides[1])

    def sequence(self, depth: int) -> tuple[Step, ...]:
        names = []
        for _ in range(self.dice.randrange(0 if depth < 3 else 1, 5)):
            self.count += 1
            names.append(f"s{self.count}")
        return tuple(self.step(name, names, depth) for name in names)

    def step(self, name: str, names: list[str], depth: int) -> Step:
        takes, gives, end = self.takes(), self.gives(), self.often(10)
        match self.dice.randrange(24 if depth else 14):
            case 0 | 1 | 2:
                return Pass(name=name, takes=takes, gives=gives, end=end)
            case 3:
                extent = Const(self.dice.randrange(-1, 9)) if self.often(80) else self.expr(Root.INPUT)
                return Wait(name=name, takes=takes, gives=gives, end=end, seconds=extent)
            case 4:
                return Wait(name=name, takes=takes, gives=gives, until=Const("1970-01-01T00:00:30Z"))
            case 5:
                return Succeed(name=name, takes=takes, gives=gives) if self.often(50) else Pass(name=name)
            case 6:
                return Fail(name=name, takes=takes, error="A") if self.often(20) else Pass(name=name)
            case 14 | 15 | 16 | 17:
                options = tuple(When(condition=self.condition(), arm=self.arm(names, depth)) for _ in self.some(2))
                default = self.arm(names, depth) if self.often(50) else None
                return Choice(name=name, options=options, default=default, takes=takes, gives=gives, end=end)
            case 18 | 19 | 20:
                branches = tuple(self.sequence(depth - 1) for _ in self.some(3))
                return Parallel(name=name, branches=branches, takes=takes, gives=self.gives(EMPTY), end=end)
            case 21 | 22 | 23:
                return self.foreach(name, depth)
            case _:
                return self.task(name, names)

    def arm(self, names: list[str], depth: int) -> Arm:
        return Arm(steps=self.sequence(depth - 1), goto=self.dice.choice(names) if self.often(30) else None)

    def foreach(self, name: str, depth: int) -> Foreach:
        collection = Const([1, "a", {"a": 2}]) if self.often(50) else Path(Root.INPUT, (Key("xs"),))
        index = self.dice.choice([None, "i", "b"])
        body, gives = self.sequence(depth - 1), self.gives(EMPTY)
        return Foreach(name=name, collection=collection, item="x", index=index, steps=body, gives=gives)

    def task(self, name: str, names: list[str]) -> Task:
        return Task(
            name=name,
            target=FunctionRef("f") if self.often(95) else Unresolved("!Ref", "x"),
            pattern=self.dice.choice(list(Pattern)),
            params=Object(self.fields(Root.INPUT)) if self.often(20) else None,
            timeout=self.dice.randrange(1, 6) if self.often(40) else None,
            retry=tuple(Retry(self.errors(), self.dice.randrange(3), 9, self.dice.randrange(3)) for _ in self.some(2)),
            catch=tuple(Catch(self.errors(), self.dice.choice(names)) for _ in self.some(2)),
            on_error=Object(self.fields(Root.RESULT, Root.INPUT)) if self.often(40) else None,
            takes=self.takes(),
            gives=self.gives(),
            end=self.often(10),
        )

    def errors(self) -> tuple[str, ...]:
        return ("FnF.ALL",) if self.often(40) else (self.dice.choice(ERRORS), self.dice.choice(ERRORS))

    def flow(self) -> Flow:
        return Flow(
            steps=self.sequence(3),
            takes=SCOPE_INPUT if self.often(80) else Object(self.fields(Root.SCOPE_INPUT)),
            gives=self.gives(),
            timeout=self.dice.randrange(1, 60) if self.often(20) else None,
        )

    def settings(self) -> Settings:
        limits = Limits(
            events=self.dice.choice([300, 300, 300, 300, 40, self.dice.randrange(1, 30)]),
            step_bytes=self.dice.choice([32_768, 32_768, 500, 150]),
            foreach_concurrency=self.dice.choice([1, 2, 100]),
            branches=self.dice.choice([2, 100]),
        )
        turn = self.dice.choice([1, 3, 1_000])
        return Settings(limits, b"key", self.often(50), self.often(70), turn)
