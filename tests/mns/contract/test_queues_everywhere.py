"""The contract of the port `Queues` where all clouds agree: the Message Service, in process and served, and SQS."""

from __future__ import annotations

import hashlib

import pytest

from fnfkit.ports import (
    InvalidArgument,
    Message,
    MessageNotExist,
    QueueAlreadyExist,
    QueueAttributes,
    QueueNameLengthError,
    QueueNotExist,
    Queues,
    ReceiptHandleError,
    SentMessage,
)
from tests.mns.contract.conftest import AnyAccount

RAW = '{"task_token": "dGVzdA==", "key": "<&>\\u00e9 \u4f60\u597d"}'


@pytest.fixture
def queues(any_account: AnyAccount) -> Queues:
    any_account.queues.create_queue("q")
    return any_account.queues


def md5(body: str) -> str:
    return hashlib.md5(body.encode()).hexdigest().upper()


def empty(queues: Queues, queue: str = "q") -> bool:
    return queues.get_queue_attributes(queue).active == 0


def test_a_queue_has_the_documented_defaults(any_account: AnyAccount) -> None:
    assert any_account.queues.create_queue("q") is True
    record = any_account.queues.get_queue_attributes("q")
    assert (record.name, record.delay_seconds, record.message_retention_period) == ("q", 0, 345_600)
    assert (record.visibility_timeout, record.polling_wait_seconds, record.logging_enabled) == (30, 0, False)
    assert record.created // 1_000 == record.modified // 1_000 == any_account.now() // 1_000
    assert (record.active, record.inactive, record.delayed) == (0, 0, 0)


def test_creating_alike_is_no_fault_and_creating_otherwise_is(queues: Queues) -> None:
    assert queues.create_queue("q") is False
    assert queues.create_queue("q", QueueAttributes(visibility_timeout=30)) is False
    with pytest.raises(QueueAlreadyExist):
        queues.create_queue("q", QueueAttributes(visibility_timeout=31))


def test_attributes_change_one_by_one(queues: Queues) -> None:
    queues.set_queue_attributes("q", QueueAttributes(visibility_timeout=60))
    queues.set_queue_attributes("q", QueueAttributes(delay_seconds=1))
    record = queues.get_queue_attributes("q")
    assert (record.visibility_timeout, record.delay_seconds) == (60, 1)


def test_a_long_name_is_refused(any_account: AnyAccount) -> None:
    any_account.queues.create_queue("x" * any_account.longest_name)
    with pytest.raises(QueueNameLengthError):
        any_account.queues.create_queue("x" * (any_account.longest_name + 1))


def test_everything_on_an_absent_queue_is_a_fault(any_account: AnyAccount) -> None:
    queues = any_account.queues
    attempts = [
        lambda: queues.get_queue_attributes("none"),
        lambda: queues.set_queue_attributes("none", QueueAttributes(delay_seconds=1)),
        lambda: queues.send_message("none", "x"),
        lambda: queues.batch_send_message("none", [Message("x")]),
        lambda: queues.receive_message("none"),
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
    with pytest.raises(QueueNotExist):
        queues.receive_message("q")
    queues.delete_queue("q")
    queues.create_queue("q")
    assert empty(queues)


def test_listing_by_prefix_in_pages(any_account: AnyAccount) -> None:
    for name in ("a-1", "b-1", "b-2", "b-3", "c"):
        any_account.queues.create_queue(name)
    assert any_account.queues.list_queues().items == ("a-1", "b-1", "b-2", "b-3", "c")
    page = any_account.queues.list_queues(prefix="b-", limit=2)
    assert page.items == ("b-1", "b-2")
    assert page.next_token
    rest = any_account.queues.list_queues(prefix="b-", limit=2, marker=page.next_token)
    assert (rest.items, rest.next_token) == (("b-3",), None)


def test_a_body_travels_verbatim(queues: Queues) -> None:
    sent = queues.send_message("q", RAW)
    assert (sent.body_md5, sent.receipt_handle) == (md5(RAW), "")
    received = queues.receive_message("q")
    assert (received.id, received.body, received.body_md5) == (sent.id, RAW, md5(RAW))


@pytest.mark.parametrize("body", ["\n\n", "  spaces  ", "]]>", "\ttab", "&amp;", "\U0001f600"])
def test_awkward_bodies_travel_verbatim(queues: Queues, body: str) -> None:
    queues.send_message("q", body + ".")
    assert queues.receive_message("q").body == body + "."


def test_receiving_counts_and_dates(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x")
    enqueued = any_account.now()
    any_account.advance(2)
    first = queues.receive_message("q")
    assert (first.enqueued, first.first_dequeued, first.dequeue_count) == (enqueued, enqueued + 2_000, 1)
    assert (first.next_visible, first.priority) == (any_account.now() + 30_000, 8)
    any_account.advance(31)
    second = queues.receive_message("q")
    assert (second.id, second.dequeue_count) == (first.id, 2)
    assert second.first_dequeued == first.first_dequeued
    assert second.receipt_handle != first.receipt_handle


def test_a_received_message_is_hidden_until_its_time(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x")
    queues.receive_message("q")
    with pytest.raises(MessageNotExist):
        queues.receive_message("q")
    record = queues.get_queue_attributes("q")
    assert (record.active, record.inactive) == (0, 1)
    any_account.advance(29)
    assert empty(queues)
    any_account.advance(2)
    assert not empty(queues)


def test_the_visibility_that_was_set_last_counts(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x")
    queues.receive_message("q")
    any_account.advance(31)
    queues.set_queue_attributes("q", QueueAttributes(visibility_timeout=5))
    again = queues.receive_message("q")
    assert again.dequeue_count == 2
    any_account.advance(6)
    assert queues.receive_message("q").dequeue_count == 3


def test_a_delayed_message_comes_later(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "later", delay_seconds=10)
    record = queues.get_queue_attributes("q")
    assert (record.active, record.inactive, record.delayed) == (0, 0, 1)
    any_account.advance(9)
    assert empty(queues)
    any_account.advance(1)
    assert queues.receive_message("q").body == "later"


def test_a_message_overrides_the_delay_of_its_queue(any_account: AnyAccount) -> None:
    any_account.queues.create_queue("slow", QueueAttributes(delay_seconds=60))
    any_account.queues.send_message("slow", "as the queue says")
    any_account.queues.send_message("slow", "at once", delay_seconds=0)
    assert any_account.queues.receive_message("slow").body == "at once"
    assert empty(any_account.queues, "slow")
    any_account.advance(60)
    assert any_account.queues.receive_message("slow").body in ("as the queue says", "at once")


def test_too_long_a_delay_is_refused(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x", delay_seconds=any_account.longest_delay)
    with pytest.raises(InvalidArgument, match=str(any_account.longest_delay)):
        queues.send_message("q", "x", delay_seconds=any_account.longest_delay + 1)


def test_a_long_poll_ends_with_a_message_that_becomes_visible(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x", delay_seconds=5)
    before = any_account.now()
    assert queues.receive_message("q", wait_seconds=20).body == "x"
    assert any_account.now() - before == 5_000


@pytest.mark.parametrize("seconds", [10, 20, 30])
def test_a_long_poll_ends_empty_after_its_wait(any_account: AnyAccount, queues: Queues, seconds: int) -> None:
    before = any_account.now()
    with pytest.raises(MessageNotExist):
        queues.receive_message("q", wait_seconds=seconds)
    assert seconds * 1_000 <= any_account.now() - before <= seconds * 1_000 + any_account.late


def test_a_message_comes_late_in_a_long_poll(queues: Queues) -> None:
    queues.send_message("q", "x", delay_seconds=25)
    assert queues.receive_message("q", wait_seconds=30).body == "x"


def test_a_queue_has_its_own_wait(any_account: AnyAccount) -> None:
    any_account.queues.create_queue("patient", QueueAttributes(polling_wait_seconds=7))
    before = any_account.now()
    with pytest.raises(MessageNotExist):
        any_account.queues.receive_message("patient")
    passed = any_account.now() - before
    assert 7_000 <= passed <= 7_000 + any_account.late
    with pytest.raises(MessageNotExist):
        any_account.queues.receive_message("patient", wait_seconds=0)
    assert any_account.now() - before == passed


def test_a_batch_is_sent_and_received(queues: Queues) -> None:
    sent = queues.batch_send_message("q", [Message(f"m{number}") for number in range(16)])
    assert [item.body_md5 for item in sent if isinstance(item, SentMessage)] == [md5(f"m{n}") for n in range(16)]
    found = queues.batch_receive_message("q", 10)
    assert [message.body for message in found] == [f"m{number}" for number in range(10)]
    assert len(queues.batch_receive_message("q", 16)) == 6
    with pytest.raises(MessageNotExist):
        queues.batch_receive_message("q", 16)


def test_in_a_batch_each_message_is_accepted_or_refused_by_itself(queues: Queues) -> None:
    sent = queues.batch_send_message("q", [Message("good", 3), Message("bad", 604_801), Message("fine")])
    assert [type(item) for item in sent] == [SentMessage, InvalidArgument, SentMessage]
    record = queues.get_queue_attributes("q")
    assert (record.active, record.delayed) == (1, 1)


def test_batches_are_bounded(queues: Queues) -> None:
    for attempt in (
        lambda: queues.batch_send_message("q", [Message("x")] * 17),
        lambda: queues.batch_receive_message("q", 17),
        lambda: queues.batch_receive_message("q", 0),
        lambda: queues.batch_delete_message("q", ["1-1-1"] * 17),
    ):
        with pytest.raises(InvalidArgument):
            attempt()


def test_a_batch_long_poll_takes_what_there_is(queues: Queues) -> None:
    queues.send_message("q", "only")
    assert [message.body for message in queues.batch_receive_message("q", 16, wait_seconds=10)] == ["only"]


@pytest.mark.parametrize("handle", ["nonsense", "1-zz-1", "h+/=="])
def test_a_malformed_handle_is_another_fault(queues: Queues, handle: str) -> None:
    with pytest.raises(ReceiptHandleError):
        queues.delete_message("q", handle)
    with pytest.raises(ReceiptHandleError):
        queues.change_message_visibility("q", handle, 5)


def test_a_batch_deletes_what_it_can(queues: Queues) -> None:
    queues.batch_send_message("q", [Message("a"), Message("b")])
    handles = [message.receipt_handle for message in queues.batch_receive_message("q", 2)]
    refused = queues.batch_delete_message("q", [*handles, "nonsense"])
    assert {handle: type(fault) for handle, fault in refused.items()} == {"nonsense": ReceiptHandleError}
    assert queues.get_queue_attributes("q").inactive == 0


def test_a_batch_that_deletes_all_refuses_none(queues: Queues) -> None:
    queues.batch_send_message("q", [Message(str(number)) for number in range(16)])
    handles = [found.receipt_handle for _ in range(2) for found in queues.batch_receive_message("q", 8)]
    assert queues.batch_delete_message("q", handles) == {}
    assert empty(queues)


def test_changing_visibility_counts_from_now(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x")
    old = queues.receive_message("q").receipt_handle
    any_account.advance(20)
    changed = queues.change_message_visibility("q", old, 60)
    any_account.advance(59)
    assert empty(queues)
    queues.delete_message("q", changed.receipt_handle)
    any_account.advance(2)
    assert empty(queues)


def test_a_message_can_be_given_back_early(any_account: AnyAccount, queues: Queues) -> None:
    queues.send_message("q", "x")
    queues.change_message_visibility("q", queues.receive_message("q").receipt_handle, 1)
    before = any_account.now()
    assert queues.receive_message("q", wait_seconds=10).dequeue_count == 2
    assert 1_000 <= any_account.now() - before <= 1_000 + any_account.late


def test_visibility_out_of_range_is_refused(queues: Queues) -> None:
    queues.send_message("q", "x")
    handle = queues.receive_message("q").receipt_handle
    for seconds in (0, 43_201):
        with pytest.raises(InvalidArgument):
            queues.change_message_visibility("q", handle, seconds)
    queues.delete_message("q", handle)
