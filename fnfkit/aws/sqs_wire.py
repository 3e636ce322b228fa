"""What SQS takes and what it answers, and the bounds of both the port and the service."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    ActionNotSupported,
    EntityTooLarge,
    Fault,
    InvalidArgument,
    InvalidQueueName,
    Message,
    MessageNotExist,
    QueueAlreadyExist,
    QueueAttributes,
    QueueNameLengthError,
    QueueNotExist,
    QueueRecord,
    ReceiptHandleError,
    ReceivedMessage,
    ResourceThrottled,
    SentMessage,
)

BATCH = 16
"""The port's; requests are of 10."""
LONGEST_WAIT = 30
"""The port's, in seconds; requests are of 20."""
LONGEST_DELAY = 900
LONGEST_HIDDEN = 43_200

REQUEST_BATCH, _REQUEST_BYTES, _REQUEST_WAIT = 10, 256 * 1024, 20
_PRIORITY = 8
"""What the port says of messages that have none."""
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.fifo)?\Z")
_LONGEST_NAME = 80
TOLD = ["ApproximateReceiveCount", "SentTimestamp", "ApproximateFirstReceiveTimestamp"]
"""What a receive asks to be told of each message."""
CODES: dict[str, type[Fault]] = {
    **dict.fromkeys(("QueueDoesNotExist", "NonExistentQueue"), QueueNotExist),
    **dict.fromkeys(("QueueNameExists", "QueueAlreadyExists"), QueueAlreadyExist),
    **dict.fromkeys(("ReceiptHandleIsInvalid", "InvalidIdFormat"), ReceiptHandleError),
    **dict.fromkeys(("InvalidMessageContents", "EmptyBatchRequest"), InvalidArgument),
    "MessageNotInflight": MessageNotExist,
    "BatchRequestTooLong": EntityTooLarge,
    "OverLimit": ResourceThrottled,
}
"""The error codes that are the service's own."""


def settings(attributes: QueueAttributes) -> dict[str, str]:
    """Attributes as SQS takes them; those that are not given are left out. Raises `ActionNotSupported`."""
    if attributes.logging_enabled:
        raise ActionNotSupported("SQS keeps no log of messages; leave logging_enabled out, and use CloudTrail.")
    given = {
        "DelaySeconds": attributes.delay_seconds,
        "MaximumMessageSize": attributes.maximum_message_size,
        "MessageRetentionPeriod": attributes.message_retention_period,
        "VisibilityTimeout": attributes.visibility_timeout,
        "ReceiveMessageWaitTimeSeconds": attributes.polling_wait_seconds,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def entry(queue: str, message: Message) -> JsonObject:
    """A message to send. Raises `ActionNotSupported` for a priority, `InvalidArgument` for too long a delay."""
    if message.priority is not None:
        raise ActionNotSupported(f"messages of SQS have no priority; leave it out, or use a queue besides {queue}.")
    if message.delay_seconds is None:
        return {"MessageBody": message.body}
    if not 0 <= message.delay_seconds <= LONGEST_DELAY:
        told = f"SQS delays a message by 0 to {LONGEST_DELAY} seconds, not {message.delay_seconds}"
        raise InvalidArgument(f"{told}; have the flow wait before it sends to {queue}.")
    return {"MessageBody": message.body, "DelaySeconds": message.delay_seconds}


def check_name(name: str) -> None:
    """Raises `QueueNameLengthError` or `InvalidQueueName`."""
    if not 0 < len(name) <= _LONGEST_NAME:
        raise QueueNameLengthError(f"the name of a queue has 1 to {_LONGEST_NAME} characters, not {len(name)}.")
    if not _NAME.match(name):
        raise InvalidQueueName(f"the queue name {name!r} may have letters, digits, - and _ only.")


def check_receive(queue: str, count: int, wait_seconds: int | None) -> None:
    """Raises `InvalidArgument`."""
    if not 1 <= count <= BATCH:
        raise InvalidArgument(f"the number of messages to receive from {queue} must be between 1 and {BATCH}.")
    if wait_seconds is not None and not 0 <= wait_seconds <= LONGEST_WAIT:
        raise InvalidArgument(f"the wait for messages of {queue} must be between 0 and {LONGEST_WAIT} seconds.")


def check_batch(items: Sequence[object]) -> None:
    """Raises `InvalidArgument`."""
    if not 1 <= len(items) <= BATCH:
        raise InvalidArgument(f"a batch has 1 to {BATCH} items, not {len(items)}.")


def requests(entries: list[JsonObject]) -> Iterator[list[JsonObject]]:
    """The entries in order, in requests of no more than 10 and no more bytes than SQS takes."""
    request: list[JsonObject] = []
    size = 0
    for entry in entries:
        length = len(str(entry.get("MessageBody", "")).encode())
        if request and (len(request) == REQUEST_BATCH or size + length > _REQUEST_BYTES):
            yield request
            request, size = [], 0
        request.append(entry)
        size += length
    if request:
        yield request


def waits(seconds: int | None) -> list[int | None]:
    """The waits of the requests that a wait is made of; None is the queue's own."""
    if seconds is None:
        return [None]
    whole, rest = divmod(seconds, _REQUEST_WAIT)
    return [*[_REQUEST_WAIT] * whole, *([rest] if rest or not whole else [])]


def queue_record(name: str, found: JsonObject) -> QueueRecord:
    """The attributes of a queue."""
    return QueueRecord(
        name=name,
        delay_seconds=int(found["DelaySeconds"]),
        maximum_message_size=int(found["MaximumMessageSize"]),
        message_retention_period=int(found["MessageRetentionPeriod"]),
        visibility_timeout=int(found["VisibilityTimeout"]),
        polling_wait_seconds=int(found["ReceiveMessageWaitTimeSeconds"]),
        logging_enabled=False,
        created=int(float(found["CreatedTimestamp"]) * 1_000),
        modified=int(float(found["LastModifiedTimestamp"]) * 1_000),
        active=int(found["ApproximateNumberOfMessages"]),
        inactive=int(found["ApproximateNumberOfMessagesNotVisible"]),
        delayed=int(found["ApproximateNumberOfMessagesDelayed"]),
    )


def sent(item: JsonObject) -> SentMessage:
    """The answer to a send."""
    return SentMessage(item["MessageId"], str(item["MD5OfMessageBody"]).upper())


def refused(queue: str, item: JsonObject) -> Fault:
    """An item of a batch that was not done."""
    code = str(item.get("Code") or "InternalError").removeprefix("AWS.SimpleQueueService.")
    said = f"queue {queue}: {item.get('Message') or code}"
    if code in CODES:
        return CODES[code](said)
    return InvalidArgument(said) if item.get("SenderFault") else Fault.of(code, 500, said)


def received(found: JsonObject, hidden: int) -> ReceivedMessage:
    """A message that is hidden for so many seconds."""
    told: dict[str, str] = found["Attributes"]
    first, count = int(told["ApproximateFirstReceiveTimestamp"]), int(told["ApproximateReceiveCount"])
    # Of the first delivery the service tells the time; of the others only this machine knows.
    return ReceivedMessage(
        id=found["MessageId"],
        body=found["Body"],
        body_md5=str(found["MD5OfBody"]).upper(),
        enqueued=int(told["SentTimestamp"]),
        first_dequeued=first,
        dequeue_count=count,
        priority=_PRIORITY,
        receipt_handle=found["ReceiptHandle"],
        next_visible=(first if count == 1 else now()) + hidden * 1_000,
    )


def no_peeking(queue: str) -> ActionNotSupported:
    """Why there is no looking at messages."""
    told = f"SQS cannot show the messages of {queue} without receiving them"
    return ActionNotSupported(f"{told}; receive them, and change their visibility to give them back.")


def now() -> int:
    """Unix milliseconds of this machine."""
    return time.time_ns() // 1_000_000
