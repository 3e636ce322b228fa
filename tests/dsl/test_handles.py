"""Functions, queues, topics and flows as handles: what they are natively, and what an app refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import pydantic
import pytest

from fnfkit import FC, App, CloudError, FlowFailed, FnF, caught, elsewhere, fail, native, parallel, part, saga, wait
from fnfkit.dsl.function import Deployed, Folder, Unanswered
from fnfkit.dsl.values import from_json, to_json
from fnfkit.model.flow import Pattern
from fnfkit.model.json import JsonObject
from fnfkit.model.names import FunctionRef

app = App("shop", service="shop")
queue = app.queue("orders")
topic = app.topic("news")


class OutOfStock(CloudError):
    """Nothing left."""


@dataclass
class Item:
    id: str
    size: int = 1


class Price(pydantic.BaseModel):
    amount: float
    item: Item | None = None


class Row(TypedDict):
    key: str


@app.function
def load(id: str, limit: int = 10) -> Item:
    if id == "gone":
        raise OutOfStock({"left": 0})
    return Item(id, limit)


@app.function
def price(item: Item) -> Price:
    return Price(amount=item.size * 2.5, item=item)


@app.function(code="functions/row")
def row(key: str) -> Row:
    elsewhere()


@app.flow
def buy(id: str) -> Price:
    try:
        item = load.retry(OutOfStock, times=2, every=3)(id)
    except OutOfStock:
        fail("NothingToSell", "no item")
    wait(seconds=60)
    return price(item)


@app.flow
def shop(id: str) -> dict[str, object]:
    try:
        found = buy(id)
    except Exception as error:
        return {"amount": None, "why": caught(error).error}
    return {"amount": found.amount, "why": None}


def test_a_function_in_a_test_is_the_function() -> None:
    assert load("a") == Item("a", 10)


def test_a_native_run_records_calls_and_waits() -> None:
    slept: list[float] = []
    with native(sleep=slept.append) as run:
        assert buy.native("a") == Price(amount=25.0, item=Item("a", 10))
    assert [(str(call.target).rpartition("/")[2], call.event) for call in run.calls] == [
        ("load", {"id": "a"}),
        ("price", {"item": {"id": "a", "size": 10}}),
    ]
    assert slept == [60]


def test_retries_and_failures_are_native_too() -> None:
    slept: list[float] = []
    with native(sleep=slept.append) as run, pytest.raises(FlowFailed) as failed:
        buy.native("gone")
    assert (failed.value.error, failed.value.cause) == ("NothingToSell", "no item")
    assert len(run.calls) == 3
    assert slept == [3, 6]


def test_the_failure_of_a_sub_flow_can_be_caught() -> None:
    assert shop.native("gone") == {"amount": None, "why": "NothingToSell"}
    assert shop.native("a") == {"amount": 25.0, "why": None}


def test_an_error_that_nobody_catches_fails_the_flow_with_its_name_and_cause() -> None:
    @app.flow(name="plain-load")
    def plain(id: str) -> Item:
        return load(id)

    with pytest.raises(FlowFailed) as failed:
        plain.native("gone")
    assert (failed.value.error, failed.value.cause) == ("OutOfStock", {"left": 0})


def test_code_that_lives_elsewhere_needs_a_stub() -> None:
    with pytest.raises(Unanswered):
        row("a")
    with native(stubs={"row": lambda event: {"key": event["key"] * 2}}):
        assert row("a") == {"key": "aa"}


def test_a_result_must_be_an_object() -> None:
    with native(stubs={"row": lambda event: [1]}), pytest.raises(FnF.InvalidLocal):
        row("a")


def test_ways_to_call_are_recorded_with_their_pattern() -> None:
    with native(stubs={"orders": lambda params: {"id": "w"}}) as run:
        load.submit("a")
        assert load.wait_for("b") == Item("b", 10)
        assert load.at("2").callback("c").id == "c"
        assert queue.call({"token": "t"}, returns=Item) == Item("w")
        assert topic.publish(Item("a"), tag="new").MessageId
        shop.start("a")
        assert app.flow_ref("other", returns=Item).target.flow == "other"
    assert [call.pattern for call in run.calls] == [
        Pattern.REQUEST_RESPONSE,
        Pattern.SYNC,
        Pattern.WAIT_FOR_CALLBACK,
        Pattern.WAIT_FOR_CALLBACK,
        Pattern.REQUEST_RESPONSE,
        Pattern.REQUEST_RESPONSE,
    ]
    assert run.calls[3].event == {"MessageBody": {"token": "t"}, "Priority": 8}
    assert run.calls[4].event == {"MessageBody": {"id": "a", "size": 1}, "MessageTag": "new"}


def test_a_saga_undoes_in_reverse_order() -> None:
    undone: list[str] = []

    def sells(*ids: str) -> None:
        with saga("Broken") as tx:
            for id in ids:
                tx.do(load(id), undo=lambda item: undone.append(item.id))

    @app.flow(name="saga-natively")
    def flow(id: str) -> None:
        sells("a", "b", id)

    flow.native("c")
    assert undone == []
    with pytest.raises(FlowFailed, match="Broken"):
        flow.native("gone")
    assert undone == ["b", "a"]


def test_an_app_knows_what_it_has() -> None:
    made = App("a", service="s")

    @made.function(name="given-name", service="t", qualifier="prod", deployed=True)
    def one() -> Item:
        elsewhere()

    @made.function(code="folder", handler="main.run")
    def two() -> Item:
        elsewhere()

    @made.flow(timeout=9)
    def three() -> None:
        one()

    schedule = made.schedule(three, "@every 15m", payload={"id": "a"})
    assert one.ref == FunctionRef("given-name", "t", "prod") and one.code == Deployed()
    assert two.code == Folder("folder", "main.run")
    assert list(made.functions) == ["t/given-name", "s/two"]
    assert three.compile().flow.timeout == 9
    assert made.schedules == {"three-schedule": schedule}
    assert made.queue("q") is made.queue("q")


@pytest.mark.parametrize("name", ["", "1a", "a b", "x" * 129])
def test_bad_names_are_told(name: str) -> None:
    with pytest.raises(TypeError, match="is no name for a"):
        App(name)
    with pytest.raises(TypeError, match="is no name for a flow"):
        App("a").flow_ref(name)


def test_two_of_one_name_are_told() -> None:
    made = App("a")
    made.flow(name="same")(lambda: None)
    with pytest.raises(TypeError, match="there is a flow same already"):
        made.flow(name="same")(lambda: None)
    with pytest.raises(TypeError, match="give one of them"):
        made.function(code="folder", deployed=True)


def test_errors_have_the_names_the_cloud_uses() -> None:
    assert caught(FC.Unknown("x")).error == "FC.Unknown"
    assert caught(OutOfStock("x")).error == "OutOfStock"
    assert caught(KeyError("x")).error == "KeyError"
    assert caught(FlowFailed("Any", 3)).cause == 3


def test_values_travel_as_json() -> None:
    value = Price(amount=1.5, item=Item("a"))
    assert to_json({"all": (value, None, 1)}) == {"all": [{"amount": 1.5, "item": {"id": "a", "size": 1}}, None, 1]}
    assert from_json(Price, to_json(value)) == value
    assert from_json(tuple[Item, ...], [{"id": "a"}]) == (Item("a"),)
    assert from_json(list[Item | None], [None, {"id": "a", "more": 1}]) == [None, Item("a")]
    with pytest.raises(TypeError, match="has no JSON form"):
        to_json(object())


def test_parts_and_parallel_are_plain_python_natively() -> None:
    @part
    def both(id: str) -> tuple[Item, Item]:
        return parallel(load(id), load("b"))

    assert both("a") == (Item("a", 10), Item("b", 10))


def test_a_stub_gets_the_event() -> None:
    seen: list[JsonObject] = []

    def answer(event: JsonObject) -> JsonObject:
        seen.append(event)
        return {"id": "stub", "size": 3}

    with native(stubs={"acs:fc:::services/shop/functions/load": answer}):
        assert load("a", limit=2) == Item("stub", 3)
    assert seen == [{"id": "a", "limit": 2}]
