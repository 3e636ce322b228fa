"""Who is calling the Message Service: the checks of a signed request (api-signing.md 4, api-mns.md 7)."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache

from fnfkit.cloud.ram import AccessKey, Ram
from fnfkit.ports import (
    InvalidAccessKeyId,
    InvalidAuthorizationHeader,
    InvalidDateHeader,
    InvalidDegist,
    MissingAuthorizationHeader,
    MissingDateHeader,
    MissingVersionHeader,
    SignatureDoesNotMatch,
    TimeExpired,
)
from fnfkit.protocol.http import Request
from fnfkit.protocol.mns import content_md5_matches
from fnfkit.protocol.sign import Signed, mns_signature, parse_pair, same

MAX_SKEW_SECONDS = 15 * 60


class MnsVerifier:
    """Checks that a request was made by the holder of an active key, recently, and unaltered.

    The date is compared with the wall clock, also where the cloud's time is virtual: clients know of no other.
    """

    def __init__(self, ram: Ram, wall_clock: Callable[[], float] = time.time) -> None:
        self._ram = ram
        self._wall_clock = wall_clock

    def verify(self, request: Request) -> AccessKey:
        """The caller's key. Raises the faults of api-mns.md 7."""
        headers = request.headers
        authorization = headers.get("authorization")
        if not authorization:
            raise MissingAuthorizationHeader("The request has no Authorization header; sign it.")
        claim = parse_pair("MNS", authorization)
        if claim is None:
            raise InvalidAuthorizationHeader("The Authorization header must look like: MNS <AccessKeyId>:<signature>.")
        if "x-mns-version" not in headers:
            raise MissingVersionHeader("The request has no x-mns-version header; it must be 2015-06-06.")
        self._check_date(headers.get("date"))
        key = self._key(claim.key_id, headers.get("security-token", ""))
        if not same(mns_signature(key.secret, Signed(request.method, request.target, headers)), claim.signature):
            raise SignatureDoesNotMatch("The request signature we calculated does not match the one you provided.")
        if (announced := headers.get("content-md5")) and not content_md5_matches(request.body, announced):
            raise InvalidDegist("The Content-MD5 header is not the digest of the body.")
        return key

    def _key(self, key_id: str, token: str) -> AccessKey:
        if token:
            return self._ram.session_key(key_id, token)
        key = self._ram.key(key_id)
        if key is None or not key.active:
            raise InvalidAccessKeyId("The AccessKey Id you provided is not exist.")
        return key

    def _check_date(self, date: str | None) -> None:
        if not date:
            raise MissingDateHeader("The request has no Date header.")
        try:
            at = _instant(date)
        except (ValueError, OverflowError):
            raise InvalidDateHeader("The Date header must look like: Thu, 02 Jan 2020 03:04:05 GMT.") from None
        if abs(at - self._wall_clock()) > MAX_SKEW_SECONDS:
            raise TimeExpired("The http request you sent is expired: its Date is more than 15 minutes off.")


@lru_cache(maxsize=64)
def _instant(date: str) -> float:
    """Unix seconds; clients of one second send one text, so that it is read once."""
    return parsedate_to_datetime(date).timestamp()
