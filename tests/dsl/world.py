"""What generated programs may use: functions with one rich result type, errors, parts."""

from __future__ import annotations

from dataclasses import dataclass

from fnfkit import (
    FC,
    App,
    CloudError,
    FnF,
    caught,
    elsewhere,
    fail,
    parallel,
    part,
    poll_until,
    saga,
    wait,
)
from fnfkit.model.json import Json

app = App("world", service="lab")


class Broken(Exception):
    """An error of a function."""


class Worse(Broken):
    """One that is derived from it."""


class Known(CloudError):
    """An error with a name of its own."""

    named = "Lab.Known"


@dataclass
class Inner:
    k: str
    v: float


@dataclass
class Out:
    n: int
    s: str
    ok: bool
    maybe: str | None
    count: int | None
    flag: bool | None
    items: list[str]
    inner: Inner
    other: Inner | None


@app.function
def f0(**event: Json) -> Out:
    elsewhere()


@app.function
def f1(**event: Json) -> Out:
    elsewhere()


@app.function
def f2(a: int, b: str = "", c: bool = False) -> Out:
    elsewhere()


@app.flow
def sub(a: int, b: str = "", c: bool = False) -> Out:
    elsewhere()


@part
def first_good(limit: int, word: str) -> Out:
    found = f2(a=limit, b=word)
    if found.ok:
        return found
    if found.maybe is None:
        again = f0(word=word, n=found.n)
    else:
        f2(limit)
        again = f1(word=found.maybe, n=limit)
    if again.n > limit:
        return again
    return f1(last=again.s)


@part
def careful(word: str) -> str:
    try:
        out = f0(word=word)
    except Broken as error:
        f1(cause=caught(error).error)
        return "broken"
    except FC.Unknown as error:
        return error.error
    return out.s


__all__ = [
    "FC",
    "Broken",
    "FnF",
    "Inner",
    "Json",
    "Known",
    "Out",
    "Worse",
    "app",
    "careful",
    "caught",
    "f0",
    "f1",
    "f2",
    "fail",
    "first_good",
    "parallel",
    "poll_until",
    "saga",
    "sub",
    "wait",
]
