"""Flows as people write them, to be compared with what they compile to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from fnfkit import (
    FC,
    App,
    CloudError,
    approval,
    caught,
    context,
    elsewhere,
    fail,
    parallel,
    part,
    poll_until,
    saga,
    wait,
)

app = App("jobs", service="demo")
queue = app.queue("jobs")
topic = app.topic("news")


class OutOfStock(Exception):
    pass


@dataclass
class Job:
    id: str
    done: bool = False
    size: int = 0
    tags: list[str] = field(default_factory=list)
    owner: str | None = None


class Row(TypedDict):
    key: str
    n: int


@app.function
def load(id: str, limit: int = 10) -> Job:
    elsewhere()


@app.function
def row(key: str = "k") -> Row:
    elsewhere()


@app.function
def jobs(n: int = 3) -> Listing:
    elsewhere()


@dataclass
class Listing:
    jobs: list[Job]
    names: list[str]
    count: int


@app.function
def anything(**e: object) -> Job:
    elsewhere()


@part
def both(a: str, b: str) -> Job:
    x = load(a)
    if x.done:
        return x
    return load(b)


@part
def nested(id: str) -> Job:
    j = both(id, "q")
    while not j.done:
        j = load(j.id, limit=j.size)
        if j.size > 2:
            break
    return j


@app.flow
def child(id: str, n: int = 2) -> Job:
    if n > 5:
        fail("TooMuch", "n")
    return load(id, limit=n)


@app.flow
def f01(input: str, local: int, context: bool, error: str = "e") -> dict[str, object]:
    x = load(input, limit=local)
    if context:
        error = x.id
    return {"input": input, "local": local, "error": error, "context": context}


@app.flow
def f02(größe: int, 名: str) -> dict[str, object]:
    straße = load(名, limit=größe)
    return {"größe": straße.size, "名": straße.id}


@app.flow
def f03(
    a_parameter_with_a_name_that_goes_on_and_on_and_on_and_on: str,
) -> dict[str, object]:
    a_long_variable_name = load(a_parameter_with_a_name_that_goes_on_and_on_and_on_and_on)
    a_second_long_variable_name = load("b")
    return {
        "x": a_long_variable_name.id,
        "y": a_second_long_variable_name.size,
    }


@app.flow
def f04(id: str) -> dict[str, object]:
    n = 0
    while True:
        j = load(id, limit=n)
        n = j.size
        if j.done:
            break
        if n == 1:
            continue
        try:
            k = load(j.id)
            if k.done:
                break
        except OutOfStock:
            if n > 2:
                break
            continue
        wait(1)
    return {"n": n, "j": j.id}


@app.flow
def f05(id: str) -> dict[str, object]:
    try:
        try:
            a = load(id)
        except OutOfStock:
            a = load("inner")
        b = load(a.id)
    except Exception as e:
        return {"r": caught(e).error, "a": None}
    return {"r": b.id, "a": a.id}


@app.flow
def f06(id: str) -> dict[str, object]:
    a = load(id)
    b = a
    a = load(b.id, limit=b.size)
    return {"a": a.id, "b": b.id, "bs": b.size}


@app.flow
def f07(id: str) -> dict[str, object]:
    a, b = parallel(both(id, "x"), nested("y"))
    c = parallel(load(a.id), row(b.id))
    return {"a": a.size, "b": b.size, "c0": c[0].id, "c1": c[1]["key"]}


@app.flow
def f08(id: str) -> dict[str, object]:
    lst = jobs()
    ids = [j.id for j in lst.jobs]
    rs = [load(j.id) if j.done else anything(x=j.size, i=i) for i, j in enumerate(lst.jobs)]
    ds = [r.done for r in rs]
    return {"ids": ids, "ds": ds, "names": lst.names, "first": rs[0].id}


@app.flow
def f09(id: str) -> dict[str, object]:
    with saga("Gone") as tx:
        a = tx.do(load("a"), undo=lambda t: anything(undo=t.id))
        tx.do(queue.send({"x": a.id}), undo=lambda m: queue.send({"cancel": a.id}))
        b = tx.do(child(a.id), undo=lambda t: anything(undo=t.id, a=a.id))
        c = load(b.id)
    return {"c": c.id}


@app.flow
def f10(id: str, flag: bool = False, name: str | None = None, n: int = 3) -> dict[str, object]:
    if name is None:
        name = "none"
    if flag:
        n = 7
    x = child(id=name, n=n)
    return {"x": x.id, "n": n, "name": name}


@app.flow
def f11(id: str) -> dict[str, object]:
    b = {"c": id, "d": {"e": 1}}
    d: dict[str, object] = {"a": id, "b": b}
    e = {"x": d, "y": b["c"]}
    anything(d=d, e=e)
    d = {"a": "new", "b": {"c": "z", "d": {"e": 2}}}
    anything(d=d, e=e)
    return {"d": d, "e": e}


@app.flow
def f12(id: str) -> dict[str, object]:
    x = load(id)
    y = x.id if x.done else "no"
    z = x.size > 1 and not x.done
    w = (x.done or x.size == 0) if z else x.done
    return {"y": y, "z": z, "w": w}


@app.flow
def f13(id: str) -> dict[str, object]:
    x = load(id)
    if x.done:
        y = "a"
    elif x.size == 1:
        y = "b"
        if x.owner is not None and x.owner != "me":
            return {"y": x.owner}
    else:
        if x.size > 3:
            return {"y": None}
        y = x.id
    return {"y": y}


@app.flow
def f17(id: str) -> dict[str, object]:
    try:
        x = child(id, n=9)
    except Exception as e:
        anything(error=caught(e).error, cause=caught(e).cause)
        x = load("fallback")
    else:
        x = load(x.id)
    return {"x": x.id}


@app.flow
def f18(id: str) -> dict[str, object]:
    x = load.retry(OutOfStock, times=2, every=1).retry("FC.Unknown", times=1)(id)
    return {"x": x.id}


@app.flow
def f19(id: str) -> dict[str, object]:
    done = False
    n = 0
    while not done:
        while n < 2:
            j = load(id, limit=n)
            n = j.size
            if j.done:
                done = True
                break
        if not done:
            j = load("second")
            done = j.done
            n = 0
    return {"n": n}


@app.flow
def f20(id: str) -> dict[str, object]:
    x = load(id)
    x = load(x.id) if x.done else x
    x, y = load(x.id), x
    return {"x": x.id, "y": y.id}


@app.flow
def f21(id: str) -> dict[str, object]:
    result = load(id)
    results = [load(t) for t in result.tags]
    value = {"result": result.id}
    answer = poll_until(lambda: load(result.id), lambda a: a.done or a.size > 0, every=1)
    return {"result": result.id, "value": value, "answer": answer.size, "results": [r.id for r in results]}


@app.flow
def f23(id: str) -> dict[str, object]:
    n = 3
    m = n
    n = 4
    anything(n=n, m=m)
    n, m = m, n
    return {"n": n, "m": m}


@app.flow
def f25(id: str) -> dict[str, object]:
    d = approval(queue, {"id": id, "v": 1})
    if d.approved and d.comment is not None:
        return {"c": d.comment}
    return {"c": None}


@app.flow
def f26(id: str) -> Job:
    return nested(both(id, "b").id)


@app.flow
def f29(id: str) -> dict[str, object]:
    try:
        a = load(id)
        n = a.size
        a2 = load("second")
        n = a2.size
    except OutOfStock:
        n = -1
    return {"n": n}


@app.flow
def f30(id: str) -> dict[str, object]:
    n = 0
    try:
        n = 1
        load(id)
        n = 2
        load("b")
        n = 3
    except Exception:
        anything(n=n)
    return {"n": n}


@app.flow
def f32(id: str) -> dict[str, object]:
    x: str | None = None
    j = load(id)
    if j.owner is not None:
        x = j.owner
    y = x
    if y is not None and y == "me":
        load(y)
    return {"x": x, "j": j}


@app.flow
def f33(data: dict[str, object], opt: dict[str, object] | None = None) -> dict[str, object]:
    return {"v": data["v"], "w": data}


@app.flow
def f35(id: str) -> dict[str, object]:
    if id == "1":
        load("one")
    if id == "1.0":
        load("oneo")
    if id != "true":
        load("nt")
    if id < "b":
        load("lt")
    return {}


@app.flow
def f36(steps: str, version: str, type: str, name: str) -> dict[str, object]:
    status = load(steps)
    output = load(version)
    errorMessage = load(type)
    cause = load(name)
    return {"status": status.id, "output": output.id, "errorMessage": errorMessage.id, "cause": cause.id}


@app.flow
def g01(id: str) -> dict[str, object]:
    a = parallel(load(id), load("b"))
    x = a[0].id
    y = a[1]
    z = a
    return {"x": x, "y": y.id, "z": z[1].done}


@app.flow
def g02(xs: list[str]) -> dict[str, object]:
    rs = [load(x) for x in xs]
    x = rs[0].id
    names = [r.id for r in rs]
    rs2 = rs
    lens = [r.size for r in rs2]
    tags = [r.tags for r in rs]
    return {"x": x, "names": names, "lens": lens, "tags": tags}


@app.flow
def g03(id: str) -> dict[str, object]:
    listing = jobs()
    ids = [j.id for j in listing.jobs]
    first = ids[0]
    more = [load(i) for i in [j.id for j in listing.jobs]]
    return {"first": first, "ids": ids, "m": [x.tags for x in more]}


@app.flow
def g05(id: str) -> dict[str, object]:
    x = load(id)
    child.start(x.id)
    y = child(x.id, n=x.size)
    while y.size < 2:
        y = child.retry(CloudError, times=1)(id=y.id)
    a, b = parallel(child("p"), queue.call({"token": context.task.token}, returns=Job))
    rs = [child(t, n=1) for t in x.tags]
    return {"y": y, "a": a.id, "b": b.size, "rs": [r.done for r in rs]}


@app.flow
def g06(id: str, m: str | None) -> dict[str, object]:
    x = {"a": m, "b": id}
    y = x["a"]
    z = {"q": y, "n": None, "t": True, "l": [1, 2]}
    if y is None:
        y = "none"
    anything(z=z, y=y)
    return {"x": x, "y": y, "z": z}


@app.flow
def g07(id: str) -> dict[str, object]:
    n = 0
    j = load(id)
    while n < 2:
        k = load(j.id, limit=n)
        if k.done:
            n = 2
            continue
        n = k.size
        if n == 1:
            try:
                again = load(k.id)
                if again.done:
                    return {"n": n, "id": again.id}
                continue
            except OutOfStock:
                break
    return {"n": n, "id": j.id}


@app.flow
def g09(id: str) -> dict[str, object]:
    x = load(id).owner
    y = x if x is not None else "nobody"
    z = None if y == "me" else y
    ok = x is None or x == "you"
    return {"x": x, "y": y, "z": z, "ok": ok}


@app.flow
def g10(id: str) -> dict[str, object]:
    a = load(id)
    b = {"j": a, "n": a.size}
    a = load("other")
    c = b["j"]
    return {"c": c, "a": a.id, "n": b["n"]}


@app.flow
def g11(id: str) -> dict[str, object]:
    a, b = parallel(load(id), load("b"))
    b, a = a, b
    t = a.tags
    a = load(b.id)
    return {"a": a.id, "b": b.id, "t": t}


@app.flow
def g13(id: str) -> dict[str, object]:
    x = load(id)
    y = load(x.id) if (x.done and x.size > 1) or (not x.done and x.size == 0) else load("no")
    return {"y": y.id, "b": not (x.done or y.done)}


@app.flow
def g14(result: str, results: str, answer: str, flag: bool, value: str) -> dict[str, object]:
    r = load(result)
    items = [load(results) for i in r.tags]
    v = flag and r.done
    return {"result": r.id, "results": [i.id for i in items], "v": v, "value": value, "answer": answer}


@app.flow
def g16(id: str) -> dict[str, object]:
    try:
        x = load(id)
    except OutOfStock as error:
        try:
            x = load("again")
        except Exception as error2:
            e = caught(error2)
            return {"e": e.error, "f": caught(error).error}
    except (FC.Unknown, KeyError) as error:
        return {"e": caught(error).error, "f": None}
    return {"e": x.id, "f": None}


@app.flow
def g17(cfg: dict[str, str], p: list[int]) -> dict[str, object]:
    return {"a": cfg["v"], "b": p[0], "c": p, "d": "ab", "e": 1.5, "f": -3, "g": None}


@app.flow
def g18(id: str) -> dict[str, object]:
    x = load(id)
    if x.done:
        y = x
    else:
        z = load("z")
        y = z
    y = load(y.id)
    if y.done:
        return {"y": y.id, "x": x.id}
    x = y
    return {"y": y.size, "x": x.size}


@app.flow
def g19(id: str) -> dict[str, object]:
    with saga("A") as tx2:
        a = tx2.do(load(id), undo=lambda a: anything(id=a.id))
        r = [1, 2]
    with saga("B") as tx3:
        b = tx3.do(load(a.id), undo=lambda id: anything(id=id.id))
    return {"id": id, "a": a.id, "b": b.id, "r": r}


@app.flow
def g20(id: str, m: str | None) -> dict[str, object]:
    try:
        x = load(id)
    except OutOfStock:
        note: str | None = m
    else:
        note = None
        if x.done:
            note = x.owner
    return {"note": note}


@app.flow
def g21(id: str) -> dict[str, object]:
    while False:
        load(id)
        load("x")
    return {"id": id}
