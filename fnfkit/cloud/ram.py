"""Credentials of the embedded account: access keys, and the temporary ones that AssumeRole gives out.

Rules of this file:
1. A secret or a token is never part of a repr, an exception or a log line.
2. A security token carries its own session, sealed with the account's key: nothing is stored, so sessions cost no
   memory and outlive a restart. Its expiry is on the cloud's clock (api-signing.md 2).
3. Any well-formed role of the account may be assumed. What a role that exists may do is in `roles`; one that does not
   exist may do everything, so that accounts without roles keep working.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field, replace

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.ram_records import Denial
from fnfkit.cloud.ram_roles import Roles
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.model.json import Json
from fnfkit.ports.fault import Fault

DEFAULT_KEY_ID = "LTAIfnfkitlocal"
DEFAULT_KEY_SECRET = "fnfkit-local-secret"  # noqa: S105 - public on purpose: it opens nothing but this emulator
"""The key every embedded account starts with, so that tests and samples need no set-up."""

MIN_SESSION_SECONDS = 900
MAX_SESSION_SECONDS = 3600
"""Bounds of AssumeRole's DurationSeconds; the upper one is the default of a role (api-signing.md 2.1)."""

_ROLE = re.compile(r"acs:ram::([0-9]+):role/([A-Za-z0-9._-]{1,64})\Z", re.IGNORECASE)
_SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}\Z")
_SEAL_BYTES = 20


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A long-lived key of an account, or the key of a session (then `arn` names the assumed role)."""

    id: str
    secret: str = field(repr=False)
    account: str
    arn: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """What AssumeRole returns: a temporary key, the token that goes with it, and its end in Unix milliseconds."""

    key: AccessKey
    token: str = field(repr=False)
    expires: int
    assumed_role_id: str


class Ram:
    """The access keys of an account and its sessions. `clock` decides when sessions end."""

    def __init__(self, clock: Clock, account_id: str, store: Store | None = None) -> None:
        self._clock = clock
        self.roles = Roles(store or MemoryStore(), clock, account_id)
        """The roles and policies of the account."""
        self.account_id = account_id
        self._seal_key = hmac.digest(DEFAULT_KEY_SECRET.encode(), account_id.encode(), "sha256")
        self._keys: dict[str, AccessKey] = {}
        self.add_key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)

    def __repr__(self) -> str:
        return f"Ram(account_id={self.account_id!r}, keys={len(self._keys)})"

    def add_key(self, id: str, secret: str) -> AccessKey:
        """Adds a key, or replaces the one with that id."""
        arn = f"acs:ram::{self.account_id}:root"
        self._keys[id] = AccessKey(id, secret, self.account_id, arn)
        return self._keys[id]

    def create_key(self) -> AccessKey:
        """Adds a key with a random id and secret."""
        return self.add_key(f"LTAI{secrets.token_hex(10)}", secrets.token_urlsafe(24))

    def set_active(self, id: str, active: bool) -> None:
        """Switches a key on or off. Raises `KeyError` if there is none with that id."""
        self._keys[id] = replace(self._keys[id], active=active)

    def key(self, id: str) -> AccessKey | None:
        """The long-lived key with that id."""
        return self._keys.get(id)

    def allows(self, role_arn: str, action: str, resource: str) -> Denial | None:
        """Why a role may not do something; None if it may, or if the account does not know the role."""
        role = self.roles.find(role_arn)
        return self.roles.allows(role, action, (resource,)) if role is not None else None

    def assume_role(
        self,
        role_arn: str,
        session_name: str,
        *,
        duration_seconds: int = MAX_SESSION_SECONDS,
        policy: str | None = None,
        external_id: str | None = None,
    ) -> Session:
        """Opens a session. Raises the `InvalidParameter.*` faults and `NoPermission` of api-signing.md 2.1."""
        role = self._role(role_arn)
        if not _SESSION_NAME.match(session_name):
            raise _invalid("RoleSessionName", "must have 2 to 64 letters, digits or .@-_")
        if not MIN_SESSION_SECONDS <= duration_seconds <= MAX_SESSION_SECONDS:
            raise _invalid("DurationSeconds", f"must be {MIN_SESSION_SECONDS} to {MAX_SESSION_SECONDS}")
        _check_policy(policy)
        if external_id is not None and not 2 <= len(external_id) <= 1224:
            raise _invalid("ExternalId", "must have 2 to 1224 characters")
        return self._open(role, session_name, self._clock.now() + duration_seconds * 1000)

    def _role(self, role_arn: str) -> str:
        match = _ROLE.match(role_arn)
        if match is None:
            raise _invalid("RoleArn", "must look like acs:ram::<account>:role/<name>")
        if match[1] != self.account_id:
            raise Fault.of("NoPermission", 403, f"The role belongs to another account than {self.account_id}.")
        return match[2]

    def _open(self, role: str, session_name: str, expires: int) -> Session:
        nonce = secrets.token_hex(12)
        payload = json.dumps([nonce, role, session_name, expires], separators=(",", ":")).encode()
        token = base64.b64encode(self._seal(payload) + payload).decode()
        return Session(self._session_key(nonce, role, session_name), token, expires, f"{role_id(role)}:{session_name}")

    def _session_key(self, nonce: str, role: str, session_name: str) -> AccessKey:
        secret = base64.b64encode(self._seal(b"secret:" + nonce.encode())).decode()
        arn = f"acs:ram::{self.account_id}:role/{role}/{session_name}"
        return AccessKey(f"STS.{nonce}", secret, self.account_id, arn)

    def session_key(self, key_id: str, token: str) -> AccessKey:
        """The key of a session, if the token is genuine, belongs to the key id and has not expired.

        Raises `InvalidSecurityToken.Malformed`, `.MismatchWithAccessKey` or `.Expired` (api-signing.md 2).
        """
        nonce, role, session_name, expires = self._unseal(token)
        key = self._session_key(nonce, role, session_name)
        if key.id != key_id:
            raise _bad_token("MismatchWithAccessKey", "The security token does not belong to the access key.")
        if self._clock.now() >= expires:
            raise _bad_token("Expired", "The security token has expired. Assume the role again.")
        return key

    def _seal(self, payload: bytes) -> bytes:
        return hmac.digest(self._seal_key, payload, "sha1")

    def _unseal(self, token: str) -> tuple[str, str, str, int]:
        try:
            raw = base64.b64decode(token, validate=True)
        except ValueError:
            raw = b""
        seal, payload = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if not payload or not hmac.compare_digest(seal, self._seal(payload)):
            raise _bad_token("Malformed", "The security token is not one of this account.")
        nonce, role, session_name, expires = json.loads(payload)
        return nonce, role, session_name, expires


def role_id(role: str) -> str:
    """The number that stands for a role name; made up, and always the same for a name."""
    return str(3 * 10**17 + int.from_bytes(hmac.digest(b"role", role.encode(), "sha1")[:6], "big"))


def _check_policy(policy: str | None) -> None:
    if policy is None:
        return
    if not 1 <= len(policy) <= 2048:
        raise _invalid("PolicySize", "must have 1 to 2048 characters")
    try:
        parsed: Json = json.loads(policy)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise _invalid("PolicyGrammar", "must be a JSON object")


def _invalid(what: str, rule: str) -> Fault:
    return Fault.of(f"InvalidParameter.{what}", 400, f"The parameter {what} is wrong: it {rule}.")


def _bad_token(kind: str, message: str) -> Fault:
    return Fault.of(f"InvalidSecurityToken.{kind}", 400, message)
