"""What names, numbers and bodies the Message Service takes (api-mns.md 5, 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fnfkit.ports import Fault, InvalidArgument

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters an XML 1.0 document cannot carry, not even escaped."""


@dataclass(frozen=True, slots=True)
class Range:
    """The values an attribute may take, both ends included."""

    element: str
    low: int
    high: int
    unit: str = "seconds"

    def check(self, value: int) -> int:
        """The value itself. Raises `InvalidArgument` outside the range."""
        if isinstance(value, int) and self.low <= value <= self.high:
            return value
        unit = f" {self.unit}" if self.unit else ""
        raise InvalidArgument(f"The value of {self.element} must be between {self.low} and {self.high}{unit}.")


DELAY = Range("DelaySeconds", 0, 604_800)
MESSAGE_SIZE = Range("MaximumMessageSize", 1_024, 65_536, "bytes")
RETENTION = Range("MessageRetentionPeriod", 60, 604_800)
VISIBILITY = Range("VisibilityTimeout", 1, 43_200)
POLLING_WAIT = Range("PollingWaitSeconds", 0, 30)
PRIORITY = Range("Priority", 1, 16, "")
BATCH = Range("numOfMessages", 1, 16, "")
PAGE = Range("x-mns-ret-number", 1, 1_000, "")

BATCH_BYTES = 65_536
"""The bodies of one batch together (api-mns.md 5)."""
LONGEST_WAIT = 30
"""Longer waits are cut: clients send what they like, and their sockets time out after 60 s (api-mns.md 8)."""


def check_name(name: str, longest: int, invalid: type[Fault], length: type[Fault]) -> str:
    """The name itself. Raises the fault for a wrong length, or for characters that are not allowed."""
    if not 1 <= len(name) <= longest:
        raise length(f"The name must have 1 to {longest} characters; this one has {len(name)}.")
    if not _NAME.match(name):
        raise invalid(f"The name {name!r} may have letters, digits and hyphens, and starts with a letter or digit.")
    return name


def check_body(body: str, maximum: int) -> bytes:
    """The body as it travels. Raises `InvalidArgument` if it is empty, too large, or cannot travel in XML."""
    if not body:
        raise InvalidArgument("The message has no MessageBody.")
    if found := _NOT_XML.search(body):
        raise InvalidArgument(f"MessageBody has the character {found[0]!r}, which XML cannot carry; encode the body.")
    raw = body.encode()
    if len(raw) > maximum:
        raise InvalidArgument(f"The value of MessageBody must be between 1 and {maximum} bytes; it has {len(raw)}.")
    return raw


def check_wait(wait_seconds: int) -> int:
    """The wait in seconds, cut to the longest one served. Raises `InvalidArgument` below 0."""
    if wait_seconds < 0:
        raise InvalidArgument("The value of waitseconds must be between 0 and 30 seconds.")
    return min(wait_seconds, LONGEST_WAIT)
