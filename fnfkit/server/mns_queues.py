"""The queue actions of the REST API over the port `Queues` (api-mns.md 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fnfkit.ports import (
    Fault,
    InvalidArgument,
    Message,
    MessageNotExist,
    MissingReceiptHandle,
    MissingVisibilityTimeout,
    QueueAttributes,
    QueueRecord,
    Queues,
    ReceivedMessage,
    SentMessage,
)
from fnfkit.protocol.http import Response
from fnfkit.protocol.mns import Fields, Texts, write, write_list
from fnfkit.server.later import Later, Signal
from fnfkit.server.mns_call import Call, done, flag_of, number_of, ok, text_of, urls
from fnfkit.server.service import Answer


class ServedQueues(Queues, Protocol):
    """The port, and what long polls need beyond it."""

    def poll(
        self,
        queue: str,
        count: int,
        wait_seconds: int | None,
        deliver: Callable[[tuple[ReceivedMessage, ...]], object],
    ) -> Callable[[], None]: ...


class QueueActions:
    """Each method answers one operation; refusals are raised as `Fault`."""

    def __init__(self, queues: ServedQueues) -> None:
        self._queues = queues

    def put_queue(self, call: Call) -> Answer:
        """CreateQueue, and with `metaoverride` SetQueueAttributes."""
        name, attributes = call.names[0], _attributes(call.document("Queue").fields)
        if call.flag("metaoverride"):
            self._queues.set_queue_attributes(name, attributes)
            return done()
        return call.created(f"/queues/{name}", self._queues.create_queue(name, attributes))

    def get_queue(self, call: Call) -> Answer:
        """GetQueueAttributes."""
        return ok(write("Queue", _meta(self._queues.get_queue_attributes(call.names[0]))))

    def delete_queue(self, call: Call) -> Answer:
        """DeleteQueue."""
        self._queues.delete_queue(call.names[0])
        return done()

    def list_queues(self, call: Call) -> Answer:
        """ListQueue, with attributes on demand."""
        page = self._queues.list_queues(prefix=call.prefix, marker=call.marker, limit=call.limit)
        rows: list[Fields] = []
        for name, url in urls(call, "/queues", page):
            meta = _meta(self._queues.get_queue_attributes(name)) if call.with_meta else {}
            rows.append({"QueueURL": url, **meta})
        return ok(write_list("Queues", "Queue", rows, page.next_token))

    def post_messages(self, call: Call) -> Answer:
        """SendMessage and BatchSendMessage, told apart by the root of the body."""
        document = call.document("Message", "Messages")
        if document.root == "Messages":
            return self._send_batch(call, [_message(item) for item in document.items("Message")])
        message = _message(document.fields)
        sent = self._queues.send_message(
            call.names[0], message.body, delay_seconds=message.delay_seconds, priority=message.priority
        )
        return ok(write("Message", _sent(sent)), 201)

    def _send_batch(self, call: Call, messages: list[Message]) -> Response:
        results = self._queues.batch_send_message(call.names[0], messages)
        refused = any(isinstance(result, Fault) for result in results)
        rows = [_sent(item, brief=refused) if isinstance(item, SentMessage) else _refusal(item) for item in results]
        # Clients take partly failed batches apart only with a status of 400 or more; which one is inferred.
        return ok(write_list("Messages", "Message", rows), 500 if refused else 201)

    def get_messages(self, call: Call) -> Answer:
        """ReceiveMessage and PeekMessage, single and in batches."""
        count = call.number("numOfMessages")
        if not call.flag("peekonly"):
            return self._receive(call, count)
        if count is None:
            return ok(write("Message", _peeked(self._queues.peek_message(call.names[0]))))
        found = self._queues.batch_peek_message(call.names[0], count)
        return ok(write_list("Messages", "Message", [_peeked(message) for message in found]))

    def _receive(self, call: Call, count: int | None) -> Answer:
        box: list[tuple[ReceivedMessage, ...]] = []
        signal = Signal()

        def deliver(messages: tuple[ReceivedMessage, ...]) -> None:
            box.append(messages)
            signal.give()

        def answer() -> Response:
            return _delivery(box[0] if box else (), batch=count is not None)

        cancel = self._queues.poll(call.names[0], 1 if count is None else count, call.number("waitseconds"), deliver)
        return answer() if box else Later(answer, signal, cancel)

    def delete_messages(self, call: Call) -> Answer:
        """DeleteMessage by a handle in the query, BatchDeleteMessage by handles in the body."""
        if handle := call.query.get("ReceiptHandle"):
            self._queues.delete_message(call.names[0], handle)
            return done()
        if not call.request.body:
            raise MissingReceiptHandle("The request has no ReceiptHandle; give the one of the receive.")
        handles = [str(handle) for handle in call.document("ReceiptHandles").items("ReceiptHandle")]
        refused = self._queues.batch_delete_message(call.names[0], handles)
        if not refused:
            return done()
        rows = [{**_refusal(fault), "ReceiptHandle": handle} for handle, fault in refused.items()]
        return ok(write_list("Errors", "Error", rows), 404)  # the status is inferred (api-mns.md 2)

    def put_messages(self, call: Call) -> Answer:
        """ChangeMessageVisibility."""
        handle, seconds = call.query.get("ReceiptHandle"), call.number("VisibilityTimeout")
        if not handle:
            raise MissingReceiptHandle("The request has no ReceiptHandle; give the one of the receive.")
        if seconds is None:
            raise MissingVisibilityTimeout("The request has no VisibilityTimeout; give 1 to 43200 seconds.")
        changed = self._queues.change_message_visibility(call.names[0], handle, seconds)
        fields: Fields = {"ReceiptHandle": changed.receipt_handle, "NextVisibleTime": changed.next_visible}
        return ok(write("ChangeVisibility", fields))


def _attributes(fields: Texts) -> QueueAttributes:
    return QueueAttributes(
        delay_seconds=number_of(fields, "DelaySeconds"),
        maximum_message_size=number_of(fields, "MaximumMessageSize"),
        message_retention_period=number_of(fields, "MessageRetentionPeriod"),
        visibility_timeout=number_of(fields, "VisibilityTimeout"),
        polling_wait_seconds=number_of(fields, "PollingWaitSeconds"),
        logging_enabled=flag_of(fields, "LoggingEnabled"),
    )


def _meta(record: QueueRecord) -> Fields:
    return {
        "QueueName": record.name,
        "CreateTime": record.created // 1_000,
        "LastModifyTime": record.modified // 1_000,
        "DelaySeconds": record.delay_seconds,
        "MaximumMessageSize": record.maximum_message_size,
        "MessageRetentionPeriod": record.message_retention_period,
        "VisibilityTimeout": record.visibility_timeout,
        "PollingWaitSeconds": record.polling_wait_seconds,
        "LoggingEnabled": record.logging_enabled,
        "ActiveMessages": record.active,
        "InactiveMessages": record.inactive,
        "DelayMessages": record.delayed,
    }


def _message(item: str | Texts) -> Message:
    if isinstance(item, str):
        raise InvalidArgument("The Message has no MessageBody.")
    return Message(text_of(item, "MessageBody"), number_of(item, "DelaySeconds"), number_of(item, "Priority"))


def _sent(sent: SentMessage, *, brief: bool = False) -> dict[str, str | int]:
    """`brief` for partly failed batches: clients accept exactly these two fields there (api-mns.md 3)."""
    fields: dict[str, str | int] = {"MessageId": sent.id, "MessageBodyMD5": sent.body_md5}
    return fields | {"ReceiptHandle": sent.receipt_handle} if sent.receipt_handle and not brief else fields


def _refusal(fault: Fault) -> dict[str, str | int]:
    return {"ErrorCode": fault.code, "ErrorMessage": fault.message}


def _delivery(messages: tuple[ReceivedMessage, ...], *, batch: bool) -> Response:
    if not messages:
        raise MessageNotExist("Message not exist.")
    if batch:
        return ok(write_list("Messages", "Message", [_received(message) for message in messages]))
    return ok(write("Message", _received(messages[0])))


def _peeked(message: ReceivedMessage) -> dict[str, str | int]:
    return {
        "MessageId": message.id,
        "MessageBodyMD5": message.body_md5,
        "MessageBody": message.body,
        "EnqueueTime": message.enqueued,
        "FirstDequeueTime": message.first_dequeued,
        "DequeueCount": message.dequeue_count,
        "Priority": message.priority,
    }


def _received(message: ReceivedMessage) -> dict[str, str | int]:
    return _peeked(message) | {"ReceiptHandle": message.receipt_handle, "NextVisibleTime": message.next_visible}
