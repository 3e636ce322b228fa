"""After a crash no accepted message is missing, and nothing is left of deleted ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.cloud.store_sqlite import SqliteStore
from fnfkit.ports import Message, MessageNotExist, NotifyContentFormat, NotifyStrategy, QueueAttributes
from tests.mns.accounts import Messages


def durable() -> Messages:
    return Messages(MemoryStore(durable=True))


def test_a_message_survives_with_its_state() -> None:
    before = durable()
    before.queues.create_queue("q", QueueAttributes(visibility_timeout=60, logging_enabled=True))
    before.queues.send_message("q", "one", priority=3)
    first = before.queues.receive_message("q")
    before.queues.send_message("q", "two", delay_seconds=5)
    after = before.crashed()
    record = after.queues.get_queue_attributes("q")
    assert (record.visibility_timeout, record.logging_enabled) == (60, True)
    assert (record.active, record.inactive, record.delayed) == (0, 1, 1)
    after.queues.delete_message("q", first.receipt_handle)
    assert after.queues.receive_message("q", wait_seconds=5).body == "two"


def test_a_dequeue_count_survives() -> None:
    account = durable()
    account.queues.create_queue("q")
    account.queues.send_message("q", "poison")
    first = 0
    for count in range(1, 5):
        message = account.queues.receive_message("q", wait_seconds=30)
        first = first or message.first_dequeued
        assert (message.dequeue_count, message.first_dequeued) == (count, first)
        account = account.crashed()
        account.loop.advance(30)


def test_ids_are_not_given_twice_after_a_crash() -> None:
    account = durable()
    account.queues.create_queue("q")
    seen = set()
    for _ in range(5):
        sent = account.queues.send_message("q", "x")
        received = account.queues.receive_message("q")
        account.queues.delete_message("q", received.receipt_handle)
        seen.add((sent.id, received.receipt_handle))
        account = account.crashed()
    assert len({id for id, _ in seen}) == len({handle for _, handle in seen}) == 5


def test_deleted_messages_and_queues_leave_nothing_in_the_store() -> None:
    account = durable()
    account.queues.create_queue("q")
    for _ in range(100):
        account.queues.send_message("q", "x")
        account.queues.delete_message("q", account.queues.receive_message("q").receipt_handle)
    account.queues.send_message("q", "left over")
    account.queues.receive_message("q")
    account.queues.delete_queue("q")
    account.topics.create_topic("t")
    account.topics.subscribe("t", "s", "http://127.0.0.1:9/")
    account.topics.publish_message("t", "x")
    account.topics.delete_topic("t")
    tables = ("mns.queue", "mns.message", "mns.lease", "mns.topic", "mns.subscription", "mns.delivery")
    assert [list(account.store.scan(table)) for table in tables] == [[]] * len(tables)


def test_memory_does_not_grow_with_messages_that_are_gone() -> None:
    account = Messages()
    account.queues.create_queue("q")
    for _ in range(5_000):
        account.queues.send_message("q", "x")
        account.queues.delete_message("q", account.queues.receive_message("q").receipt_handle)
    messages = account.queues._queues["q"].messages
    assert len(messages) == 0
    assert len(messages._hidden._heap) < 200


def test_expired_messages_leave_the_store() -> None:
    account = durable()
    account.queues.create_queue("q", QueueAttributes(message_retention_period=60))
    account.queues.send_message("q", "x")
    account.loop.advance(60)
    with pytest.raises(MessageNotExist):
        account.queues.receive_message("q")
    assert list(account.store.scan("mns.message")) == []


def test_a_notification_under_way_survives_and_keeps_its_turn() -> None:
    account = durable()
    account.topics.create_topic("t")
    account.topics.subscribe(
        "t",
        "s",
        "http://127.0.0.1:9/hook",
        strategy=NotifyStrategy.EXPONENTIAL_DECAY_RETRY,
        format=NotifyContentFormat.SIMPLIFIED,
    )
    account.topics.publish_message("t", "hello")
    account.loop.advance(3.5)  # refused at 0, 1 and 3 s
    account = account.crashed()
    asked: list[tuple[int, str]] = []
    started = account.clock.now()

    def accept(push, answered):
        asked.append((account.clock.now() - started, push.notification.body))
        answered(204)

    account.topics.push_with(accept)
    account.loop.run_until_idle()
    assert asked == [(3_500, "hello")]  # due at 7 s
    assert account.topics.get_topic_attributes("t").message_count == 0


def test_random_crashes_lose_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    path = tmp_path / "store"
    account = Messages(SqliteStore(path))
    account.queues.create_queue("q")
    sent: set[str] = set()
    deleted: set[str] = set()
    for round in range(30):
        for number in range(rng.randint(1, 8)):
            body = f"{round}-{number}"
            account.queues.batch_send_message("q", [Message(body, rng.randint(0, 3), rng.randint(1, 16))])
            sent.add(body)
        account.loop.advance(rng.randint(0, 40))
        for message in account.queues.batch_receive_message("q", 16, wait_seconds=30):
            if rng.random() < 0.6:
                account.queues.delete_message("q", message.receipt_handle)
                deleted.add(message.body)
        account.store.rollback()
        account.store.close()
        account = Messages(SqliteStore(path), account.clock)
    account.loop.advance(31)
    left = set()
    while True:
        try:
            left.update(message.body for message in account.queues.batch_receive_message("q", 16))
        except MessageNotExist:
            break
    account.store.close()
    assert left == sent - deleted
