"""The contract of the port `Queues` (api-mns.md 2, 4, 5)."""

from __future__ import annotations

import hashlib

import pytest

from fnfkit.ports import (
    Fault,
    InvalidArgument,
    InvalidQueueName,
    Message,
    MessageNotExist,
    QueueAttributes,
    QueueNotExist,
    Queues,
    ReceiptHandleError,
    SentMessage,
)
from tests.mns.contract.conftest import Account

RAW = '{"task_token": "dGVzdA==", "key": "<&>\\u00e9 \u4f60\u597d"}'


def md5(body: str) -> str:
    return hashlib.md5(body.encode()).hexdigest().upper()


def empty(queues: Queues, queue: str = "q") -> bool:
    try:
        queues.peek_message(queue)
    except MessageNotExist:
        return True
    return False


def test_a_queue_has_the_documented_defaults(account: Account) -> None:
    assert account.queues.create_queue("q") is True
    record = account.queues.get_queue_attributes("q")
    assert (record.name, record.delay_seconds, record.maximum_message_size) == ("q", 0, 65_536)
    assert (record.message_retention_period, record.visibility_timeout) == (345_600, 30)
    assert (record.polling_wait_seconds, record.logging_enabled) == (0, False)
    assert record.created // 1_000 == record.modified // 1_000 == account.now() // 1_000
    assert (record.active, record.inactive, record.delayed) == (0, 0, 0)


def test_attributes_change_one_by_one(account: Account, queues: Queues) -> None:
    account.advance(5)
    queues.set_queue_attributes("q", QueueAttributes(visibility_timeout=60))
    queues.set_queue_attributes("q", QueueAttributes(logging_enabled=True, delay_seconds=1))
    record = queues.get_queue_attributes("q")
    assert (record.visibility_timeout, record.logging_enabled, record.delay_seconds) == (60, True, 1)
    assert record.modified - record.created == 5_000


@pytest.mark.parametrize(
    "attributes",
    [
        QueueAttributes(visibility_timeout=43_201),
        QueueAttributes(delay_seconds=604_801),
        QueueAttributes(maximum_message_size=1_023),
        QueueAttributes(maximum_message_size=65_537),
        QueueAttributes(message_retention_period=59),
        QueueAttributes(polling_wait_seconds=31),
    ],
    ids=str,
)
def test_attributes_out_of_range_are_refused(account: Account, attributes: QueueAttributes) -> None:
    with pytest.raises(InvalidArgument, match="must be between"):
        account.queues.create_queue("q", attributes)
    assert account.queues.list_queues().items == ()


@pytest.mark.parametrize(("name", "fault"), [("-q", InvalidQueueName), ("a_b", InvalidQueueName)])
def test_bad_names_are_refused(account: Account, name: str, fault: type[Fault]) -> None:
    with pytest.raises(fault):
        account.queues.create_queue(name)


def test_everything_on_an_absent_queue_is_a_fault(account: Account) -> None:
    queues = account.queues
    attempts = [
        lambda: queues.get_queue_attributes("none"),
        lambda: queues.set_queue_attributes("none", QueueAttributes(delay_seconds=1)),
        lambda: queues.send_message("none", "x"),
        lambda: queues.batch_send_message("none", [Message("x")]),
        lambda: queues.receive_message("none"),
        lambda: queues.peek_message("none"),
        lambda: queues.delete_message("none", "1-1-1"),
        lambda: queues.batch_delete_message("none", ["1-1-1"]),
        lambda: queues.change_message_visibility("none", "1-1-1", 5),
    ]
    for attempt in attempts:
        with pytest.raises(QueueNotExist):
            attempt()


def test_deleting_a_queue_takes_its_messages(queues: Queues) -> None:
    queues.send_message("q", "x")
    queues.delete_queue("q")
    queues.delete_queue("q")
    queues.create_queue("q")
    assert empty(queues)


def test_listing_by_prefix_in_pages(account: Account) -> None:
    for name in ("b-2", "a-1", "b-1", "b-3", "c"):
        account.queues.create_queue(name)
    assert account.queues.list_queues().items == ("a-1", "b-1", "b-2", "b-3", "c")
    page = account.queues.list_queues(prefix="b-", limit=2)
    assert page.items == ("b-1", "b-2")
    assert page.next_token
    rest = account.queues.list_queues(prefix="b-", limit=2, marker=page.next_token)
    assert (rest.items, rest.next_token) == (("b-3",), None)


def test_receiving_counts_and_dates(account: Account, queues: Queues) -> None:
    queues.send_message("q", "x", priority=3)
    enqueued = account.now()
    account.advance(2)
    first = queues.receive_message("q")
    assert (first.enqueued, first.first_dequeued, first.dequeue_count, first.priority) == (
        enqueued,
        enqueued + 2_000,
        1,
        3,
    )
    assert first.next_visible == account.now() + 30_000
    account.advance(30)
    second = queues.receive_message("q")
    assert (second.id, second.dequeue_count) == (first.id, 2)
    assert second.first_dequeued == first.first_dequeued
    assert second.receipt_handle != first.receipt_handle


def test_a_received_message_is_hidden_until_its_time(account: Account, queues: Queues) -> None:
    queues.send_message("q", "x")
    queues.receive_message("q")
    with pytest.raises(MessageNotExist):
        queues.receive_message("q")
    record = queues.get_queue_attributes("q")
    assert (record.active, record.inactive) == (0, 1)
    account.advance(29)
    assert empty(queues)
    account.advance(1)
    assert not empty(queues)


def test_the_default_priority_is_eight_and_one_goes_first(queues: Queues) -> None:
    for body, priority in [("low", 16), ("default", None), ("high", 1), ("seven", 7)]:
        queues.send_message("q", body, priority=priority)
    received = [queues.receive_message("q") for _ in range(4)]
    assert [message.body for message in received] == ["high", "seven", "default", "low"]
    assert received[2].priority == 8


@pytest.mark.parametrize("priority", [0, 17])
def test_priorities_out_of_range_are_refused(queues: Queues, priority: int) -> None:
    with pytest.raises(InvalidArgument):
        queues.send_message("q", "x", priority=priority)


def test_sizes_are_in_bytes_and_bounded(account: Account) -> None:
    account.queues.create_queue("small", QueueAttributes(maximum_message_size=1_024))
    account.queues.send_message("small", "\u00e9" * 512)
    with pytest.raises(InvalidArgument, match="1024"):
        account.queues.send_message("small", "\u00e9" * 512 + "x")
    account.queues.create_queue("big")
    account.queues.send_message("big", "<" * 65_536)
    assert len(account.queues.receive_message("big").body) == 65_536
    with pytest.raises(InvalidArgument):
        account.queues.send_message("big", "x" * 65_537)


def test_an_empty_body_is_refused(queues: Queues) -> None:
    with pytest.raises(InvalidArgument):
        queues.send_message("q", "")


def test_a_wait_is_cut_at_thirty_seconds(account: Account, queues: Queues) -> None:
    before = account.now()
    with pytest.raises(MessageNotExist):
        queues.receive_message("q", wait_seconds=1_000)
    assert account.now() - before == 30_000


def test_a_batch_is_sent_and_received(queues: Queues) -> None:
    sent = queues.batch_send_message("q", [Message(f"m{number}", priority=number + 1) for number in range(16)])
    assert all(isinstance(item, SentMessage) for item in sent)
    assert [item.body_md5 for item in sent if isinstance(item, SentMessage)] == [md5(f"m{n}") for n in range(16)]
    found = queues.batch_receive_message("q", 10)
    assert [message.body for message in found] == [f"m{number}" for number in range(10)]
    assert len(queues.batch_receive_message("q", 16)) == 6
    with pytest.raises(MessageNotExist):
        queues.batch_receive_message("q", 16)


def test_in_a_batch_each_message_is_accepted_or_refused_by_itself(queues: Queues) -> None:
    sent = queues.batch_send_message("q", [Message("good", 3), Message("bad", priority=99), Message("fine")])
    assert isinstance(sent[0], SentMessage)
    assert isinstance(sent[1], InvalidArgument)
    assert isinstance(sent[2], SentMessage)
    record = queues.get_queue_attributes("q")
    assert (record.active, record.delayed) == (1, 1)


def test_batches_are_bounded(queues: Queues) -> None:
    with pytest.raises(InvalidArgument):
        queues.batch_send_message("q", [Message("x")] * 17)
    with pytest.raises(InvalidArgument):
        queues.batch_send_message("q", [Message("x" * 33_000)] * 2)
    with pytest.raises(InvalidArgument):
        queues.batch_receive_message("q", 17)
    with pytest.raises(InvalidArgument):
        queues.batch_peek_message("q", 17)


def test_peeking_changes_nothing(account: Account, queues: Queues) -> None:
    queues.send_message("q", "x")
    account.advance(1)
    for _ in range(2):
        peeked = queues.peek_message("q")
        assert (peeked.body, peeked.dequeue_count, peeked.receipt_handle) == ("x", 0, "")
        assert peeked.first_dequeued == peeked.enqueued
    queues.send_message("q", "y")
    assert [message.body for message in queues.batch_peek_message("q", 16)] == ["x", "y"]
    assert queues.receive_message("q").dequeue_count == 1


def test_peeking_shows_active_messages_only(queues: Queues) -> None:
    queues.send_message("q", "delayed", delay_seconds=5)
    queues.send_message("q", "inactive")
    queues.receive_message("q")
    with pytest.raises(MessageNotExist):
        queues.batch_peek_message("q", 16)


def test_deleting_spends_the_handle(queues: Queues) -> None:
    queues.send_message("q", "x")
    handle = queues.receive_message("q").receipt_handle
    queues.delete_message("q", handle)
    with pytest.raises(MessageNotExist):
        queues.delete_message("q", handle)
    assert queues.get_queue_attributes("q").inactive == 0


def test_a_handle_ends_with_its_visibility(account: Account, queues: Queues) -> None:
    queues.send_message("q", "x")
    handle = queues.receive_message("q").receipt_handle
    account.advance(30)
    with pytest.raises(MessageNotExist):
        queues.delete_message("q", handle)
    with pytest.raises(MessageNotExist):
        queues.change_message_visibility("q", handle, 30)
    assert queues.receive_message("q").dequeue_count == 2


@pytest.mark.parametrize("handle", ["nonsense", "1-zz-1", "1-1", "h+/=="])
def test_a_malformed_handle_is_another_fault(queues: Queues, handle: str) -> None:
    with pytest.raises(ReceiptHandleError):
        queues.delete_message("q", handle)
    with pytest.raises(ReceiptHandleError):
        queues.change_message_visibility("q", handle, 5)


def test_a_batch_deletes_what_it_can(queues: Queues) -> None:
    queues.batch_send_message("q", [Message("a"), Message("b")])
    handles = [message.receipt_handle for message in queues.batch_receive_message("q", 2)]
    refused = queues.batch_delete_message("q", [*handles, "nonsense", "1-ffff-1"])
    assert {handle: type(fault) for handle, fault in refused.items()} == {
        "nonsense": ReceiptHandleError,
        "1-ffff-1": MessageNotExist,
    }
    assert queues.get_queue_attributes("q").inactive == 0


def test_changing_visibility_counts_from_now_and_changes_the_handle(account: Account, queues: Queues) -> None:
    queues.send_message("q", "x")
    old = queues.receive_message("q").receipt_handle
    account.advance(20)
    changed = queues.change_message_visibility("q", old, 60)
    assert changed.next_visible == account.now() + 60_000
    with pytest.raises(MessageNotExist):
        queues.change_message_visibility("q", old, 60)
    account.advance(59)
    assert empty(queues)
    queues.delete_message("q", changed.receipt_handle)
    account.advance(2)
    assert empty(queues)


def test_messages_go_after_the_retention_period(account: Account) -> None:
    account.queues.create_queue("short", QueueAttributes(message_retention_period=60))
    account.queues.send_message("short", "active")
    account.queues.send_message("short", "inactive", priority=1)
    handle = account.queues.receive_message("short").receipt_handle
    account.queues.change_message_visibility("short", handle, 3_600)
    account.advance(59)
    assert account.queues.get_queue_attributes("short").active == 1
    account.advance(1)
    record = account.queues.get_queue_attributes("short")
    assert (record.active, record.inactive) == (0, 0)
