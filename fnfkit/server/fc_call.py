"""One call of the Function Compute API: what its actions read from a request, and the answers they make."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault, InvalidArgument, Page, PreconditionFailed
from fnfkit.ports.functions import AsyncConfig, FunctionSettings
from fnfkit.protocol.fc import (
    ASYNC_CONFIG,
    ECHOED,
    FC2,
    FC3,
    HOOKS,
    REQUEST_ID,
    SETTINGS,
    lowered,
    read_destinations,
    read_hook,
    write_destinations,
)
from fnfkit.protocol.http import Request, Response
from fnfkit.server.service import new_request_id

JSON_TYPE = "application/json"

_WHOLE = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, the names in its path and its query. `service` is empty in FC 3, `version` the API's."""

    request: Request
    version: str
    names: tuple[str, ...]
    query: Mapping[str, str]

    @property
    def generation(self) -> str:
        """Which table of `protocol.fc` applies."""
        return FC3 if self.version == FC3 else FC2

    @property
    def service(self) -> str:
        """The service of the path, without its qualifier."""
        return "" if self.version == FC3 else self.names[0].partition(".")[0]

    @property
    def function(self) -> str:
        """The function of the path; empty where a path of FC 2 names none."""
        if self.version == FC3:
            return self.names[0]
        return self.names[1] if len(self.names) > 1 else ""

    @property
    def last(self) -> str:
        """The last name of the path: a version, an alias, a trigger, a task."""
        return self.names[-1]

    @property
    def qualifier(self) -> str:
        """From the path of FC 2, else from the query."""
        inside = "" if self.version == FC3 else self.names[0].partition(".")[2]
        return inside or self.query.get("qualifier", "")

    @property
    def limit(self) -> int | None:
        """How much of a listing is wanted. Raises `InvalidArgument`."""
        return self.number("limit")

    @property
    def start(self) -> str | None:
        """Where a listing goes on; a token beats a start key (api-fc.md 2.1)."""
        return self.query.get("nextToken") or self.query.get("startKey") or None

    def number(self, name: str) -> int | None:
        """A number of the query. Raises `InvalidArgument`."""
        text = self.query.get(name, "")
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise InvalidArgument(f"the query parameter {name} must be a whole number, not {text[:40]!r}")
        return int(text)

    def body(self) -> JsonObject:
        """The JSON object of the request. Raises `InvalidArgument`."""
        if not self.request.body:
            return {}
        try:
            fields = orjson.loads(self.request.body)
        except orjson.JSONDecodeError as error:
            raise InvalidArgument(f"the body is not JSON: {error}") from None
        if not isinstance(fields, dict):
            raise InvalidArgument("the body must be a JSON object")
        return fields

    def match(self, current: Response) -> None:
        """Raises `PreconditionFailed` if the caller expects another state than the current one."""
        wanted = self.request.headers.get("if-match")
        if wanted and wanted.strip('"') != current.headers["etag"]:
            raise PreconditionFailed("the resource is not in the state that the if-match header names")


def call_of(request: Request, version: str, names: tuple[str, ...]) -> Call:
    """A call with its query read."""
    return Call(request, version, names, dict(parse_qsl(request.query, keep_blank_values=True)))


def ok(body: JsonObject, *, status: int = 200) -> Response:
    """An answer with a resource and its tag."""
    data = orjson.dumps(body)
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Response(status, {"content-type": JSON_TYPE, "etag": etag}, data)


def done() -> Response:
    """The answer of an operation that has nothing to say."""
    return Response(204)


def listing(name: str, items: list[JsonObject], page: Page[Json]) -> Response:
    """A page; there is no token on the last one."""
    body: JsonObject = {name: items}
    return ok({**body, "nextToken": page.next_token} if page.next_token else body)


def refused(fault: Fault, request_id: str = "") -> Response:
    """An error body with the keys of both generations (api-fc.md 6)."""
    id = request_id or new_request_id()
    body = {
        "ErrorCode": fault.code,
        "ErrorMessage": fault.message,
        "Code": fault.code,
        "Message": fault.message,
        "RequestId": id,
    }
    return Response(fault.status, {"content-type": JSON_TYPE, REQUEST_ID: id}, orjson.dumps(body))


def text_of(fields: JsonObject, name: str, *, required: bool = False) -> str:
    """A text of a body, empty if absent. Raises `InvalidArgument`."""
    value = fields.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} must be text" if value is not None else f"{name} is missing")
    return value


def settings_of(fields: JsonObject) -> FunctionSettings:
    """What a body says about a function. Raises `InvalidArgument`."""
    given: JsonObject = {}
    for name, attribute in SETTINGS.items():
        value = fields.get(name)
        if value is None:
            continue
        kind = dict if attribute == "environment" else int if attribute in _NUMBERS else str
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidArgument(f"{name} must be {_KINDS[kind]}")
        given[attribute] = value
    try:
        given |= read_hook(fields)
    except ValueError as error:
        raise InvalidArgument(f"{HOOKS}.{error}") from None
    if (layers := fields.get("layers")) is not None:
        given["layers"] = _layers(layers)
    return FunctionSettings(**given, settings={name: fields[name] for name in ECHOED if fields.get(name) is not None})


_NUMBERS = ("timeout", "initialization_timeout", "memory")
_KINDS: dict[type, str] = {dict: "an object", int: "a whole number", str: "text"}


def _layers(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidArgument("layers must be a list of ARNs")
    return tuple(value)


def code_of(fields: JsonObject, *, required: bool) -> bytes | None:
    """The archive of a body. Raises `InvalidArgument`."""
    code = fields.get("code")
    if code is None and not required:
        return None
    if not isinstance(code, dict) or not isinstance(code.get("zipFile"), str):
        raise InvalidArgument("code.zipFile must hold a zip archive in base64; archives in OSS cannot be read here")
    try:
        return base64.b64decode(code["zipFile"], validate=True)
    except (binascii.Error, ValueError):
        raise InvalidArgument("code.zipFile is not base64") from None


def async_config_of(call: Call) -> AsyncConfig:
    """The asynchronous configuration of a body; names in any case (api-fc.md 5.1). Raises `InvalidArgument`."""
    try:
        fields = lowered(call.body())
        on_success, on_failure = read_destinations(fields.get("destinationconfig") or {})
        shape = ASYNC_CONFIG[call.generation]
        names = {name.lower(): name for name in shape.write(AsyncConfig())}
        read = shape.read({names[name]: value for name, value in fields.items() if name in names and value is not None})
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"the asynchronous configuration is wrong: {error}") from None
    read["qualifier"] = call.qualifier
    return AsyncConfig(**read, on_success=on_success, on_failure=on_failure)


def write_async_config(call: Call, config: AsyncConfig, where: JsonObject) -> JsonObject:
    """The echo of an asynchronous configuration, with where it belongs."""
    destinations = write_destinations(config.on_success, config.on_failure)
    return {**where, **ASYNC_CONFIG[call.generation].write(config), "destinationConfig": destinations}
