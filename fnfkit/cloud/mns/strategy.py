"""When a refused notification is tried again, and where notifications can go (api-mns.md 6). Pure."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from fnfkit.ports import EndpointInvalid, NotifyStrategy

_QUEUE = re.compile(r"acs:mns:[a-z0-9-]*:[0-9]*:queues/([A-Za-z0-9][A-Za-z0-9-]*)\Z")
_NOBODY_HERE = re.compile(r"(mail:directmail|sms:directsms):.+\Z")


@dataclass(frozen=True, slots=True)
class QueueEndpoint:
    """A queue of the account."""

    queue: str


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """A URL that is pushed to."""

    url: str


@dataclass(frozen=True, slots=True)
class OutsideEndpoint:
    """Mail and short messages: accepted, and never sent from an emulator."""

    address: str


Endpoint: TypeAlias = QueueEndpoint | HttpEndpoint | OutsideEndpoint


def endpoint_of(text: str) -> Endpoint:
    """The endpoint a subscription names. Raises `EndpointInvalid` for any other form."""
    if match := _QUEUE.match(text):
        return QueueEndpoint(match[1])
    if _NOBODY_HERE.match(text):
        return OutsideEndpoint(text)
    if _is_url(text):
        return HttpEndpoint(text)
    raise EndpointInvalid(
        f"The endpoint {text!r} is none of http://..., https://..., acs:mns:<region>:<account>:queues/<queue>, "
        "mail:directmail:... and sms:directsms:...."
    )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def retry_delay(strategy: NotifyStrategy, refusals: int, seed: str) -> int | None:
    """Milliseconds until the next attempt after so many refusals, or None when the message is dropped.

    `seed` (the message id) stands in for the service's random: the same message always waits alike.
    """
    match strategy:
        case NotifyStrategy.BACKOFF_RETRY:  # 3 retries, 10 to 20 s apart
            spread = zlib.crc32(f"{seed}#{refusals}".encode()) % 10_001
            return 10_000 + spread if refusals <= 3 else None
        case NotifyStrategy.EXPONENTIAL_DECAY_RETRY:  # 1, 2, 4 ... 256 s, then 167 times 512 s
            return min(1 << (refusals - 1), 512) * 1_000 if refusals <= 176 else None
