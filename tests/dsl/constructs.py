"""Every construct of the language: what becomes FDL, and what is refused. The documentation page is made of this."""

from __future__ import annotations

import linecache
import re
import textwrap
from typing import NamedTuple

from fnfkit import App
from fnfkit.dsl.errors import CompileError
from fnfkit.dsl.flow import PythonFlow
from fnfkit.model.json import Json

PRELUDE = """\
from dataclasses import dataclass
from typing import TypedDict
from fnfkit import *

app = App("shop", service="shop")
queue = app.queue("orders")
topic = app.topic("news")

@dataclass
class Item:
    id: str
    size: int
    ready: bool
    owner: str | None
    tags: list[str]

class OutOfStock(Exception):
    pass

@app.function
def load(id: str, limit: int = 10) -> Item:
    elsewhere()

@app.function
def save(item: Item) -> Item:
    elsewhere()

@app.function
def anything(**event: object) -> dict:
    elsewhere()

@app.function
def ask(token: TaskToken, doc: str) -> Item:
    elsewhere()

@app.flow
def child(id: str) -> Item:
    return load(id)

@part
def checked(id: str) -> Item:
    item = load(id)
    if item.ready:
        return item
    return load(item.id)

@app.flow
def flow(id: str, count: int, flag: bool, ids: list[str], maybe: str | None, data: dict[str, object]) -> dict:
"""
FILE = "flow.py"
_LINES = re.compile(rf"({FILE}:|line )(\d+)")


class Construct(NamedTuple):
    """A piece of a flow's body, and what it is called."""

    title: str
    body: str


SUPPORTED = [
    Construct("call a function", "item = load(id=id)\nreturn {'id': item.id}"),
    Construct("call it again after errors", "load.retry(OutOfStock, times=2, every=5, factor=1)(id)"),
    Construct("limit one attempt", "load.timeout(30)(id)"),
    Construct("a version or an alias", "load.at('prod')(id)"),
    Construct("name the step", "load.named('LoadFirst')(id)"),
    Construct("constants", "count_now = 0\nname = 'first'\nload(id=name, limit=count_now)"),
    Construct("an object", "anything(order={'id': id, 'kind': 'new'})"),
    Construct("if, elif, else", "if count > 3:\n    load('a')\nelif flag:\n    load('b')\nelse:\n    load('c')"),
    Construct("early return", "if flag:\n    return {'id': id}\nitem = load(id)\nreturn {'id': item.id}"),
    Construct("and, or, not, in", "if flag and not (id == 'a' or id in ('b', 'c')):\n    load(id)"),
    Construct("texts that may look like numbers", "item = load(id)\nif item.id == id:\n    save(item)"),
    Construct("None", "if maybe is not None:\n    load(maybe)"),
    Construct("a choice as a value", "word = 'big' if count > 10 else 'small'\nload(word)"),
    Construct("while", "item = load(id)\nwhile not item.ready:\n    wait(seconds=10)\n    item = load(item.id)"),
    Construct(
        "while True, break, continue",
        "while True:\n    item = load(id)\n    if item.ready:\n        break\n    wait(60)",
    ),
    Construct("try, except", "try:\n    load(id)\nexcept OutOfStock:\n    load('other')"),
    Construct(
        "what was caught",
        "try:\n    load(id)\nexcept FC.Unknown as error:\n    anything(name=error.error, cause=error.cause)",
    ),
    Construct("fail", "if count == 0:\n    fail('NothingToDo', 'count is 0')\nload(id)"),
    Construct("wait until an instant", "item = load(id)\nwait(until=item.id)"),
    Construct("parallel", "one, other = parallel(load('a'), load('b'))\nreturn {'one': one.id, 'other': other.id}"),
    Construct(
        "a comprehension", "items = [load(id=one) for one in ids]\nreturn {'sizes': [item.size for item in items]}"
    ),
    Construct("with its index", "[load(id=one, limit=i) for i, one in enumerate(ids)]"),
    Construct("a part", "items = [checked(one) for one in ids]\nanything(items=items)"),
    Construct("send and publish", "queue.send({'id': id}, priority=1)\ntopic.publish(id, tag='new')"),
    Construct(
        "wait for a worker", "item = queue.call({'token': context.task.token, 'id': id}, returns=Item)\nsave(item)"
    ),
    Construct("wait for a callback", "item = ask.callback(token=context.task.token, doc=id)\nsave(item)"),
    Construct("start and go on", "load.submit(id)"),
    Construct("start and wait", "item = load.stateful(task_id=id).wait_for(id)\nsave(item)"),
    Construct("a sub-flow", "item = child(id)\nchild.start('other')\nsave(item)"),
    Construct(
        "a saga",
        "with saga('OrderFailed') as tx:\n    a = tx.do(load('a'), undo=lambda done: save(done))\n    load('b')",
    ),
    Construct("poll", "item = poll_until(lambda: load(id), lambda found: found.ready, every=5)\nsave(item)"),
    Construct("a decision", "decision = approval(queue.timeout(60), {'id': id})\nif decision.approved:\n    load(id)"),
]

REFUSED = [
    Construct("arithmetic", "load(id, limit=count + 1)"),
    Construct("counting", "count += 1"),
    Construct("string building", "load(id=f'item-{id}')"),
    Construct("a loop over a list", "for one in ids:\n    load(one)"),
    Construct("an index that changes", "load(ids[count])"),
    Construct("an index from the end", "load(ids[-1])"),
    Construct("a slice", "anything(ids=ids[1:])"),
    Construct("a filter", "[load(one) for one in ids if one != 'a']"),
    Construct("a comprehension over two lists", "[load(b) for a in ids for b in ids]"),
    Construct("a list of values", "anything(ids=[id, 'a'])"),
    Construct("changing an object", "item = load(id)\nitem.size = 3"),
    Construct("truth of a text", "if id:\n    load(id)"),
    Construct("truth of a list", "while ids:\n    load(id)"),
    Construct("length", "if len(ids) > 1:\n    load(id)"),
    Construct("comparing different types", "if id == count:\n    load(id)"),
    Construct("comparing what has no type", "if data['n'] == 3:\n    load(id)"),
    Construct("an order with None", "if maybe > 'a':\n    load(id)"),
    Construct("a field of None", "item = load(id)\nload(item.owner.name)"),
    Construct("a misspelt field", "item = load(id)\nload(item.idd)"),
    Construct("a misspelt argument", "load(id=id, limits=3)"),
    Construct("a missing argument", "load(limit=3)"),
    Construct("a name that may have no value", "if flag:\n    item = load(id)\nsave(item)"),
    Construct("one name, two types", "x = 1\nload(id)\nx = 'a'\nload(x)"),
    Construct("finally", "try:\n    load(id)\nfinally:\n    load('b')"),
    Construct("a bare except", "try:\n    load(id)\nexcept:\n    load('b')"),
    Construct("a try that cannot fail", "try:\n    wait(5)\nexcept Exception:\n    load(id)"),
    Construct("catching a parallel", "try:\n    parallel(load('a'), load('b'))\nexcept Exception:\n    load('c')"),
    Construct("catching every cloud error", "try:\n    child(id)\nexcept CloudError:\n    load('c')"),
    Construct("raise", "raise OutOfStock('none left')"),
    Construct("a cause that varies", "fail('Broken', id)"),
    Construct("assert", "assert flag"),
    Construct("any other call", "print(id)"),
    Construct("a method of a text", "load(id.upper())"),
    Construct("a function inside a flow", "def inner():\n    pass\nload(id)"),
    Construct("a lambda", "anything(f=lambda: 1)"),
    Construct("match", "match id:\n    case 'a':\n        load(id)"),
    Construct("with", "with open('file') as f:\n    load(id)"),
    Construct(
        "a saga's step inside another statement",
        "with saga('OrderFailed') as tx:\n    if flag:\n        tx.do(load('a'))",
    ),
    Construct("async", "await load(id)"),
    Construct("an assignment inside an expression", "load(id=(x := 'a'))"),
    Construct("*arguments", "load(*ids)"),
    Construct("**arguments", "load(**data)"),
    Construct("settings that vary", "load.timeout(count)(id)"),
    Construct("an output that is no object", "return load(id).size"),
    Construct("an output without known keys", "found = anything(id=id)\nreturn found"),
    Construct("outputs that differ", "if flag:\n    return {'a': 1}\nreturn {'b': 2}"),
    Construct("code that never runs", "return {}\nload(id)"),
    Construct("a wait that is too long", "wait(seconds=200_000)"),
    Construct("a text that reads as a path", "load(id='$input.id')"),
    Construct("a set", "anything(ids={'a', 'b'})"),
    Construct("del", "item = load(id)\ndel item"),
    Construct("global", "global state\nload(id)"),
    Construct("import", "import os\nload(id)"),
    Construct("yield", "yield load(id)"),
    Construct("a generator", "anything(all=(load(one) for one in ids))"),
    Construct("a dict comprehension", "anything(all={one: 1 for one in ids})"),
    Construct("a token in a variable", "token = context.task.token\nqueue.call({'token': token, 'id': id})"),
    Construct("a token in an object of its own", "message = {'token': context.task.token}\nqueue.call(message)"),
    Construct("a token deep in a message", "queue.call({'task': {'token': context.task.token, 'id': id}})"),
    Construct("a token that nobody waits for", "queue.send({'token': context.task.token})"),
    Construct("a text with a token in it", "queue.call({'url': f'https://example.com/{context.task.token}'})"),
    Construct("an id that is no argument", "item = load(id)\nload.stateful(task_id=item.id).submit(id)"),
]


def flow_of(construct: Construct) -> PythonFlow[..., Json]:
    """The flow that has the construct as its body."""
    source = PRELUDE + textwrap.indent(construct.body, "    ") + "\n"
    if "await" in construct.body:
        source = source.replace("def flow(", "async def flow(")
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    names: dict[str, Json] = {"__name__": "shop"}
    exec(compile(source, FILE, "exec", dont_inherit=True), names)
    app = names["app"]
    assert isinstance(app, App)
    flow = app.flows["flow"]
    assert isinstance(flow, PythonFlow)
    return flow


def refusal(construct: Construct) -> str:
    """What the compiler says; the line number counts from the body's first line."""
    try:
        flow_of(construct).compile()
    except CompileError as error:
        offset = PRELUDE.count("\n")
        found = error.diagnostics
        return "\n".join(_LINES.sub(lambda at: f"{at[1]}{int(at[2]) - offset}", str(one)) for one in found)
    raise AssertionError(f"{construct.title} compiles")
