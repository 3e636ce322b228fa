"""Client tokens: the same token and the same call give the same result, also after a restart (api-ros.md 5).

What is kept of a call is a digest of all its parameters. No reference tells how long a token is remembered; a day is
what other services of the vendor document (inferred).
"""

from __future__ import annotations

import hashlib

import orjson

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.ros.records import check_token
from fnfkit.cloud.store import Store
from fnfkit.model.json import Json
from fnfkit.ports import InvalidIdempotenceParameter

LIFETIME = 24 * 3_600_000
"""Milliseconds."""
_TOKEN = "ros.token"  # noqa: S105 - the name of a table


class Tokens:
    """The tokens of an account: token -> (digest of the call, the stack's id, when it is forgotten)."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock, self._store = clock, store
        self._known: dict[str, tuple[str, str, int]] = {}

    def recover(self) -> None:
        """Takes up what the store has kept."""
        for token, value in self._store.scan(_TOKEN):
            digest, stack, until = orjson.loads(value)
            self._known[token] = (digest, stack, until)

    def known(self, token: str, call: Json) -> str:
        """The stack of the same call with the same token; empty if there was none.

        Raises `InvalidIdempotenceParameter` for a call with other parameters, `InvalidParameter` for a wrong token.
        """
        found = self._known.get(check_token(token)) if token else None
        if found is None or found[2] <= self._clock.now():
            return ""
        if found[0] != _digest(call):
            raise InvalidIdempotenceParameter("The client token was used for a call with other parameters.")
        return found[1]

    def remember(self, token: str, call: Json, stack: str) -> None:
        """Keeps a call; durable with the next commit."""
        if not token:
            return
        now = self._clock.now()
        for old in [old for old, (_, _, until) in self._known.items() if until <= now]:
            del self._known[old]
            self._store.delete(_TOKEN, old)
        kept = self._known[token] = (_digest(call), stack, now + LIFETIME)
        if self._store.durable:
            self._store.put(_TOKEN, token, orjson.dumps(kept))


def _digest(call: Json) -> str:
    return hashlib.sha256(orjson.dumps(call, option=orjson.OPT_SORT_KEYS)).hexdigest()
