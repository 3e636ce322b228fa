"""A queue's attributes: defaults, changes and when two queues are alike (api-mns.md 5)."""

from __future__ import annotations

from dataclasses import replace

from fnfkit.cloud.mns.checks import DELAY, MESSAGE_SIZE, POLLING_WAIT, RETENTION, VISIBILITY, Range
from fnfkit.ports import QueueAttributes, QueueRecord


def fresh(name: str, now: int) -> QueueRecord:
    """A new queue with the documented defaults."""
    return QueueRecord(
        name=name,
        delay_seconds=0,
        maximum_message_size=65_536,
        message_retention_period=345_600,
        visibility_timeout=30,
        polling_wait_seconds=0,
        logging_enabled=False,
        created=now,
        modified=now,
        active=0,
        inactive=0,
        delayed=0,
    )


def changed(record: QueueRecord, given: QueueAttributes) -> QueueRecord:
    """The queue with what is given. Raises `InvalidArgument` for a value out of range."""
    logging = record.logging_enabled if given.logging_enabled is None else given.logging_enabled
    return replace(
        record,
        delay_seconds=_pick(DELAY, given.delay_seconds, record.delay_seconds),
        maximum_message_size=_pick(MESSAGE_SIZE, given.maximum_message_size, record.maximum_message_size),
        message_retention_period=_pick(RETENTION, given.message_retention_period, record.message_retention_period),
        visibility_timeout=_pick(VISIBILITY, given.visibility_timeout, record.visibility_timeout),
        polling_wait_seconds=_pick(POLLING_WAIT, given.polling_wait_seconds, record.polling_wait_seconds),
        logging_enabled=logging,
    )


def settings(record: QueueRecord) -> QueueRecord:
    """The queue without its times, for comparing."""
    return replace(record, created=0, modified=0)


def _pick(allowed: Range, given: int | None, present: int) -> int:
    return present if given is None else allowed.check(given)
