"""What is SQS's own in the port of queues; what all clouds share is in tests/mns/contract."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from fnfkit.aws import SqsQueues
from fnfkit.aws.polls import Polls
from fnfkit.ports import (
    ActionNotSupported,
    EntityTooLarge,
    Fault,
    InvalidArgument,
    InvalidQueueName,
    Message,
    MessageNotExist,
    NetworkFault,
    QueueAttributes,
    QueueNotExist,
    ReceiptHandleError,
    ResourceThrottled,
    SentMessage,
)
from tests.aws.moto_account import MotoAccount, account

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/q"


@pytest.fixture
def queues(moto: MotoAccount) -> SqsQueues:
    moto.queues.create_queue("q")
    return moto.queues


class Stubbed:
    """SQS that answers as it is told."""

    def __init__(self) -> None:
        session = account()
        self.stub = Stubber(session.client("sqs"))
        self.queues = SqsQueues(session)
        self.queues._urls["q"] = URL

    def refuses(self, operation: str, code: str) -> None:
        self.stub.add_client_error(operation, f"AWS.SimpleQueueService.{code}", "as told", http_status_code=400)


@pytest.fixture
def stubbed() -> Any:
    found = Stubbed()
    with found.stub:
        yield found
        found.stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda queues: queues.send_message("q", "x", priority=1), "no priority"),
        (lambda queues: queues.peek_message("q"), "without receiving"),
        (lambda queues: queues.batch_peek_message("q", 3), "without receiving"),
        (lambda queues: queues.create_queue("r", QueueAttributes(logging_enabled=True)), "CloudTrail"),
        (lambda queues: queues.set_queue_attributes("q", QueueAttributes(logging_enabled=True)), "CloudTrail"),
    ],
)
def test_what_sqs_does_not_do(queues: SqsQueues, call: Callable[[SqsQueues], object], told: str) -> None:
    with pytest.raises(ActionNotSupported, match=told):
        call(queues)
    assert queues.list_queues().items == ("q",)
    assert queues.get_queue_attributes("q").active == 0


@pytest.mark.parametrize("name", ["a b", "a/b", "名", "a."])
def test_names_that_are_refused(queues: SqsQueues, name: str) -> None:
    with pytest.raises(InvalidQueueName, match="letters, digits"):
        queues.create_queue(name)


def test_a_priority_in_a_batch_is_refused_by_itself(queues: SqsQueues) -> None:
    sent = queues.batch_send_message("q", [Message("a"), Message("b", priority=1), Message("c")])
    assert [type(item) for item in sent] == [SentMessage, ActionNotSupported, SentMessage]
    assert [message.body for message in queues.batch_receive_message("q", 16)] == ["a", "c"]


def test_a_large_batch_goes_in_requests_that_fit(queues: SqsQueues) -> None:
    bodies = [str(number) * 100_000 for number in range(5)]
    sent = queues.batch_send_message("q", [Message(body) for body in bodies])
    assert all(isinstance(item, SentMessage) for item in sent)
    assert [message.body for message in queues.batch_receive_message("q", 16)] == bodies


def test_what_was_sent_before_a_fault_counts_as_sent(stubbed: Stubbed) -> None:
    done = [{"Id": str(n), "MessageId": f"m{n}", "MD5OfMessageBody": "ab"} for n in range(9)]
    refused = [{"Id": "9", "SenderFault": True, "Code": "InvalidMessageContents", "Message": "no such characters"}]
    stubbed.stub.add_response("send_message_batch", {"Successful": done, "Failed": refused})
    stubbed.refuses("send_message_batch", "RequestThrottled")
    sent = stubbed.queues.batch_send_message("q", [Message(str(n)) for n in range(12)])
    assert [type(item) for item in sent] == [*[SentMessage] * 9, InvalidArgument, *[ResourceThrottled] * 2]
    stubbed.refuses("send_message_batch", "NonExistentQueue")
    with pytest.raises(QueueNotExist):
        stubbed.queues.batch_send_message("q", [Message("x")])


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NonExistentQueue", QueueNotExist),
        ("QueueDoesNotExist", QueueNotExist),
        ("ReceiptHandleIsInvalid", ReceiptHandleError),
        ("MessageNotInflight", MessageNotExist),
        ("BatchRequestTooLong", EntityTooLarge),
        ("OverLimit", ResourceThrottled),
        ("AccessDenied", Fault),
    ],
)
def test_codes(stubbed: Stubbed, code: str, kind: type[Fault]) -> None:
    stubbed.refuses("change_message_visibility", code)
    with pytest.raises(kind, match="change_message_visibility of queue q: as told"):
        stubbed.queues.change_message_visibility("q", "handle", 5)


def test_a_message_that_was_parked_by_sqs_itself(queues: SqsQueues, moto: MotoAccount) -> None:
    """A redrive policy, which templates may give a queue, is SQS's own affair: the counts are told as they are."""
    queues.create_queue("dead")
    policy = {"deadLetterTargetArn": moto.session.arn("sqs", "dead"), "maxReceiveCount": 1}
    sqs = moto.session.client("sqs")
    sqs.set_queue_attributes(QueueUrl=URL, Attributes={"RedrivePolicy": json.dumps(policy)})
    queues.send_message("q", "x")
    received = queues.receive_message("q")
    assert received.dequeue_count == 1
    queues.change_message_visibility("q", received.receipt_handle, 1)
    with pytest.raises(MessageNotExist):
        queues.receive_message("q", wait_seconds=5)
    assert queues.receive_message("dead").body == "x"


def test_a_long_poll_is_ended_from_another_thread(queues: SqsQueues) -> None:
    ended: list[Exception] = []

    def poll() -> None:
        try:
            queues.receive_message("q", wait_seconds=30)
        except NetworkFault as fault:
            ended.append(fault)

    thread = threading.Thread(target=poll)
    thread.start()
    while thread.is_alive():
        queues.interrupt()
        thread.join(0.01)
    assert len(ended) == 1


def test_what_a_poll_brings_after_it_was_given_up_goes_back() -> None:
    begun, go_on, back = threading.Event(), threading.Event(), threading.Event()
    unwanted: list[tuple[str, list[str]]] = []

    def give_back(queue: str, found: list[str]) -> None:
        unwanted.append((queue, found))
        back.set()

    def ask() -> list[str]:
        begun.set()
        assert go_on.wait(10)
        return ["message"]

    polls: Polls[list[str]] = Polls(give_back)
    faults: list[Fault] = []

    def poll() -> None:
        try:
            polls.wait("q", ask)
        except Fault as fault:
            faults.append(fault)

    thread = threading.Thread(target=poll)
    thread.start()
    assert begun.wait(10)
    polls.interrupt()
    thread.join()
    assert [type(fault) for fault in faults] == [NetworkFault]
    go_on.set()
    assert back.wait(10)
    assert unwanted == [("q", ["message"])]


def test_a_poll_tells_its_own_fault() -> None:
    def ask() -> list[str]:
        raise QueueNotExist("q")

    polls: Polls[list[str]] = Polls(lambda queue, found: None)
    with pytest.raises(QueueNotExist):
        polls.wait("q", ask)
    assert polls.wait("q", lambda: ["x"]) == ["x"]
