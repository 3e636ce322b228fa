"""What a gateway needs to know of a service behind it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.protocol.http import Request, Response
from fnfkit.server.later import Later

Answer: TypeAlias = Response | Later[Response]
"""An answer, now or later."""

MAX_REQUEST = 1024 * 1024
"""Request limit in bytes, target and body together (api-fnf.md 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One row of the dispatch table.

    `matches` decides by the head of a request alone, before its body is read. `handle` must not block and must not
    raise. `max_body` bounds what is buffered; `too_large` answers a request that has more.
    """

    name: str
    matches: Callable[[Request], bool]
    handle: Callable[[Request], Answer]
    too_large: Callable[[Request], Response]
    max_body: int = MAX_REQUEST


_random = random.Random()  # noqa: S311  # names an answer and guards nothing


def new_request_id() -> str:
    """A RequestId: random, in the form of a UUID."""
    digits = f"{_random.getrandbits(128):032X}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
