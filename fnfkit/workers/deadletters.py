"""The dead-letter queue: where messages go that cannot be worked on, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from fnfkit.model.json import Json
from fnfkit.ports import ActionNotSupported, MessageNotExist, QueueNotExist, Queues, ReceivedMessage

_LONGEST_BODY = 65_536
_HIDDEN_SECONDS = 60
_GIVE_BACK_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A parked message: the body as it came, where from, and why it was parked."""

    queue: str
    body: str
    reason: str
    message_id: str
    deliveries: int


def park(queues: Queues, target: str, letter: DeadLetter) -> None:
    """Puts a message into the dead-letter queue, which is made if there is none. Raises `Fault`."""
    text = json.dumps(asdict(letter), ensure_ascii=False)
    body = text if len(text.encode()) <= _LONGEST_BODY else letter.body  # rather without its story than not at all
    try:
        queues.send_message(target, body)
    except QueueNotExist:
        queues.create_queue(target)
        queues.send_message(target, body)


def peek(queues: Queues, target: str, count: int = 16) -> tuple[DeadLetter, ...]:
    """Up to 16 dead letters, left where they are. Raises `Fault`.

    Where a queue cannot be looked into, they are received and given back: nobody counts how often a letter was read.
    """
    try:
        return tuple(read(message) for message in queues.batch_peek_message(target, count))
    except MessageNotExist:
        return ()
    except ActionNotSupported:
        return tuple(read(message) for message in _borrowed(queues, target, count))


def _borrowed(queues: Queues, target: str, count: int) -> list[ReceivedMessage]:
    found: list[ReceivedMessage] = []
    try:
        with suppress(MessageNotExist):
            while len(found) < count:
                found += queues.batch_receive_message(target, count - len(found), wait_seconds=0)
    finally:
        for message in found:
            queues.change_message_visibility(target, message.receipt_handle, _GIVE_BACK_SECONDS)
    return found


def redrive(queues: Queues, target: str, *, to: str = "", limit: int | None = None) -> Iterator[DeadLetter]:
    """Sends dead letters back to the queues they came from, or to another one; yields each that went.

    A letter is deleted only after it has been sent. Letters whose origin is not known stay, unless `to` is given.
    """
    sent = 0
    while limit is None or sent < limit:
        try:
            message = queues.receive_message(target)
        except MessageNotExist:
            return
        letter = read(message)
        if destination := to or letter.queue:
            queues.send_message(destination, letter.body)
            queues.delete_message(target, message.receipt_handle)
            sent += 1
            yield letter
        else:
            queues.change_message_visibility(target, message.receipt_handle, _HIDDEN_SECONDS)


def read(message: ReceivedMessage) -> DeadLetter:
    """The letter in a message of a dead-letter queue; one without a story is its own body."""
    try:
        value: Json = json.loads(message.body)
        return DeadLetter(**value)
    except (ValueError, TypeError):
        return DeadLetter(
            queue="", body=message.body, reason="not known", message_id=message.id, deliveries=message.dequeue_count
        )
