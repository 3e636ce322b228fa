"""Who is calling Function Compute: FC and ACS3 signatures (api-signing.md 3, 5), then time, then nonce.

Dates are compared with the wall clock, also where the cloud's time is virtual: clients know of no other.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from fnfkit.cloud.ram import AccessKey, Ram
from fnfkit.ports import Fault, InvalidAccessKeyID, InvalidArgument, RequestTimeTooSkewed, SignatureNotMatch
from fnfkit.protocol.http import Request
from fnfkit.protocol.rpc import Malformed, read_time
from fnfkit.protocol.sign import Credential, Signed, acs3_signature, fc_signature, parse_acs3, parse_pair, same
from fnfkit.server.auth import MAX_SKEW_SECONDS, Nonces

_MUST_BE_SIGNED = frozenset({"host", "x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce"})
"""A signature that leaves these out would be good for other requests too."""


class FcVerifier:
    """Checks that a request was made by the holder of an active key, recently, unaltered, and if ACS3 says so, once."""

    def __init__(self, ram: Ram, wall_clock: Callable[[], float] = time.time) -> None:
        self._ram = ram
        self._wall_clock = wall_clock
        self._nonces = Nonces()

    def verify(self, request: Request, *, with_query: bool = False) -> AccessKey:
        """The caller's key. `with_query` is for calls of HTTP triggers. Raises the faults of api-fc.md 6."""
        authorization = request.headers.get("authorization", "")
        if authorization.startswith("ACS3-"):
            return self._verify_acs3(request, parse_acs3(authorization))
        if not authorization:
            raise Fault.of("MissingRequiredHeader", 400, "The request has no Authorization header; sign it.")
        return self._verify_fc(request, parse_pair("FC", authorization), with_query)

    def _verify_fc(self, request: Request, claim: Credential | None, with_query: bool) -> AccessKey:
        if claim is None:
            raise InvalidArgument("The Authorization header must look like: FC <AccessKeyId>:<signature>.")
        key = self._key(claim.key_id, request.headers.get("x-fc-security-token", ""))
        signed = Signed(request.method, request.target, request.headers)
        given = [fc_signature(key.secret, signed, with_query=with_query)]
        if request.headers.get("content-type") != "application/json":
            # The client signs the type it would have sent itself (api-fc.md 2.2).
            usual = {**request.headers, "content-type": "application/json"}
            given.append(fc_signature(key.secret, Signed(request.method, request.target, usual), with_query=with_query))
        if not any(same(signature, claim.signature) for signature in given):
            raise _mismatch()
        self._check_time(_http_date(request.headers.get("date") or request.headers.get("x-fc-date", "")))
        return key

    def _verify_acs3(self, request: Request, claim: Credential | None) -> AccessKey:
        headers = request.headers
        if claim is None:
            raise InvalidArgument(
                "The Authorization header must look like: ACS3-HMAC-SHA256 Credential=..,SignedHeaders=..,Signature=..."
            )
        if missing := _MUST_BE_SIGNED - set(claim.signed_headers) | _MUST_BE_SIGNED - headers.keys():
            raise Fault.of("MissingRequiredHeader", 400, f"The signature must cover {', '.join(sorted(missing))}.")
        key = self._key(claim.key_id, headers.get("x-acs-security-token", ""))
        digest = hashlib.sha256(request.body).hexdigest()
        signed = Signed(request.method, request.target, headers)
        expected = acs3_signature(key.secret, signed, claim.signed_headers, digest)
        if not same(headers["x-acs-content-sha256"], digest) or not same(expected, claim.signature):
            raise _mismatch()
        self._check_time(_acs_date(headers["x-acs-date"]))
        if not self._nonces.use(key.id, headers["x-acs-signature-nonce"], self._wall_clock()):
            raise Fault.of("SignatureNonceUsed", 400, "The request nonce was used before. Use a new one every time.")
        return key

    def _key(self, key_id: str, token: str) -> AccessKey:
        if token:
            return self._ram.session_key(key_id, token)
        key = self._ram.key(key_id)
        if key is None or not key.active:
            raise InvalidAccessKeyID(f"The AccessKey ID {key_id[:64]} is invalid.")
        return key

    def _check_time(self, at: float) -> None:
        if abs(at - self._wall_clock()) > MAX_SKEW_SECONDS:
            raise RequestTimeTooSkewed("The difference between the request time and the current time is too large.")


def _mismatch() -> SignatureNotMatch:
    return SignatureNotMatch("The request signature we calculated does not match the one given. Check the secret.")


def _http_date(text: str) -> float:
    if not text:
        raise Fault.of("MissingRequiredHeader", 400, "The request has no Date header.")
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        raise InvalidArgument("The Date header must look like: Thu, 02 Jan 2020 03:04:05 GMT.") from None


def _acs_date(text: str) -> float:
    try:
        return read_time(text) / 1000
    except Malformed as wrong:
        raise InvalidArgument(f"The x-acs-date header {wrong}.") from None
