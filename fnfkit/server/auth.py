"""Who is calling: the checks of an RPC v1 request, in the order of api-fnf.md 7.

1. Required parameters, then access key (and security token), then signature, then time, then nonce.
2. Nothing is remembered of a request before its signature has been verified: a stranger cannot use up nonces.
3. The request time is compared with the *wall* clock, also where the cloud's own time is virtual: clients stamp
   requests by their wall clock and know of no other. (Expiry of security tokens is on the cloud's clock.)
4. A product that has its own names for refusals (Serverless Workflow) uses them, others use the gateway's
   (api-signing.md 7.2).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.cloud.ram import AccessKey, Ram
from fnfkit.ports.fault import Fault
from fnfkit.protocol.rpc import Malformed, read_time
from fnfkit.protocol.sign import rpc_signature, rpc_string_to_sign, same

MAX_SKEW_SECONDS = 15 * 60
"""How far a request's time may be from now (api-signing.md 7.2)."""
MAX_NONCES = 200_000
"""How many nonces are remembered; beyond that the oldest is forgotten, so that memory stays bounded."""
PUBLIC_PARAMETERS = ("AccessKeyId", "Signature", "Timestamp", "SignatureNonce")

Code: TypeAlias = tuple[str, int]
"""An error code and its HTTP status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """What a product calls each way of refusing a request."""

    action: Code
    missing: Code
    invalid: Code
    unknown_key: Code
    inactive_key: Code
    signature: Code
    signature_form: Code
    time_form: Code
    time_skewed: Code
    nonce_used: Code = ("SignatureNonceUsed", 400)
    quotes_string_to_sign: bool = False
    """Whether a wrong signature is answered with the text that should have been signed. An SDK that reads
    SignatureDoesNotMatch splits the message at its first colon and fails without one (api-signing.md 7.1)."""


FNF_REFUSALS = Refusals(
    action=("ActionNotSupported", 400),
    missing=("MissingRequiredParams", 400),
    invalid=("InvalidArgument", 400),
    unknown_key=("InvalidAccessKeyID", 403),
    inactive_key=("InvalidAccessKeyID", 403),
    signature=("SignatureNotMatch", 403),
    signature_form=("InvalidArgument", 400),
    time_form=("InvalidArgument", 400),
    time_skewed=("RequestTimeTooSkewed", 403),
)
"""api-fnf.md 7; Serverless Workflow has no name of its own for a nonce used twice."""

GATEWAY_REFUSALS = Refusals(
    action=("InvalidAction.NotFound", 404),
    missing=("MissingParameter", 400),
    invalid=("InvalidParameter", 400),
    unknown_key=("InvalidAccessKeyId.NotFound", 404),
    inactive_key=("InvalidAccessKeyId.Inactive", 400),
    signature=("SignatureDoesNotMatch", 400),
    signature_form=("IncompleteSignature", 400),
    time_form=("InvalidTimeStamp.Format", 400),
    time_skewed=("InvalidTimeStamp.Expired", 400),
    quotes_string_to_sign=True,
)
"""api-signing.md 7.2."""


def refuse(code: Code, message: str) -> Fault:
    """The fault of a code."""
    return Fault.of(*code, message)


def require(parameters: Mapping[str, str], names: Iterable[str], refusals: Refusals) -> None:
    """Raises the `missing` refusal for the first name that has no parameter."""
    for name in names:
        if name not in parameters:
            raise refuse(refusals.missing, f"The HTTP query '{name}' must be specified.")


class Verifier:
    """Checks that a request was made by the holder of an active key, recently, unaltered and once."""

    def __init__(self, ram: Ram, wall_clock: Callable[[], float] = time.time) -> None:
        self._ram = ram
        self._wall_clock = wall_clock
        self._nonces = Nonces()

    def verify(self, method: str, parameters: Mapping[str, str], refusals: Refusals) -> AccessKey:
        """The caller's key. Raises the refusals; the public parameters must be present."""
        key = self._key(parameters, refusals)
        _check_signature(method, parameters, key.secret, refusals)
        now = self._wall_clock()
        _check_time(parameters["Timestamp"], now, refusals)
        if not self._nonces.use(key.id, parameters["SignatureNonce"], now):
            raise refuse(refusals.nonce_used, "The request nonce was used before. Sign every request with a new one.")
        return key

    def _key(self, parameters: Mapping[str, str], refusals: Refusals) -> AccessKey:
        key_id = parameters["AccessKeyId"]
        if token := parameters.get("SecurityToken"):
            return self._ram.session_key(key_id, token)
        key = self._ram.key(key_id)
        if key is None:
            raise refuse(refusals.unknown_key, f"The AccessKey ID {key_id[:64]} is invalid.")
        if not key.active:
            raise refuse(refusals.inactive_key, f"The AccessKey ID {key_id[:64]} is disabled.")
        return key


def _check_signature(method: str, parameters: Mapping[str, str], secret: str, refusals: Refusals) -> None:
    if parameters.get("SignatureMethod", "HMAC-SHA1") != "HMAC-SHA1":
        raise refuse(refusals.signature_form, "The SignatureMethod must be HMAC-SHA1.")
    if parameters.get("SignatureVersion", "1.0") != "1.0":
        raise refuse(refusals.signature_form, "The SignatureVersion must be 1.0.")
    text = rpc_string_to_sign(method, parameters.items())
    if not same(rpc_signature(secret, text), parameters["Signature"]):
        message = "The request signature we calculated does not match the one given. Check the access key secret"
        if refusals.quotes_string_to_sign:
            raise refuse(refusals.signature, f"{message}, server string to sign is:{text}")
        raise refuse(refusals.signature, f"{message} and that every parameter was signed as it was sent.")


def _check_time(stamp: str, now: float, refusals: Refusals) -> None:
    try:
        at = read_time(stamp) / 1000
    except Malformed as wrong:
        raise refuse(refusals.time_form, f"The Timestamp {wrong}.") from None
    if abs(at - now) > MAX_SKEW_SECONDS:
        message = f"The difference between the request time {stamp} and the current time is too large."
        raise refuse(refusals.time_skewed, message)


class Nonces:
    """Which nonces were used lately. Only digests are kept, and at most `limit` of them."""

    def __init__(self, limit: int = MAX_NONCES) -> None:
        self._limit = limit
        self._until: dict[bytes, float] = {}

    def use(self, key_id: str, nonce: str, now: float) -> bool:
        """Uses a nonce up; False if it was used before and a request that carried it could still be valid."""
        digest = hashlib.blake2b(f"{key_id}\0{nonce}".encode(), digest_size=16).digest()
        if self._until.get(digest, 0) > now:
            return False
        self._until.pop(digest, None)
        self._until[digest] = now + 2 * MAX_SKEW_SECONDS
        self._forget(now)
        return True

    def __len__(self) -> int:
        return len(self._until)

    def _forget(self, now: float) -> None:
        """Drops what has expired, a few at a time, and the oldest where there are too many."""
        for _ in range(2):
            oldest = next(iter(self._until))
            if self._until[oldest] > now and len(self._until) <= self._limit:
                return
            del self._until[oldest]
