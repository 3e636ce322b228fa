"""Queues and topics as targets of task steps (fdl.md 4.2, 4.4).

A refused send fails the step as `MNS.<Code>`, e.g. `MNS.QueueNotExist` or `MNS.QpsLimitExceeded`, so that the retry
and catch of a flow can name it; the form of the name is inferred from `FC.<Code>` (fdl.md 4.9).
"""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5

import orjson

from fnfkit.cloud.targets import TaskCall
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import QueueRef, TopicRef
from fnfkit.ports import Fault, InvalidArgument, Queues, SentMessage, Topics


class MessageTarget:
    """Sends and publishes for task steps. `needs_priority` makes a queue task without a Priority fail, as documented
    (fdl.md 4.4); without it the service's default of 8 applies."""

    def __init__(self, queues: Queues, topics: Topics, *, needs_priority: bool = True) -> None:
        self._queues, self._topics, self._needs_priority = queues, topics, needs_priority

    def invoke(self, call: TaskCall) -> None:
        """Sends the message; a task that waits for its callback goes on waiting, others end with the answer."""
        try:
            sent = self._send(call)
        except Fault as fault:
            call.fail(f"MNS.{fault.code}", fault.message)
            return
        if call.pattern is Pattern.WAIT_FOR_CALLBACK:
            call.accept()
        else:  # `sync` is not offered for messages (fdl.md 4.2): what there is to wait for is the send
            call.succeed(_result(call, sent))

    def _send(self, call: TaskCall) -> SentMessage:
        params = call.params or {}
        body = _body(params)
        match call.target:
            case QueueRef(queue=queue):
                if self._needs_priority and "Priority" not in params:
                    raise InvalidArgument(f"serviceParams of step {call.step} have no Priority; give one from 1 to 16.")
                priority, delay = _integer(params, "Priority"), _integer(params, "DelaySeconds")
                return self._queues.send_message(queue, body, delay_seconds=delay, priority=priority)
            case TopicRef(topic=topic):
                tag = params.get("MessageTag") or ""
                if not isinstance(tag, str):
                    raise InvalidArgument(f"MessageTag must be text, not {tag!r}.")
                return self._topics.publish_message(topic, body, tag=tag, attributes=params.get("MessageAttributes"))
            case other:
                raise InvalidArgument(f"{other} is neither a queue nor a topic.")


def _body(params: JsonObject) -> str:
    body: Json = params.get("MessageBody")
    if body is None:
        raise InvalidArgument("serviceParams have no MessageBody; give text, or $ for the step's input.")
    return body if isinstance(body, str) else _text(body)


def _text(value: Json) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return json.dumps(value)


def _integer(params: JsonObject, name: str) -> int | None:
    value: Json = params.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.isdecimal():  # from an input that carries numbers as text
        return int(value)
    raise InvalidArgument(f"{name} must be a whole number, not {value!r}.")


def _result(call: TaskCall, sent: SentMessage) -> JsonObject:
    request_id = str(uuid5(NAMESPACE_URL, f"{call.id}/{call.attempt}")).upper()
    return {"MessageId": sent.id, "RequestId": request_id, "MessageBodyMD5": sent.body_md5}
