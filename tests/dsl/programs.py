"""Generates flows in the subset that compiles, as source text; every name has a value and a type where it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Env = dict[str, str]
"""Names that surely have a value here -> "int", "str", "bool", "maybe", "out", "list", "outs"."""

TEXTS = ["", "a", "10", "10.0", "true", "TRUE", "false", "0", "none", "null", "1e1", "ok", " 7", "é"]
NUMBERS = [-1, 0, 1, 2, 3, 10]
PARAMETERS: Env = {"p": "int", "q": "str", "r": "bool", "xs": "list", "m": "maybe", "d": "int", "w": "str"}
SIGNATURE = 'p: int, q: str, r: bool, xs: list[str], m: str | None, d: int = 3, w: str = "a"'


@dataclass
class Writer:
    """Draws one program."""

    draw: Callable[[st.SearchStrategy[T]], T]
    lines: list[str] = field(default_factory=list)
    types: Env = field(default_factory=lambda: dict(PARAMETERS))
    budget: int = 14
    serial: int = 0
    keys: tuple[str, ...] = ("x", "y", "z")

    def pick(self, options: list[T]) -> T:
        return self.draw(st.sampled_from(options))

    def chance(self, of: int) -> bool:
        return self.draw(st.integers(0, of - 1)) == 0

    def names(self, env: Env, kind: str) -> list[str]:
        return [name for name, found in env.items() if found == kind]

    # -- expressions

    def paths(self, env: Env, kind: str) -> list[str]:
        fields = {
            "int": ["n"],
            "str": ["s", "inner.k"],
            "bool": ["ok"],
            "maybe": ["maybe"],
            "count": ["count"],
            "flag": ["flag"],
            "list": ["items"],
            "float": ["inner.v"],
        }
        return [f"{out}.{name}" for out in self.names(env, "out") for name in fields.get(kind, [])]

    def simple(self, env: Env, kind: str) -> str:
        """An expression without steps."""
        known = self.names(env, kind) + self.paths(env, kind)
        constants = {
            "int": [repr(number) for number in NUMBERS],
            "str": [repr(text) for text in TEXTS],
            "bool": ["True", "False"],
            "maybe": ["None", "'a'", "'0'"],
            "list": ["['a', 'b']", "[]"],
        }.get(kind, [])
        return self.pick(known * 3 + constants if known else constants)

    def value(self, env: Env, kind: str) -> str:
        """An expression that may take steps."""
        if self.chance(4) and kind in ("int", "str", "bool"):
            return f"({self.simple(env, kind)} if {self.test(env)} else {self.simple(env, kind)})"
        if self.chance(4) and kind == "bool":
            return self.test(env)
        if self.chance(5) and kind in ("int", "str"):
            return f"{self.call(env)}.{'n' if kind == 'int' else 's'}"
        if self.chance(8) and kind == "str":
            return f"careful({self.simple(env, 'str')})"
        return self.simple(env, kind)

    def call(self, env: Env, plain: bool = False) -> str:
        if not plain and self.chance(8):
            limit = f"{self.call(env, plain=True)}.n" if self.chance(3) else self.simple(env, "int")
            return f"first_good(limit={limit}, word={self.simple(env, 'str')})"
        name = self.pick(["f0", "f1", "f2", "f2.wait_for", "sub"])
        if name not in ("f0", "f1"):
            extra = self.pick(["", f", b={self.simple(env, 'str')}", f", c={self.simple(env, 'bool')}"])
            arguments = f"a={self.simple(env, 'int')}{extra}"
        else:
            kinds = [self.pick(["int", "str", "bool", "maybe", "list"]) for _ in range(self.pick([0, 1, 2]))]
            arguments = ", ".join(f"{key}={self.argument(env, kind)}" for key, kind in zip("uv", kinds, strict=False))
        retry = self.pick([".retry(Broken, times=1)", ".retry(FC.Unknown, times=2, every=2)"])
        function, way, method = name.partition(".")
        return f"{function}{retry if not plain and self.chance(6) else ''}{way}{method}({arguments})"

    def argument(self, env: Env, kind: str) -> str:
        if self.chance(6):
            return f"{{'k': {self.simple(env, kind)}, 'c': 1, 'in': {{'t': {self.simple(env, 'str')}}}}}"
        if self.chance(8):
            return f"{self.call(env, plain=True)}{self.pick(['', '.s', '.maybe', '.inner'])}"
        return self.simple(env, kind)

    def test(self, env: Env, depth: int = 0) -> str:
        way = self.draw(st.integers(0, 14 if depth < 2 else 9))
        if way < 2:
            return self.simple(env, "bool")
        if way < 4:
            op = self.pick(["==", "!=", "<", "<=", ">", ">="])
            return f"{self.simple(env, 'int')} {op} {self.simple(env, 'int')}"
        if way < 6:
            op = self.pick(["==", "!=", "<", ">="])
            return f"{self.simple(env, 'str')} {op} {self.simple(env, 'str')}"
        if way < 8:
            return self._none_test(env)
        if way == 8:
            return f"{self.simple(env, 'str')} {self.pick(['in', 'not in'])} ('a', '10', 'ok')"
        if way == 9:
            return (
                f"{self.call(env)}.ok"
                if self.chance(3)
                else f"{self.simple(env, 'bool')} == {self.simple(env, 'bool')}"
            )
        if way == 10:
            return f"not ({self.test(env, depth + 1)})"
        joined = self.pick([" and ", " or "])
        return "(" + joined.join(self.test(env, depth + 1) for _ in range(self.pick([2, 3]))) + ")"

    def _none_test(self, env: Env) -> str:
        maybe = self.names(env, "maybe") + self.paths(env, "maybe")
        counts = self.paths(env, "count")
        flags = self.paths(env, "flag")
        options = [f"{name} {op} None" for name in maybe + counts + flags for op in ("is", "is not")]
        options += [f"{name} {op} {value}" for name in maybe for op in ("==", "!=") for value in ("'a'", "'0'", "''")]
        options += [f"{name} {op} {value}" for name in counts for op in ("==", "!=") for value in (0, 1)]
        options += [f"{name} {op} {value}" for name in flags for op in ("==", "!=") for value in (True, False)]
        options += [f"({name} is not None and {name} < 2)" for name in counts]
        options += [f"({name} is None or {name} > 'b')" for name in maybe] + flags
        options += [f"{out}.other is None" for out in self.names(env, "out")]
        options += [f"({out}.other is not None and {out}.other.v > 1.5)" for out in self.names(env, "out")]
        return self.pick(options)

    # -- statements

    def emit(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def new(self, kind: str) -> str:
        """A name for a value: an old one of the type, or a new one."""
        old = [name for name, found in self.types.items() if found == kind and name not in ("xs", "m", "r")]
        if old and self.chance(2):
            return self.pick(old)
        self.serial += 1
        name = f"{kind}{self.serial}"
        self.types[name] = kind
        return name

    def block(self, env: Env, depth: int, loop: bool, most: int = 5) -> Env | None:
        """Statements; the names assigned at their end, or None if the end is never reached."""
        for _ in range(self.pick(list(range(1, most)))):
            if self.budget <= 0:
                break
            self.budget -= 1
            after = self.statement(env, depth, loop)
            if after is None:
                return None
            env = after
        else:
            return env
        self.emit(depth, "f0()")
        return env

    def statement(self, env: Env, depth: int, loop: bool) -> Env | None:
        ways = [self.assign] * 5 + [self.result] * 5 + [self.discard, self.pause, self.swap, self.object]
        if depth < 4:
            ways += [self.if_] * 4 + [self.while_] * 2 + [self.try_] * 3
        if not self.in_try:
            ways += [self.parallel] * 2 + [self.foreach] * 2 + ([self.saga] if depth < 3 else [])
        if depth > 1:
            ways += [self.leave] * (5 if loop else 2)
        return self.pick(ways)(env, depth, loop)

    in_try = False

    def assign(self, env: Env, depth: int, loop: bool) -> Env:
        kind = self.pick(["int", "str", "bool", "maybe"])
        value = self.value(env, kind)
        name = self.new(kind)
        declared = f"{name}: str | None" if kind == "maybe" and name not in self.declared else name
        self.declared.add(name)
        self.emit(depth, f"{declared} = {value}")
        return {**env, name: kind}

    declared: set[str] = field(default_factory=lambda: {"m"})

    def result(self, env: Env, depth: int, loop: bool) -> Env:
        call = self.call(env)
        if self.chance(10) and not self.in_try:
            call = f"poll_until(lambda: {self.call(env)}, lambda o: o.ok or o.n > 1, every=2)"
        name = self.new("out")
        self.emit(depth, f"{name} = {call}")
        return {**env, name: "out"}

    def discard(self, env: Env, depth: int, loop: bool) -> Env:
        self.emit(depth, self.call(env))
        return env

    def pause(self, env: Env, depth: int, loop: bool) -> Env:
        self.emit(depth, "wait(seconds=5)")
        return env

    def swap(self, env: Env, depth: int, loop: bool) -> Env:
        ints = self.names(env, "int")
        one, other = self.pick(ints), self.pick(ints)
        if one == other:
            self.emit(depth, f"{one} = {self.value(env, 'int')}")
        else:
            self.emit(depth, f"{one}, {other} = {other}, {self.simple(env, 'int')}")
        return env

    def object(self, env: Env, depth: int, loop: bool) -> Env:
        name = self.new("out")
        k = f"Inner(k={self.simple(env, 'str')}, v=1.5)"
        self.emit(
            depth,
            f"{name} = Out(n={self.simple(env, 'int')}, s={self.simple(env, 'str')}, ok={self.simple(env, 'bool')}, "
            f"maybe={self.simple(env, 'maybe')}, count=None, flag=True, items=[], inner={k}, other=None)",
        )
        return {**env, name: "out"}

    def parallel(self, env: Env, depth: int, loop: bool) -> Env:
        calls = [self.branch(env) for _ in range(self.pick([1, 2, 3]))]
        if len(calls) > 1 and self.chance(2):
            names = list(dict.fromkeys(self.new("out") for _ in calls))
            calls = calls[: len(names)]
            self.emit(depth, f"{', '.join(names)}{',' if len(names) == 1 else ''} = parallel({', '.join(calls)})")
            return {**env, **dict.fromkeys(names, "out")}
        self.serial += 1
        self.emit(depth, f"tuple{self.serial} = parallel({', '.join(calls)})")
        self.emit(depth, f"first{self.serial} = tuple{self.serial}[0].s")
        self.emit(depth, f"f1(first=first{self.serial})")
        return env

    def branch(self, env: Env) -> str:
        return self.pick([self.call(env, plain=True), f"first_good(limit={self.simple(env, 'int')}, word='b')"])

    def foreach(self, env: Env, depth: int, loop: bool) -> Env:
        over = self.simple(env, "list")
        item = {**env, "item": "str"}
        way = self.pick([0, 1, 2, 3])
        self.serial += 1
        name = f"outs{self.serial}"
        if way == 0:
            self.emit(
                depth, f"{name} = [f1(i=i, item=item, z={self.simple(env, 'int')}) for i, item in enumerate({over})]"
            )
        elif way == 1:
            self.emit(depth, f"{name} = [f0(item=item, q={self.simple(item, 'str')}) for item in {over}]")
        elif way == 2:
            self.emit(depth, f"{name} = [first_good(limit=1, word=item) for item in {over}]")
        else:
            self.emit(depth, f"[f0(u=careful(item)) for item in {over}]")
            return env
        if self.chance(2):
            self.emit(depth, f"names{self.serial} = [one.s for one in {name}]")
            self.emit(depth, f"f1(all={name}, names=names{self.serial})")
        else:
            self.emit(depth, f"f1(all={name}, names=[one.s for one in {name}])")
        return env

    def saga(self, env: Env, depth: int, loop: bool) -> Env:
        self.emit(depth, f"with saga('SagaFailed', 'undone') as tx{depth}:")
        self.serial += 1
        before, self.in_try = self.in_try, True
        inner = dict(env)
        for number in range(self.pick([1, 2, 3])):
            name = f"done{self.serial}_{number}"
            self.emit(
                depth + 1,
                f"{name} = tx{depth}.do({self.call(inner, plain=True)}, undo=lambda t: f0(undo=t.s, of={number}))",
            )
            inner[name] = "out"
            if self.chance(3):
                self.emit(depth + 1, f"if {self.test(inner)} or r:")
                self.emit(depth + 2, self.call(inner))
        self.in_try = before
        return inner

    def leave(self, env: Env, depth: int, loop: bool) -> None:
        if loop and self.chance(2):
            self.emit(depth, self.pick(["break", "continue"]))
        elif self.chance(2):
            self.emit(depth, f"fail({self.pick(TEXTS[1:])!r}, 'left')")
        else:
            self.finish(env, depth)

    def finish(self, env: Env, depth: int) -> None:
        values = [self.pick(["int", "str", "bool", "maybe"]) for _ in self.keys]
        fields = ", ".join(f"{key!r}: {self.value(env, kind)}" for key, kind in zip(self.keys, values, strict=True))
        self.emit(depth, f"return {{{fields}}}")

    def if_(self, env: Env, depth: int, loop: bool) -> Env | None:
        ends: list[Env] = []
        for number in range(self.pick([1, 1, 2])):
            test = self.test(env)
            self.emit(depth, f"{'elif' if number else 'if'} {'r' if test in ('True', 'False') else test}:")
            self._arm(env, depth, loop, ends)
        if self.chance(2):
            self.emit(depth, "else:")
            self._arm(env, depth, loop, ends)
        else:
            ends.append(env)
        return _join(ends)

    def _arm(self, env: Env, depth: int, loop: bool, ends: list[Env]) -> None:
        after = self.block(dict(env), depth + 1, loop, 4)
        if after is not None:
            ends.append(after)

    def while_(self, env: Env, depth: int, loop: bool) -> Env | None:
        forever = self.chance(3)
        test = "True" if forever else self.test(env)
        self.emit(depth, f"while {test if forever or test != 'True' else 'r'}:")
        name = self.new("out")
        self.emit(depth + 1, f"{name} = {self.call(env, plain=True)}")
        inner = {**env, name: "out"}
        if forever:
            self.emit(depth + 1, f"if r or {self.test(inner)}:")
            self.emit(depth + 2, "break")
        self.block(dict(inner), depth + 1, True, 4)
        return dict(inner) if forever else env

    def try_(self, env: Env, depth: int, loop: bool) -> Env | None:
        self.emit(depth, "try:")
        before, self.in_try = self.in_try, True
        self.emit(depth + 1, self.call(env, plain=True))
        body = self.block(dict(env), depth + 1, loop, 4)
        ends: list[Env] = []
        orelse = body is not None and self.chance(3)
        self.in_try = before
        errors = self.pick([["Worse", "Broken"], ["FC.Unknown"], ["(Known, FC.Unknown)", "Exception"], ["Exception"]])
        for error in errors:
            named = self.chance(2) and error in ("FC.Unknown", "Exception", "Broken")
            self.emit(depth, f"except {error}{' as e' if named else ''}:")
            if named:
                told = "e.error, cause=e.cause" if error == "FC.Unknown" else "caught(e).error, cause=caught(e).cause"
                self.emit(depth + 1, f"f1(error={told})")
            self._arm(env, depth, loop, ends)
        if orelse and body is not None:
            self.emit(depth, "else:")
            body = self.block(dict(body), depth + 1, loop, 3)
        if body is not None:
            ends.append(body)
        return _join(ends)


def _join(ends: list[Env]) -> Env | None:
    if not ends:
        return None
    return {name: kind for name, kind in ends[0].items() if all(name in end for end in ends)}


@st.composite
def programs(draw: Callable[[st.SearchStrategy[T]], T]) -> str:
    """The source of a flow `program`."""
    writer = Writer(draw)
    writer.emit(0, f"def program({SIGNATURE}) -> dict:")
    env = writer.block(dict(PARAMETERS), 1, False, 8)
    if env is not None:
        writer.finish(env, 1)
    return "\n".join(writer.lines) + "\n"
