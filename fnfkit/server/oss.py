"""The little of OSS that deployment needs: buckets are made, objects put, read and deleted, addressed by path.

The references have no page of this API; signatures, answers and errors are those the public client understands
(inferred).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from threading import RLock
from urllib.parse import unquote
from xml.sax.saxutils import escape

from fnfkit.cloud.ram import AccessKey, Ram
from fnfkit.ports import Fault, Objects
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.sign import Signed, oss_signature, parse_pair, same
from fnfkit.server.auth import MAX_SKEW_SECONDS
from fnfkit.server.service import Service, new_request_id

LARGEST = 64 * 1024 * 1024
"""Bytes of an object."""


def oss_service(objects: Objects, ram: Ram, lock: RLock, wall_clock: Callable[[], float] = time.time) -> Service:
    """A row of the dispatch table: requests that are signed as OSS requests are."""

    def handle(request: Request) -> Response:
        try:
            _check_caller(request, ram, wall_clock())
            with lock:
                return _perform(request, objects)
        except Fault as fault:
            return _refused(fault)

    return Service(
        name="oss",
        matches=lambda head: head.headers.get("authorization", "").startswith("OSS "),
        handle=handle,
        too_large=lambda _: _refused(Fault.of("EntityTooLarge", 400, f"An object may have {LARGEST} bytes.")),
        max_body=LARGEST,
    )


def _check_caller(request: Request, ram: Ram, now: float) -> None:
    claim = parse_pair("OSS", request.headers.get("authorization", ""))
    if claim is None:
        raise Fault.of(
            "InvalidArgument", 400, "The Authorization header must look like: OSS <AccessKeyId>:<signature>."
        )
    key = _key(claim.key_id, request.headers.get("x-oss-security-token", ""), ram)
    if not same(oss_signature(key.secret, Signed(request.method, request.target, request.headers)), claim.signature):
        message = "The request signature we calculated does not match the signature you provided."
        raise Fault.of("SignatureDoesNotMatch", 403, message)
    try:
        at = parsedate_to_datetime(request.headers.get("x-oss-date") or request.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        raise Fault.of("AccessDenied", 403, "The request has no valid Date header.") from None
    if abs(at - now) > MAX_SKEW_SECONDS:
        raise Fault.of("RequestTimeTooSkewed", 403, "The request time is too far from the current time.")


def _key(id: str, token: str, ram: Ram) -> AccessKey:
    if token:
        return ram.session_key(id, token)
    key = ram.key(id)
    if key is None or not key.active:
        raise Fault.of("InvalidAccessKeyId", 403, "The OSS Access Key Id you provided does not exist in our records.")
    return key


def _perform(request: Request, objects: Objects) -> Response:
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    match request.method, bool(key):
        case "PUT", False:
            objects.create_bucket(bucket)
            return _answer(200)
        case "PUT", True:
            objects.create_bucket(bucket)
            objects.put(bucket, key, request.body)
            return _answer(200)
        case (("GET" | "HEAD"), True):
            return _answer(200, objects.get(bucket, key) if request.method == "GET" else b"")
        case "DELETE", True:
            objects.delete(bucket, key)
            return _answer(204)
        case _:
            raise Fault.of("NotImplemented", 400, "Offline, buckets can be made, and objects put, read and deleted.")


def _answer(status: int, body: bytes = b"") -> Response:
    headers = {"x-oss-request-id": new_request_id(), "etag": '"fnfkit"', "content-type": "application/octet-stream"}
    return Response(status, headers, body)


def _refused(fault: Fault) -> Response:
    request_id = new_request_id()
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(fault.code)}</Code><Message>{escape(fault.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    headers = {"content-type": "application/xml", "x-oss-request-id": request_id}
    return Response(fault.status, headers, body.encode())
