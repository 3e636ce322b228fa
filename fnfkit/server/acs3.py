"""RPC-style products for clients that sign by ACS3 (api-signing.md 3): action and version come in headers, parameters
in query and form as ever. The newer SDKs of Resource Orchestration speak so."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.cloud.ram import AccessKey
from fnfkit.ports import Fault
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.rpc import Malformed, WrongMediaType, error, read_parameters
from fnfkit.server.auth import GATEWAY_REFUSALS, refuse
from fnfkit.server.fc_auth import FcVerifier
from fnfkit.server.rpc import Rpc
from fnfkit.server.service import MAX_REQUEST, Answer, Service, new_request_id

_GATEWAY_NAMES = {
    "InvalidAccessKeyID": GATEWAY_REFUSALS.unknown_key,
    "SignatureNotMatch": GATEWAY_REFUSALS.signature,
    "RequestTimeTooSkewed": GATEWAY_REFUSALS.time_skewed,
    "InvalidArgument": GATEWAY_REFUSALS.signature_form,
    "MissingRequiredHeader": GATEWAY_REFUSALS.signature_form,
}
"""The gateway's names for refusals that Function Compute names otherwise (api-signing.md 7.2)."""


def acs3_service(rpc: Rpc, verifier: FcVerifier) -> Service:
    """A row of the dispatch table: ACS3 at the root path."""
    return Service(
        name="acs3",
        matches=lambda head: head.headers.get("authorization", "").startswith("ACS3-") and head.path in ("", "/"),
        handle=lambda request: _handle(rpc, verifier, request),
        too_large=_too_large,
        max_body=MAX_REQUEST,
    )


def _handle(rpc: Rpc, verifier: FcVerifier, request: Request) -> Answer:
    return rpc.answer(request, lambda: (_parameters(request), _caller(verifier, request)))


def _parameters(request: Request) -> dict[str, str]:
    try:
        given = read_parameters(request)
    except WrongMediaType as wrong:
        raise Fault.of("UnsupportedMediaType", 415, str(wrong)) from None
    except Malformed as wrong:
        raise refuse(GATEWAY_REFUSALS.invalid, str(wrong)) from None
    named = {"Action": "x-acs-action", "Version": "x-acs-version"}
    return given | {name: request.headers[header] for name, header in named.items() if header in request.headers}


def _caller(verifier: FcVerifier, request: Request) -> Callable[[], AccessKey]:
    def verify() -> AccessKey:
        try:
            return verifier.verify(request)
        except Fault as fault:
            code = _GATEWAY_NAMES.get(fault.code)
            raise fault if code is None else refuse(code, f"{fault.message.rstrip('.:')}.") from None

    return verify


def _too_large(request: Request) -> Response:
    message = f"The payload size exceeds maximum allowed size ({MAX_REQUEST} bytes)."
    return error(400, "EntityTooLarge", message, request_id=new_request_id(), host="")
