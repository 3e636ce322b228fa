"""The port `Queues` over the official `mns` package. Bodies travel as they are, never in Base64 (api-mns.md 4)."""

from __future__ import annotations

from collections.abc import Sequence

from mns import mns_request as api

from fnfkit.aliyun.mns_client import MnsClient, given, names_of
from fnfkit.model.json import Json
from fnfkit.ports import (
    NO_ATTRIBUTES,
    Fault,
    Message,
    Page,
    QueueAttributes,
    QueueRecord,
    ReceivedMessage,
    SentMessage,
    Visibility,
    mns_fault,
)


class _Raw(str):
    """Text the older distribution takes unencoded: it insists on decoding it (api-mns.md 4)."""

    def decode(self, _: str) -> str:
        """The text itself."""
        return str(self)


class MnsQueues:
    """The queues of an account, on the real service or served by an emulator."""

    def __init__(self, client: MnsClient) -> None:
        self._call = client.call
        self.interrupt = client.interrupt
        """Ends the long polls of all threads; a worker that drains does so."""

    def create_queue(self, name: str, attributes: QueueAttributes = NO_ATTRIBUTES) -> bool:
        """True if it is new, False if a queue with the same attributes was there."""
        request = api.CreateQueueRequest(name, *_settings(attributes))
        return bool(self._call("create_queue", request, api.CreateQueueResponse()).status == 201)

    def set_queue_attributes(self, name: str, attributes: QueueAttributes) -> None:
        """Changes the attributes that are given."""
        request = api.SetQueueAttributesRequest(name, *_settings(attributes))
        self._call("set_queue_attributes", request, api.SetQueueAttributesResponse())

    def get_queue_attributes(self, name: str) -> QueueRecord:
        """The queue with its counters."""
        found = self._call(
            "get_queue_attributes", api.GetQueueAttributesRequest(name), api.GetQueueAttributesResponse()
        )
        return QueueRecord(
            name=found.queue_name,
            delay_seconds=int(found.delay_seconds),
            maximum_message_size=int(found.maximum_message_size),
            message_retention_period=int(found.message_retention_period),
            visibility_timeout=int(found.visibility_timeout),
            polling_wait_seconds=int(found.polling_wait_seconds),
            logging_enabled=str(found.logging_enabled).lower() == "true",
            created=int(found.create_time) * 1_000,
            modified=int(found.last_modify_time) * 1_000,
            active=int(found.active_messages),
            inactive=int(found.inactive_messages),
            delayed=int(found.delay_messages),
        )

    def delete_queue(self, name: str) -> None:
        """Deletes the queue and its messages."""
        self._call("delete_queue", api.DeleteQueueRequest(name), api.DeleteQueueResponse())

    def list_queues(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names in order."""
        request = api.ListQueueRequest(prefix, given(limit), marker)
        found = self._call("list_queue", request, api.ListQueueResponse())
        return Page(names_of(found.queueurl_list), found.next_marker or None)

    def send_message(
        self, queue: str, body: str, *, delay_seconds: int | None = None, priority: int | None = None
    ) -> SentMessage:
        """Sends the body as it is."""
        request = api.SendMessageRequest(queue, _Raw(body), given(delay_seconds), given(priority), False)
        sent = self._call("send_message", request, api.SendMessageResponse())
        return SentMessage(sent.message_id, sent.message_body_md5, getattr(sent, "receipt_handle", ""))

    def batch_send_message(self, queue: str, messages: Sequence[Message]) -> tuple[SentMessage | Fault, ...]:
        """Each message is sent or refused by itself."""
        request = api.BatchSendMessageRequest(queue, False)
        for message in messages:
            request.add_message(_Raw(message.body), given(message.delay_seconds), given(message.priority))
        answer = self._call("batch_send_message", request, api.BatchSendMessageResponse())
        if errors := getattr(answer, "sub_errors", None):
            return tuple(_sent_or_refused(item) for item in errors)
        return tuple(SentMessage(item.message_id, item.message_body_md5) for item in answer.message_list)

    def receive_message(self, queue: str, *, wait_seconds: int | None = None) -> ReceivedMessage:
        """The next message. Raises `MessageNotExist` if none came within the wait."""
        request = api.ReceiveMessageRequest(queue, False, given(wait_seconds))
        return _received(self._call("receive_message", request, api.ReceiveMessageResponse()))

    def batch_receive_message(
        self, queue: str, count: int, *, wait_seconds: int | None = None
    ) -> tuple[ReceivedMessage, ...]:
        """One to `count` messages. Raises `MessageNotExist` if none came within the wait."""
        request = api.BatchReceiveMessageRequest(queue, count, False, given(wait_seconds))
        answer = self._call("batch_receive_message", request, api.BatchReceiveMessageResponse())
        return tuple(_received(item) for item in answer.message_list)

    def peek_message(self, queue: str) -> ReceivedMessage:
        """The next active message, unchanged."""
        return _peeked(self._call("peek_message", api.PeekMessageRequest(queue, False), api.PeekMessageResponse()))

    def batch_peek_message(self, queue: str, count: int) -> tuple[ReceivedMessage, ...]:
        """The next active messages, unchanged."""
        request = api.BatchPeekMessageRequest(queue, count, False)
        answer = self._call("batch_peek_message", request, api.BatchPeekMessageResponse())
        return tuple(_peeked(item) for item in answer.message_list)

    def delete_message(self, queue: str, receipt_handle: str) -> None:
        """Deletes a received message."""
        self._call("delete_message", api.DeleteMessageRequest(queue, receipt_handle), api.DeleteMessageResponse())

    def batch_delete_message(self, queue: str, receipt_handles: Sequence[str]) -> dict[str, Fault]:
        """Deletes each by itself; the refused handles with their reasons."""
        request = api.BatchDeleteMessageRequest(queue, list(receipt_handles))
        answer = self._call("batch_delete_message", request, api.BatchDeleteMessageResponse())
        refused = getattr(answer, "sub_errors", None) or []
        return {item["ReceiptHandle"]: mns_fault(item["ErrorCode"], item["ErrorMessage"]) for item in refused}

    def change_message_visibility(self, queue: str, receipt_handle: str, seconds: int) -> Visibility:
        """Counts from now; the old handle is spent."""
        request = api.ChangeMessageVisibilityRequest(queue, receipt_handle, seconds)
        changed = self._call("change_message_visibility", request, api.ChangeMessageVisibilityResponse())
        return Visibility(changed.receipt_handle, int(changed.next_visible_time))


def _settings(attributes: QueueAttributes) -> tuple[Json, ...]:
    """In the order of the package's constructors."""
    return (
        given(attributes.visibility_timeout),
        given(attributes.maximum_message_size),
        given(attributes.message_retention_period),
        given(attributes.delay_seconds),
        given(attributes.polling_wait_seconds),
        attributes.logging_enabled,
    )


def _sent_or_refused(item: dict[str, str]) -> SentMessage | Fault:
    if "ErrorCode" in item:
        return mns_fault(item["ErrorCode"], item["ErrorMessage"])
    return SentMessage(item["MessageId"], item["MessageBodyMD5"])


def _peeked(found: Json) -> ReceivedMessage:
    return ReceivedMessage(
        id=found.message_id,
        body=found.message_body,
        body_md5=found.message_body_md5,
        enqueued=int(found.enqueue_time),
        first_dequeued=int(found.first_dequeue_time),
        dequeue_count=int(found.dequeue_count),
        priority=int(found.priority),
    )


def _received(found: Json) -> ReceivedMessage:
    return ReceivedMessage(
        id=found.message_id,
        body=found.message_body,
        body_md5=found.message_body_md5,
        enqueued=int(found.enqueue_time),
        first_dequeued=int(found.first_dequeue_time),
        dequeue_count=int(found.dequeue_count),
        priority=int(found.priority),
        receipt_handle=found.receipt_handle,
        next_visible=int(found.next_visible_time),
    )
