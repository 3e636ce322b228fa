"""The temporary credentials functions act with (api-fc.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

RENEWAL = 900_000
"""Milliseconds after which the credentials of functions are renewed; a session of a role lasts an hour."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of the function's role. The repr keeps the secrets out of logs."""

    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)

    # Older handlers spell them so (inferred: published ones do, api-fc.md 4 has the other spelling only).

    @property
    def accessKeyId(self) -> str:
        return self.access_key_id

    @property
    def accessKeySecret(self) -> str:
        return self.access_key_secret

    @property
    def securityToken(self) -> str:
        return self.security_token


class Renewed:
    """Credentials by role that are asked for once in a while, not at every call. `now` is in Unix milliseconds."""

    def __init__(self, assume: Callable[[str], Credentials], now: Callable[[], int]) -> None:
        self._assume = assume
        self._now = now
        self._current: dict[str, tuple[int, Credentials]] = {}

    def __call__(self, role: str) -> Credentials:
        """Credentials of a role, the account's own if it is empty, valid for three quarters of an hour at least."""
        now = self._now()
        until, credentials = self._current.get(role, (0, Credentials()))
        if now >= until:
            credentials = self._assume(role)
            self._current[role] = (now + RENEWAL, credentials)
        return credentials
