"""The Message Service's queues: records and protocol. Times are Unix milliseconds, periods are seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from fnfkit.ports.fault import Fault
from fnfkit.ports.flows import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAttributes:
    """What a caller may set of a queue; None leaves the default, or what is set already (api-mns.md 5)."""

    delay_seconds: int | None = None
    maximum_message_size: int | None = None
    message_retention_period: int | None = None
    visibility_timeout: int | None = None
    polling_wait_seconds: int | None = None
    logging_enabled: bool | None = None


NO_ATTRIBUTES = QueueAttributes()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRecord:
    """A queue as it is, with its counters."""

    name: str
    delay_seconds: int
    maximum_message_size: int
    message_retention_period: int
    visibility_timeout: int
    polling_wait_seconds: int
    logging_enabled: bool
    created: int
    modified: int
    active: int
    inactive: int
    delayed: int


class Message(NamedTuple):
    """A message to send. The body travels as it is: encoding it is a habit of clients (api-mns.md 4)."""

    body: str
    delay_seconds: int | None = None
    """0 to 604800; None means the queue's."""
    priority: int | None = None
    """1 (first) to 16; None means 8."""


class SentMessage(NamedTuple):
    """The answer to a send. Only a delayed message has a receipt handle yet."""

    id: str
    body_md5: str
    """Upper-case hex of the body as it travelled."""
    receipt_handle: str = ""


class ReceivedMessage(NamedTuple):
    """A message received, or peeked at; the latter has no handle and 0 for `next_visible`."""

    id: str
    body: str
    body_md5: str
    enqueued: int
    first_dequeued: int
    dequeue_count: int
    priority: int
    receipt_handle: str = ""
    next_visible: int = 0


class Visibility(NamedTuple):
    """The answer to a change of visibility: the handle that counts from now on."""

    receipt_handle: str
    next_visible: int


class Queues(Protocol):
    """The queue operations of the MNS API 2015-06-06 (api-mns.md 2). Every method raises `Fault`."""

    def create_queue(self, name: str, attributes: QueueAttributes = NO_ATTRIBUTES) -> bool:
        """True if it is new, False if a queue with the same attributes was there."""
        ...

    def set_queue_attributes(self, name: str, attributes: QueueAttributes) -> None: ...

    def get_queue_attributes(self, name: str) -> QueueRecord: ...

    def delete_queue(self, name: str) -> None:
        """Deletes the queue and its messages; without complaint if there is none."""
        ...

    def list_queues(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names in order, up to 1000 a page."""
        ...

    def send_message(
        self, queue: str, body: str, *, delay_seconds: int | None = None, priority: int | None = None
    ) -> SentMessage: ...

    def batch_send_message(self, queue: str, messages: Sequence[Message]) -> tuple[SentMessage | Fault, ...]:
        """Up to 16 messages; each is sent or refused by itself, in the order given."""
        ...

    def receive_message(self, queue: str, *, wait_seconds: int | None = None) -> ReceivedMessage:
        """The next message, made invisible. Raises `MessageNotExist` if none came within the wait (0 to 30 s)."""
        ...

    def batch_receive_message(
        self, queue: str, count: int, *, wait_seconds: int | None = None
    ) -> tuple[ReceivedMessage, ...]:
        """One to `count` (at most 16) messages. Raises `MessageNotExist` if none came within the wait."""
        ...

    def peek_message(self, queue: str) -> ReceivedMessage: ...

    def batch_peek_message(self, queue: str, count: int) -> tuple[ReceivedMessage, ...]: ...

    def delete_message(self, queue: str, receipt_handle: str) -> None: ...

    def batch_delete_message(self, queue: str, receipt_handles: Sequence[str]) -> dict[str, Fault]:
        """Deletes up to 16 messages; the handles that were refused, each with its reason."""
        ...

    def change_message_visibility(self, queue: str, receipt_handle: str, seconds: int) -> Visibility:
        """Makes a received message visible `seconds` (1 to 43200) from now; the old handle is spent."""
        ...
