"""Flows in the subset that all languages share, made from a seed.

Data always holds the same keys with the same types: a number `n`, a text `s`, a boolean `flag`, a list `items`. So no
path is ever missing and no comparison coerces, which is where the languages are meant to differ.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

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
    Key,
    Not,
    Object,
    Or,
    Path,
    Root,
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
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef

ERRORS = ("Busy", "Gone", "Broken")
WORDS = ("red", "green", "blue")
ALWAYS_WELL = "steady"
"""Functions of this prefix never fail: what else runs beside a failing branch is a matter of threads in moto."""
_OWN = re.compile(r"(task|pass|wait|callback|choice|parallel|foreach|succeed|fail)[0-9]+\Z")


def steps_of(names: Iterable[str]) -> list[str]:
    """The names of generated steps, without those of states that a language needs around them."""
    return [name for name in names if _OWN.match(name)]


def made_input(seed: int) -> JsonObject:
    """An execution's input."""
    chance = random.Random(f"input {seed}")
    return {**_data(chance), "items": [_data(chance) for _ in range(chance.randint(0, 3))]}


def _data(chance: random.Random) -> JsonObject:
    return {"n": chance.randint(0, 5), "s": chance.choice(WORDS), "flag": chance.random() < 0.5}


def answer(seed: int, function: str, number: int) -> JsonObject | str:
    """What the n-th call of a function answers: a result, or the name of an error."""
    chance = random.Random(f"{seed} {function} {number}")
    if not function.startswith(ALWAYS_WELL) and chance.random() < 0.35:
        return chance.choice(ERRORS)
    return {**_data(chance), "by": function, "call": number}


def made_flow(seed: int) -> Flow:
    """A flow; one in eight has containers inside containers. moto takes a second to read 20 KB, so flows are small."""
    maker = _Maker(random.Random(f"flow {seed}"))
    return Flow(steps=maker.sequence(2 if seed % 8 == 0 else 1, steady=False), takes=SCOPE_INPUT)


@dataclass
class _Maker:
    chance: random.Random
    count: int = 0
    kinds: tuple[str, ...] = field(default=("task",) * 5 + ("pass", "wait", "callback"))

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def sequence(self, depth: int, *, steady: bool) -> tuple[Step, ...]:
        """Jumps go forward only, so that every flow ends."""
        kinds = [
            self.chance.choice(self.all_kinds(depth, steady=steady))
            for _ in range(self.chance.randint(1, 3 if depth else 2))
        ]
        names = [self.name(kind) for kind in kinds]
        return tuple(self.step(kind, names[at], names[at + 1 :], depth, steady=steady) for at, kind in enumerate(kinds))

    def all_kinds(self, depth: int, *, steady: bool) -> tuple[str, ...]:
        nested = ("choice", "choice", "parallel", "foreach") if depth else ()
        return (*self.kinds, *nested, "succeed", *(() if steady else ("fail",)))

    def step(self, kind: str, name: str, later: list[str], depth: int, *, steady: bool) -> Step:
        end = self.chance.random() < 0.07
        match kind:
            case "task" | "callback":
                return self.task(name, later, waits=kind == "callback", steady=steady, end=end)
            case "pass":
                return Pass(name=name, takes=self.takes(), gives=self.built(Root.INPUT), end=end)
            case "wait":
                return Wait(name=name, seconds=Const(self.chance.randint(0, 40)), end=end)
            case "choice":
                return self.choice(name, later, depth, steady=steady, end=end)
            case "parallel":
                branches = tuple(self.sequence(depth - 1, steady=True) for _ in range(self.chance.randint(1, 3)))
                return Parallel(name=name, branches=branches, gives=self.collected(name), end=end)
            case "foreach":
                body = self.sequence(depth - 1, steady=steady)
                items = Path(Root.INPUT, (Key("items"),))
                gives = self.collected(name)
                return Foreach(name=name, collection=items, item="item", steps=body, gives=gives, end=end)
            case "succeed":
                return Succeed(name=name)
            case _:
                return Fail(name=name, error=self.chance.choice(ERRORS), cause="as was decided")

    def takes(self) -> Expr:
        if self.chance.random() < 0.6:
            return EVERYTHING
        keys = ("n", "s", "flag", "items")
        fields = tuple((key, Path(Root.SCOPE_INPUT, (Key(key),))) for key in keys)
        return Object((*fields, ("more", Const({"of": [1, None, "it's"]}))))

    def built(self, root: Root) -> Expr:
        fields: list[tuple[str, Expr]] = [("n", Const(self.chance.randint(0, 5)))]
        if self.chance.random() < 0.7:
            fields.append(("s", Path(root, (Key("s"),))))
        if self.chance.random() < 0.5:
            fields.append((f"kept {self.chance.randint(0, 2)}", Path(Root.INPUT, (Key("flag"),))))
        return Object(tuple(fields))

    def collected(self, name: str) -> Expr:
        return EMPTY if self.chance.random() < 0.4 else Object(((f"all_{name}", RESULT),))

    def task(self, name: str, later: list[str], *, waits: bool, steady: bool, end: bool) -> Task:
        catch: tuple[Catch, ...] = ()
        if later and self.chance.random() < 0.5:
            some = tuple(self.chance.sample(ERRORS, self.chance.randint(1, 2)))
            catch = (Catch(some, self.chance.choice(later)), Catch(("FnF.ALL",), self.chance.choice(later)))
        on_error = Object((("why", Path(Root.RESULT, (Key("error"),))), ("n", Path(Root.INPUT, (Key("n"),)))))
        takes = self.takes()
        if waits:
            token = ("token", Path(Root.CONTEXT, (Key("task"), Key("token"))))
            fields = tuple((key, Path(Root.SCOPE_INPUT, (Key(key),))) for key in ("n", "s", "flag"))
            takes = Object((token, *fields))
        return Task(
            name=name,
            target=FunctionRef(f"{ALWAYS_WELL if steady else 'any'}_{name}"),
            pattern=Pattern.WAIT_FOR_CALLBACK if waits else Pattern.REQUEST_RESPONSE,
            retry=() if waits and self.chance.random() < 0.9 else self.retries(),
            catch=catch,
            on_error=on_error if catch and self.chance.random() < 0.7 else None,
            takes=takes,
            gives=RESULT if self.chance.random() < 0.6 else self.built(Root.RESULT),
            end=end,
        )

    def retries(self) -> tuple[Retry, ...]:
        if self.chance.random() < 0.5:
            return ()
        errors = ("FnF.ALL",) if self.chance.random() < 0.3 else tuple(self.chance.sample(ERRORS, 1))
        interval, most = self.chance.randint(1, 4), self.chance.choice((3, 5, 86_400))
        return (Retry(errors, interval, most, self.chance.randint(0, 3), self.chance.choice((1, 2, 1.5))),)

    def choice(self, name: str, later: list[str], depth: int, *, steady: bool, end: bool) -> Choice:
        options = tuple(
            When(condition=self.condition(2), arm=self.arm(later, depth, steady=steady))
            for _ in range(self.chance.randint(1, 2))
        )
        default = self.arm(later, depth, steady=steady) if self.chance.random() < 0.5 else None
        return Choice(name=name, options=options, default=default, end=end)

    def arm(self, later: list[str], depth: int, *, steady: bool) -> Arm:
        steps = self.sequence(depth - 1, steady=steady) if self.chance.random() < 0.5 else ()
        goto = self.chance.choice(later) if later and self.chance.random() < 0.5 else None
        return Arm(steps=steps, goto=goto)

    def condition(self, depth: int) -> Expr:
        kind = self.chance.randint(0, 5 if depth else 2)
        match kind:
            case 0:
                value: Json = self.chance.randint(0, 5)
                return Comparison(self.chance.choice(list(Compare)), Path(Root.INPUT, (Key("n"),)), Const(value))
            case 1:
                word = Const(self.chance.choice(WORDS))
                return Comparison(self.chance.choice(list(Compare)), Path(Root.INPUT, (Key("s"),)), word)
            case 2:
                return Comparison(Compare.EQ, Path(Root.INPUT, (Key("flag"),)), Const(self.chance.random() < 0.5))
            case 3:
                return And(self.condition(depth - 1), self.condition(depth - 1))
            case 4:
                return Or(self.condition(depth - 1), self.condition(depth - 1))
            case _:
                return Not(self.condition(depth - 1))
