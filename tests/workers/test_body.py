"""Finding the token in what arrives."""

from __future__ import annotations

import base64
import json

import pytest

from fnfkit.cloud.mns.notification import Notification
from fnfkit.ports import NotifyContentFormat
from fnfkit.workers import task_of
from fnfkit.workers.body import TaskMessage

BODY = json.dumps({"task_token": "T", "key": "<value> & 'more'"})
FOUND = TaskMessage("T", {"key": "<value> & 'more'"})


def notification(body: str, format: NotifyContentFormat) -> str:
    note = Notification(
        owner="1", topic="t", subscription="s", message_id="m", body=body, body_md5="x", tag="tag", published=5
    )
    return note.text(format)


@pytest.mark.parametrize("format", NotifyContentFormat, ids=str)
def test_the_token_is_found_in_every_format_of_notification(format: NotifyContentFormat) -> None:
    assert task_of(notification(BODY, format)) == FOUND


def test_the_token_is_found_in_a_notification_of_amazon() -> None:
    told = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": BODY}
    assert task_of(json.dumps(told)) == FOUND


def test_the_token_is_found_in_a_queue_message() -> None:
    assert task_of(BODY) == FOUND
    assert task_of(base64.b64encode(BODY.encode())) == FOUND
    assert task_of('{"taskToken": "U", "messageBody": "hello"}') == TaskMessage("U", {"messageBody": "hello"})
    assert task_of('{"mine": "V"}', ("mine",)) == TaskMessage("V", {})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "[]",
        "{}",
        '{"task_token": ""}',
        '{"task_token": 5}',
        "<Notification>",
        "<Notification><Message>{</Message></Notification>",
        '{"TopicName": "t", "Message": "no json"}',
        "[" * 100_000,
        "x" * (2 << 20),
        b"\xff\xfe",
    ],
    ids=lambda body: str(body[:20]),
)
def test_other_bodies_name_no_task(body: str | bytes) -> None:
    assert task_of(body) is None
