"""Queues and topics as handles: send and publish, or call and wait for the answer (fdl.md 4.2, 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar, overload

from fnfkit.dsl.callee import Callee, Mode
from fnfkit.dsl.function import elsewhere
from fnfkit.dsl.native import Call, Run, current
from fnfkit.dsl.values import from_json, to_json
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject

T = TypeVar("T")

PRIORITY = 8
"""The priority of a message that does not say: the middle of 1 to 16 (fdl.md 4.4)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the Message Service answers (fdl.md 4.4)."""

    MessageId: str
    RequestId: str
    MessageBodyMD5: str


_SENT = Sent("native", "native", "native")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Queue(Callee):
    """A queue. The body of a message is a text, a dict or a dataclass; objects travel as JSON text."""

    MODES: ClassVar[Mapping[str, Mode]] = {
        "send": Mode(Pattern.REQUEST_RESPONSE),
        "call": Mode(Pattern.WAIT_FOR_CALLBACK),
    }

    def send(self, body: Json, *, priority: int = PRIORITY, delay: int | None = None) -> Sent:
        """Send a message and go on. `delay` is in seconds."""
        return _send(self, _queue_params(body, priority, delay))

    @overload
    def call(self, body: Json, *, priority: int = ..., delay: int | None = ...) -> JsonObject: ...
    @overload
    def call(self, body: Json, *, returns: type[T], priority: int = ..., delay: int | None = ...) -> T: ...
    def call(self, body: Json, *, returns: Json = dict, priority: int = PRIORITY, delay: int | None = None) -> Json:
        """Send a message and wait until somebody reports `context.task.token`, which the body should carry."""
        return _call(self, _queue_params(body, priority, delay), returns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topic(Callee):
    """A topic. Bodies are as for queues."""

    MODES: ClassVar[Mapping[str, Mode]] = {
        "publish": Mode(Pattern.REQUEST_RESPONSE),
        "call": Mode(Pattern.WAIT_FOR_CALLBACK),
    }

    def publish(self, body: Json, *, tag: str | None = None, attributes: JsonObject | None = None) -> Sent:
        """Publish a message and go on."""
        return _send(self, _topic_params(body, tag, attributes))

    @overload
    def call(self, body: Json, *, tag: str | None = ..., attributes: JsonObject | None = ...) -> JsonObject: ...
    @overload
    def call(
        self, body: Json, *, returns: type[T], tag: str | None = ..., attributes: JsonObject | None = ...
    ) -> T: ...
    def call(
        self, body: Json, *, returns: Json = dict, tag: str | None = None, attributes: JsonObject | None = None
    ) -> Json:
        """Publish a message and wait until somebody reports `context.task.token`, which the body should carry."""
        return _call(self, _topic_params(body, tag, attributes), returns)


def _queue_params(body: Json, priority: int, delay: int | None) -> JsonObject:
    params = {"MessageBody": to_json(body), "Priority": priority}
    return params if delay is None else {**params, "DelaySeconds": delay}


def _topic_params(body: Json, tag: str | None, attributes: JsonObject | None) -> JsonObject:
    params = {"MessageBody": to_json(body), "MessageTag": tag, "MessageAttributes": attributes}
    return {key: value for key, value in params.items() if value is not None}


def _send(callee: Callee, params: JsonObject) -> Sent:
    call = Call(callee.target, Pattern.REQUEST_RESPONSE, params)
    sent: Sent = from_json(Sent, (current() or Run()).perform(call, callee.policies, lambda: _SENT))
    return sent


def _call(callee: Callee, params: JsonObject, returns: Json) -> Json:
    call = Call(callee.target, Pattern.WAIT_FOR_CALLBACK, params)
    return from_json(returns, (current() or Run()).perform(call, callee.policies, elsewhere))
