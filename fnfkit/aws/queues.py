"""The port `Queues` over SQS. Bodies travel as they are. What SQS does otherwise, or not at all:

- a receive and a batch take 10 messages, a long poll 20 seconds, a delay 15 minutes at most: batches and polls that are
  longer are made of several requests, a longer delay is refused;
- a message has no priority, and cannot be looked at without receiving it: `ActionNotSupported`;
- a receipt handle outlives a change of visibility, and deleting with a stale one is no fault;
- a message can be kept invisible for twelve hours in all.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

from fnfkit.aws.polls import Polls
from fnfkit.aws.session import Session
from fnfkit.aws.sqs_wire import (
    CODES,
    LONGEST_HIDDEN,
    REQUEST_BATCH,
    TOLD,
    check_batch,
    check_name,
    check_receive,
    entry,
    no_peeking,
    now,
    queue_record,
    received,
    refused,
    requests,
    sent,
    settings,
    waits,
)
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    NO_ATTRIBUTES,
    Fault,
    InvalidArgument,
    Message,
    MessageNotExist,
    Page,
    QueueAttributes,
    QueueNotExist,
    QueueRecord,
    ReceivedMessage,
    SentMessage,
    Visibility,
)


class SqsQueues:
    """The queues of an account and region, by name; implements `fnfkit.ports.Queues`. Every method raises `Fault`.

    A worker needs sqs:GetQueueUrl, GetQueueAttributes, ReceiveMessage, DeleteMessage, ChangeMessageVisibility of its
    queue, and GetQueueUrl, CreateQueue and SendMessage of the dead-letter queue.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sqs = session.client("sqs")
        self._lock = threading.Lock()
        self._urls: dict[str, str] = {}
        self._visibility: dict[str, int] = {}
        self._polls: Polls[list[Json]] = Polls(self._give_back)
        self.interrupt = self._polls.interrupt
        """Ends the long polls of all threads; a worker that drains does so. What they bring goes back to the queue."""

    def create_queue(self, name: str, attributes: QueueAttributes = NO_ATTRIBUTES) -> bool:
        """True if it is new, False if a queue with the same attributes was there."""
        check_name(name)
        wanted, there = settings(attributes), self._exists(name)
        self._ask("create_queue", name, QueueName=name, Attributes=wanted)
        return not there

    def set_queue_attributes(self, name: str, attributes: QueueAttributes) -> None:
        """Changes the attributes that are given."""
        self._ask("set_queue_attributes", name, QueueUrl=self._url(name), Attributes=settings(attributes))
        with self._lock:
            self._visibility.pop(name, None)

    def get_queue_attributes(self, name: str) -> QueueRecord:
        """The queue with its counters, which SQS calls approximate."""
        return queue_record(name, self._attributes(name))

    def delete_queue(self, name: str) -> None:
        """Deletes the queue and its messages; without complaint if there is none."""
        with suppress(QueueNotExist):
            self._ask("delete_queue", name, QueueUrl=self._url(name))
        with self._lock:
            self._urls.pop(name, None)
            self._visibility.pop(name, None)

    def list_queues(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names, up to 1000 a page, in the order of SQS."""
        given = {"QueueNamePrefix": prefix, "NextToken": marker, "MaxResults": 1_000 if limit is None else limit}
        found = self._ask(
            "list_queues", prefix or "all", **{name: value for name, value in given.items() if value != ""}
        )
        return Page(tuple(url.rpartition("/")[2] for url in found.get("QueueUrls", ())), found.get("NextToken"))

    def send_message(
        self, queue: str, body: str, *, delay_seconds: int | None = None, priority: int | None = None
    ) -> SentMessage:
        """Sends the body as it is. Raises `ActionNotSupported` for a priority."""
        given = entry(queue, Message(body, delay_seconds, priority))
        return sent(self._ask("send_message", queue, QueueUrl=self._url(queue), **given))

    def batch_send_message(self, queue: str, messages: Sequence[Message]) -> tuple[SentMessage | Fault, ...]:
        """Each message is sent or refused by itself; up to 16 of them, in requests that SQS takes."""
        check_batch(messages)
        results: dict[int, SentMessage | Fault] = {}
        entries: list[JsonObject] = []
        for number, message in enumerate(messages):
            try:
                entries.append({"Id": str(number), **entry(queue, message)})
            except Fault as fault:
                results[number] = fault
        url = self._url(queue)
        for request in requests(entries):
            try:
                answer = self._ask("send_message_batch", queue, QueueUrl=url, Entries=request)
            except Fault as fault:
                if not any(isinstance(item, SentMessage) for item in results.values()):
                    raise
                results |= {int(item["Id"]): fault for item in request}  # but what was sent is sent
                continue
            results |= {int(item["Id"]): sent(item) for item in answer.get("Successful", ())}
            results |= {int(item["Id"]): refused(queue, item) for item in answer.get("Failed", ())}
        return tuple(results[number] for number in range(len(messages)))

    def receive_message(self, queue: str, *, wait_seconds: int | None = None) -> ReceivedMessage:
        """The next message. Raises `MessageNotExist` if none came within the wait (0 to 30 s)."""
        return self.batch_receive_message(queue, 1, wait_seconds=wait_seconds)[0]

    def batch_receive_message(
        self, queue: str, count: int, *, wait_seconds: int | None = None
    ) -> tuple[ReceivedMessage, ...]:
        """One to `count` messages, never more than 10. Raises `MessageNotExist` if none came within the wait."""
        check_receive(queue, count, wait_seconds)
        hidden = self._hidden(queue)
        found: list[Json] = []
        for wait in waits(wait_seconds):
            if found := self._poll(queue, min(count, REQUEST_BATCH), wait, hidden):
                break
        if not found:
            raise MessageNotExist(f"no message came from {queue}.")
        return tuple(received(message, hidden) for message in found)

    def peek_message(self, queue: str) -> ReceivedMessage:
        """Raises `ActionNotSupported`."""
        raise no_peeking(queue)

    def batch_peek_message(self, queue: str, count: int) -> tuple[ReceivedMessage, ...]:
        """Raises `ActionNotSupported`."""
        raise no_peeking(queue)

    def delete_message(self, queue: str, receipt_handle: str) -> None:
        """Deletes a received message."""
        self._ask("delete_message", queue, QueueUrl=self._url(queue), ReceiptHandle=receipt_handle)

    def batch_delete_message(self, queue: str, receipt_handles: Sequence[str]) -> dict[str, Fault]:
        """Deletes each by itself; the refused handles with their reasons."""
        check_batch(receipt_handles)
        url = self._url(queue)
        faults: dict[str, Fault] = {}
        entries: list[JsonObject] = [{"Id": str(n), "ReceiptHandle": text} for n, text in enumerate(receipt_handles)]
        for request in requests(entries):
            answer = self._ask("delete_message_batch", queue, QueueUrl=url, Entries=request)
            faults |= {receipt_handles[int(item["Id"])]: refused(queue, item) for item in answer.get("Failed", ())}
        return faults

    def change_message_visibility(self, queue: str, receipt_handle: str, seconds: int) -> Visibility:
        """Counts from now; the handle stays good."""
        if not 1 <= seconds <= LONGEST_HIDDEN:
            raise InvalidArgument(f"a message of {queue} is hidden for 1 to {LONGEST_HIDDEN} seconds, not {seconds}.")
        self._change(queue, receipt_handle, seconds)
        return Visibility(receipt_handle, now() + seconds * 1_000)

    # -- requests

    def _ask(self, operation: str, queue: str, **parameters: Json) -> JsonObject:
        with self._session.faults(f"{operation} of queue {queue}", CODES):
            answer: JsonObject = getattr(self._sqs, operation)(**parameters)
            return answer

    def _exists(self, name: str) -> bool:
        try:
            self._url(name)
        except QueueNotExist:
            return False
        return True

    def _url(self, name: str) -> str:
        with self._lock:
            known = self._urls.get(name)
        if known is None:
            known = str(self._ask("get_queue_url", name, QueueName=name)["QueueUrl"])
            with self._lock:
                self._urls[name] = known
        return known

    def _attributes(self, name: str) -> JsonObject:
        answer = self._ask("get_queue_attributes", name, QueueUrl=self._url(name), AttributeNames=["All"])
        attributes: JsonObject = answer["Attributes"]
        return attributes

    def _hidden(self, queue: str) -> int:
        """Seconds a received message is hidden: asked for once, then given with each receive, so that it is true."""
        with self._lock:
            known = self._visibility.get(queue)
        if known is None:
            known = int(self._attributes(queue)["VisibilityTimeout"])
            with self._lock:
                self._visibility[queue] = known
        return known

    def _poll(self, queue: str, count: int, wait: int | None, hidden: int) -> list[Json]:
        parameters = {} if wait is None else {"WaitTimeSeconds": wait}
        url = self._url(queue)

        def ask() -> list[Json]:
            answer = self._ask(
                "receive_message",
                queue,
                QueueUrl=url,
                MaxNumberOfMessages=count,
                VisibilityTimeout=hidden,
                MessageSystemAttributeNames=TOLD,
                **parameters,
            )
            return list(answer.get("Messages", ()))

        return ask() if wait == 0 else self._polls.wait(queue, ask)

    def _give_back(self, queue: str, messages: list[Json]) -> None:
        for message in messages:
            with suppress(Fault):
                self._change(queue, message["ReceiptHandle"], 0)

    def _change(self, queue: str, handle: str, seconds: int) -> None:
        where = {"QueueUrl": self._url(queue), "ReceiptHandle": handle}
        self._ask("change_message_visibility", queue, **where, VisibilityTimeout=seconds)
