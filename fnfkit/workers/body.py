"""What a message says: the task token and the payload, out of a queue's body or a topic's notification."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from html import unescape

from fnfkit.model.json import Json, JsonObject

TOKEN_KEYS = ("task_token", "taskToken")
"""The names that the documented flows give to the token (scenarios.md 3, 4)."""

_TOPICS = ("TopicName", "TopicArn")
"""What a notification says of its topic: in JSON (api-mns.md 6.1), and as Amazon's topics send it."""
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class TaskMessage:
    """A task to work on. `payload` is what the flow sent, without the token."""

    token: str
    payload: JsonObject


def read_body(body: str, token_keys: tuple[str, ...] = TOKEN_KEYS) -> TaskMessage | None:
    """The task of a message body: a JSON object with a token, as it is, in Base64, or inside a notification.

    None if the body names no task.
    """
    found = _object(body)
    if found is None:
        return None
    for key in token_keys:
        token = found.get(key)
        if isinstance(token, str) and token:
            return TaskMessage(token, {name: value for name, value in found.items() if name != key})
    inner = found.get("Message")
    if isinstance(inner, str) and any(name in found for name in _TOPICS):
        return read_body(inner, token_keys)
    return None


def _object(body: str) -> JsonObject | None:
    if len(body) > _LONGEST:
        return None
    text = body.strip()
    if text.startswith("<") and "<Notification" in text[:200]:
        found = _MESSAGE.search(text)
        text = unescape(found[1]).strip() if found else ""
    if not text.startswith("{"):
        text = _decoded(text)
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decoded(text: str) -> str:
    """Base64 is a habit of clients (api-mns.md 4); what a flow sends is not encoded."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
