"""Callback tokens: base64 of `v1#flow#execution#event id#signature` (fdl.md 4.10).

The event id is that of the step's StepEntered. The signature covers the attempt too, so that each attempt of a
retried step has a token of its own.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from binascii import Error, a2b_base64
from enum import Enum
from functools import lru_cache


class TokenState(Enum):
    """What a report with a token meets."""

    PENDING = "pending"
    """The task waits for this report."""
    COMPLETED = "completed"
    """This token was reported before."""
    SUPERSEDED = "superseded"
    """Nobody waits for this attempt any more: it timed out, was retried or was cancelled."""
    UNKNOWN = "unknown"
    """This execution never issued the token."""


def make_token(key: bytes, place: tuple[str, str, int], attempt: int) -> str:
    """The token of an attempt; `place` is the flow, the execution and the StepEntered id."""
    text = "v1#{}#{}#{}".format(*place)
    signature = b64encode(hmac.digest(key, f"{text}#{attempt}".encode(), "sha1"))
    return b64encode(text.encode() + b"#" + signature).decode()


@lru_cache(maxsize=256)  # on its way to the task, a report's token is asked about three times
def parse_token(text: str) -> tuple[str, str, int] | None:
    """The flow, the execution and the StepEntered id a token names, or None. The signature is not checked."""
    try:
        parts = a2b_base64(text, strict_mode=True).decode().split("#")
    except (Error, ValueError):
        return None
    if len(parts) != 5 or parts[0] != "v1" or not (parts[3].isascii() and parts[3].isdigit() and len(parts[3]) < 16):
        return None
    return parts[1], parts[2], int(parts[3])
