"""Payloads and outputs with types, and what handlers may look like."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from pydantic import BaseModel

from fnfkit.workers.handler import Handler, Retry, Task
from fnfkit.workers.outcome import Again, Done, Later, Raised
from fnfkit.workers.payload import InvalidOutput, InvalidPayload, convert, output_of


@dataclass
class Item:
    sku: str
    count: int = 1


@dataclass(frozen=True)
class Order:
    id: str
    items: list[Item]
    price: float
    note: str | None = None


class Typed(TypedDict):
    id: str
    extra: NotRequired[int]


class Model(BaseModel):
    id: str
    count: int


def test_dataclasses_are_built_all_the_way_down() -> None:
    payload = {"id": "A7", "items": [{"sku": "x"}, {"sku": "y", "count": 2}], "price": 3, "unknown": True}
    assert convert(payload, Order) == Order("A7", [Item("x"), Item("y", 2)], 3.0)


def test_typed_dicts_are_checked_and_stay_dicts() -> None:
    assert convert({"id": "a", "more": 1}, Typed) == {"id": "a", "more": 1}


def test_models_are_validated() -> None:
    assert convert({"id": "a", "count": 2}, Model) == Model(id="a", count=2)


@pytest.mark.parametrize(
    ("payload", "wanted", "message"),
    [
        ({"id": "a", "items": [{}], "price": 1}, Order, r"payload.items\[0\] has no sku"),
        ({"id": "a"}, Order, "payload has no items, price"),
        ({"id": 5, "items": [], "price": 1}, Order, "payload.id is int, expected str"),
        ({"id": "a", "items": [], "price": 1, "note": 5}, Order, "payload.note"),
        ({"sku": "a", "count": True}, Item, "payload.count is a boolean"),
        ([], Order, "payload is list, expected an object"),
        ({}, Typed, "payload has no id"),
        ({"id": "a", "count": "many"}, Model, "count"),
        ("b", Literal["a"], "expected one of 'a'"),
        (None, str, "payload is null, expected str"),
        ({"a": 1}, dict[str, str], "payload.a is int"),
    ],
    ids=str,
)
def test_wrong_payloads_say_where_and_why(payload: Any, wanted: Any, message: str) -> None:
    with pytest.raises(InvalidPayload, match=message):
        convert(payload, wanted)


@pytest.mark.parametrize(
    ("result", "output"),
    [
        (None, {}),
        ({"a": 1}, {"a": 1}),
        (Item("x"), {"sku": "x", "count": 1}),
        (Model(id="a", count=1), {"id": "a", "count": 1}),
    ],
    ids=str,
)
def test_outputs(result: Any, output: dict[str, Any]) -> None:
    assert output_of(result) == output


@pytest.mark.parametrize("result", [5, "text", [1], {1: 2}], ids=str)
def test_what_is_no_object_is_no_output(result: Any) -> None:
    with pytest.raises(InvalidOutput):
        output_of(result)


TASK = Task("token", {"id": "A7", "items": [], "price": 1}, "q", "id", 2)


class OutOfStock(Exception):
    pass


def typed(order: Order) -> dict[str, str]:
    return {"id": order.id}


async def asynchronous(order: Order, task: Task) -> dict[str, Any]:
    return {"id": order.id, "deliveries": task.deliveries}


def raising(payload: dict[str, Any]) -> None:
    raise OutOfStock("none left")


def retrying(payload: dict[str, Any]) -> None:
    raise Retry("busy", seconds=90)


def flaky(payload: dict[str, Any]) -> None:
    raise ConnectionResetError("gone")


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        (typed, Done({"id": "A7"})),
        (asynchronous, Done({"id": "A7", "deliveries": 2})),
        (lambda: None, Done({})),
        (lambda payload: payload, Done(TASK.payload)),
        (lambda payload: Later, Later()),
        (lambda payload: Later(), Later()),
        (raising, Raised("OutOfStock", "none left")),
        (retrying, Again(90, "busy")),
        (flaky, Again(10, "ConnectionResetError: gone")),
        (
            lambda payload: 5,
            Raised("InvalidOutput", "a task's output is a JSON object: return a dict, dataclass or model, not int"),
        ),
    ],
)
def test_what_comes_of_a_handler(function: Any, outcome: object) -> None:
    handler = Handler(function, retry=(ConnectionError,))
    assert handler.run(TASK) == outcome
    handler.close()


def test_a_payload_of_the_wrong_shape_fails_the_task() -> None:
    outcome = Handler(typed).run(dataclasses.replace(TASK, payload={"id": "A7"}))
    assert outcome == Raised("InvalidPayload", "payload has no items, price")


def test_a_function_with_too_many_parameters_is_refused_when_it_is_named() -> None:
    with pytest.raises(TypeError, match="needs 3 arguments"):
        Handler(lambda a, b, c: None)


def test_a_task_does_not_show_its_token() -> None:
    assert "token" not in repr(TASK)
