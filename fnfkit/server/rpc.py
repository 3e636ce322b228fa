"""RPC-style products (Serverless Workflow, STS): from a request to an action of a table, and back.

The order of checks is api-fnf.md 7: version, action, required parameters, access key, signature, time, then whatever
the action itself checks. Nothing changes before all of them have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fnfkit.cloud.ram import AccessKey
from fnfkit.model.json import JsonObject
from fnfkit.ports.fault import APIVersionNotSupported, EntityTooLarge, Fault
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.rpc import Malformed, WrongMediaType, answer, error, read_parameters
from fnfkit.server.auth import FNF_REFUSALS, PUBLIC_PARAMETERS, Refusals, Verifier, refuse, require
from fnfkit.server.later import Later
from fnfkit.server.service import MAX_REQUEST, Answer, Service, new_request_id

Result: TypeAlias = JsonObject | Later[JsonObject]
"""The fields of an answer beside RequestId."""


class Call(NamedTuple):
    """A verified call: its parameters and who makes it."""

    parameters: Mapping[str, str]
    caller: AccessKey


@dataclass(frozen=True, slots=True)
class Action:
    """An operation: the parameters it cannot do without, and what it does. `run` raises `Fault`."""

    required: tuple[str, ...]
    run: Callable[[Call], Result]


@dataclass(frozen=True, slots=True)
class Product:
    """An API version, its operations and its names for refusals."""

    version: str
    actions: Mapping[str, Action]
    refusals: Refusals
    permit: Callable[[AccessKey, str], None] = lambda caller, action: None
    """Raises the refusal of a caller whose role may not do an action."""


class Rpc:
    """All RPC-style products of a cloud behind one verifier."""

    def __init__(self, verifier: Verifier, products: Iterable[Product]) -> None:
        self._verifier = verifier
        self._products = {product.version: product for product in products}

    def service(self) -> Service:
        """The last row of the dispatch table: it takes whatever no other service has taken."""
        return Service(name="rpc", matches=lambda _: True, handle=self.handle, too_large=_too_large)

    def handle(self, request: Request) -> Answer:
        """Answers a request; every refusal is an error body of api-signing.md 7.1."""
        if len(request.target) + len(request.body) > MAX_REQUEST:
            return _too_large(request)
        return _answer(lambda: self._perform(request), new_request_id(), _host(request))

    def answer(self, request: Request, read: Callable[[], tuple[dict[str, str], Callable[[], AccessKey]]]) -> Answer:
        """Answers a request that is signed some other way: `read` gives its parameters, and who verifies its caller."""

        def perform() -> Result:
            parameters, verify = read()
            product = self._product(parameters)
            action = _action(product, parameters, request.method)
            require(parameters, action.required, product.refusals)
            return _run(product, action, parameters, verify())

        return _answer(perform, new_request_id(), _host(request))

    def _perform(self, request: Request) -> Result:
        parameters = _parameters(request)
        product = self._product(parameters)
        action = _action(product, parameters, request.method)
        require(parameters, PUBLIC_PARAMETERS, product.refusals)
        require(parameters, action.required, product.refusals)
        return _run(product, action, parameters, self._verifier.verify(request.method, parameters, product.refusals))

    def _product(self, parameters: Mapping[str, str]) -> Product:
        require(parameters, ("Version",), FNF_REFUSALS)
        product = self._products.get(parameters["Version"])
        if product is None:
            version = parameters["Version"][:64]
            served = ", ".join(sorted(self._products))
            message = f"The requested API version '{version}' is not supported yet. Please check. Served: {served}."
            raise APIVersionNotSupported(message)
        return product


def _run(product: Product, action: Action, parameters: Mapping[str, str], caller: AccessKey) -> Result:
    product.permit(caller, parameters["Action"])
    try:
        return action.run(Call(parameters, caller))
    except Malformed as wrong:
        raise refuse(product.refusals.invalid, str(wrong)) from None


def _parameters(request: Request) -> dict[str, str]:
    scheme, signed, _ = request.headers.get("authorization", "").partition(" ")
    if signed:
        message = f"No service of this server takes requests signed as {scheme[:32]}; RPC requests sign their query."
        raise Fault.of("InvalidAction.NotFound", 404, message)
    if request.path not in ("", "/"):
        raise Fault.of("InvalidAction.NotFound", 404, f"There is no API at the path {request.path[:128]}.")
    try:
        return read_parameters(request)
    except WrongMediaType as wrong:
        raise Fault.of("UnsupportedMediaType", 415, str(wrong)) from None
    except Malformed as wrong:
        raise refuse(FNF_REFUSALS.invalid, str(wrong)) from None


def _action(product: Product, parameters: Mapping[str, str], method: str) -> Action:
    require(parameters, ("Action",), product.refusals)
    action = product.actions.get(parameters["Action"])
    if action is None:
        name = parameters["Action"][:64]
        raise refuse(product.refusals.action, f"The requested API operation '{name}' is incorrect. Please check.")
    if method not in ("GET", "POST"):
        raise Fault.of("UnsupportedOperation", 400, f"The HTTP method {method[:16]} is not one of GET and POST.")
    return action


def _answer(produce: Callable[[], Result], request_id: str, host: str) -> Answer:
    try:
        result = produce()
    except Fault as fault:
        return error(fault.status, fault.code, fault.message, request_id=request_id, host=host)
    if isinstance(result, Later):
        return result.becoming(lambda: _final(result.answer, request_id, host))
    return answer(200, {"RequestId": request_id, **result})


def _final(produce: Callable[[], JsonObject], request_id: str, host: str) -> Response:
    try:
        return answer(200, {"RequestId": request_id, **produce()})
    except Fault as fault:
        return error(fault.status, fault.code, fault.message, request_id=request_id, host=host)


def _too_large(request: Request) -> Response:
    fault = EntityTooLarge(f"The payload size exceeds maximum allowed size ({MAX_REQUEST} bytes).")
    return error(fault.status, fault.code, fault.message, request_id=new_request_id(), host=_host(request))


def _host(request: Request) -> str:
    return request.headers.get("host", "")[:255]
