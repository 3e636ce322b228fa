"""Where the outcome of an asynchronous invocation goes: a queue, a topic or another function (api-fc.md 5.1)."""

from __future__ import annotations

import logging
from collections.abc import Callable

import orjson

from fnfkit.cloud.fc.function import Answer
from fnfkit.model.json import Json
from fnfkit.model.names import FunctionRef, QueueRef, TopicRef, parse_arn
from fnfkit.ports import Fault, Queues, Topics
from fnfkit.ports.functions import LATEST, TaskRecord, TaskStatus

_CONDITIONS = {TaskStatus.FAILED: "RetriesExhausted", TaskStatus.EXPIRED: "EventAgeExceeded"}
"""Why a failed invocation was given up; the words are inferred (api-fc.md 5.1)."""

_log = logging.getLogger("fnfkit.fc")


class Destinations:
    """The destinations of an account. Those it has not (EventBridge, RocketMQ) get nothing, and the log says so."""

    def __init__(self, queues: Queues, topics: Topics, *, region: str, account_id: str) -> None:
        self._queues, self._topics, self._region, self._account_id = queues, topics, region, account_id
        self.submit: Callable[[FunctionRef, bytes], Json] = _nobody
        """How a function is called asynchronously; set by the queue that uses this."""

    def deliver(self, where: str, task: TaskRecord, answer: Answer | None) -> bool:
        """Sends the outcome; False if it could not be sent."""
        body = orjson.dumps(self._payload(task, answer))
        target = parse_arn(where)
        try:
            match target:
                case QueueRef(queue=queue):
                    self._queues.send_message(queue, body.decode())
                case TopicRef(topic=topic):
                    self._topics.publish_message(topic, body.decode())
                case FunctionRef():
                    self.submit(target, body)
                case _:
                    _log.warning("the outcome of %s is not sent: there is no destination %s here", task.id, where)
                    return False
        except Fault as fault:
            _log.warning("destination %s refused the outcome of %s: %s", where, task.id, fault)
            return False
        return True

    def _payload(self, task: TaskRecord, answer: Answer | None) -> Json:
        qualifier = "" if task.qualifier == LATEST else task.qualifier
        ref = FunctionRef(task.function, task.service, qualifier, self._region, self._account_id)
        runs = task.retries + 1 if answer or task.status is TaskStatus.FAILED else 0
        return {
            "timestamp": task.ended,
            "requestContext": {
                "requestId": task.request_id,
                "functionArn": str(ref),
                "condition": _CONDITIONS.get(task.status, ""),
                "approximateInvokeCount": runs,
            },
            "requestPayload": task.payload,
            "responseContext": {"statusCode": 200 if answer else 0, "functionError": task.error},
            "responsePayload": task.returned,
        }


def _nobody(target: FunctionRef, payload: bytes) -> Json:
    raise Fault.of("ServiceUnavailable", 503, f"nobody calls {target} here")
