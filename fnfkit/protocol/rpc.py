"""RPC-style requests (api-signing.md 1): parameters in the query or in a form, typed values, error bodies, times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote_plus, unquote, urlencode

import orjson

from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.sign import rpc_signature, rpc_string_to_sign

Json: TypeAlias = Any
"""A JSON value. The wire knows nothing of the model, so it has its own name for it."""

MAX_PARAMETERS = 1_000
"""More parameters than that are refused before they are decoded."""
MAX_ITEMS = 200
"""More elements of a repeat list (`Name.1`, `Name.2`) than that are refused."""
FORM = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json;charset=utf-8"

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)\Z")


class Malformed(ValueError):
    """Parameters that cannot be read; the message says which and why, and never quotes a value."""


class WrongMediaType(ValueError):
    """A body that is not a form."""


def read_parameters(request: Request) -> dict[str, str]:
    """All parameters of a request, from the query and from a form body (api-signing.md 1.1: either place is legal).

    A name may appear once. Raises `Malformed` and `WrongMediaType`.
    """
    pairs = _pairs(request.query.encode("latin-1"), "query") + _pairs(_form(request), "form")
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise Malformed(f"The parameter '{twice[:64]}' is given more than once.")
    return parameters


def _form(request: Request) -> bytes:
    media_type = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if request.body and media_type != FORM:
        raise WrongMediaType(f"The content type of the body must be {FORM}.")
    return request.body


def _pairs(text: bytes, place: str) -> list[tuple[str, str]]:
    """Decodes `a=1&b=2` with form semantics, `+` for space. Twice as fast as `urllib.parse.parse_qsl` where little is
    escaped, and every request comes by here."""
    if text.count(b"&") >= MAX_PARAMETERS:
        raise Malformed(f"The {place} has more than {MAX_PARAMETERS} parameters.")
    try:
        parts = [part.partition("=") for part in text.decode("utf-8").split("&") if part]
        return [(_decoded(name), _decoded(value)) for name, _, value in parts]
    except UnicodeDecodeError:
        raise Malformed(f"The {place} is not UTF-8 text.") from None


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


def read_list(parameters: Mapping[str, str], name: str) -> list[str]:
    """The values of `Name.1`, `Name.2` ... (api-signing.md 1.5). Raises `Malformed` on gaps and on too many."""
    form = re.compile(re.escape(name) + r"\.(\d{1,6})\Z")
    found = {int(match[1]): value for key, value in parameters.items() if (match := form.match(key))}
    return [found[position] for position in _numbered(found, name)]


def read_objects(parameters: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """The objects of `Name.1.Key`, `Name.1.Value` ... Raises `Malformed` on gaps and on too many."""
    form = re.compile(re.escape(name) + r"\.(\d{1,6})\.(.+)\Z")
    found: dict[int, dict[str, str]] = {}
    for key, value in parameters.items():
        if match := form.match(key):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[position] for position in _numbered(found, name)]


def _numbered(positions: Collection[int], name: str) -> Sequence[int]:
    if len(positions) > MAX_ITEMS:
        raise Malformed(f"The list '{name}' has more than {MAX_ITEMS} elements.")
    if sorted(positions) != list(range(1, len(positions) + 1)):
        raise Malformed(f"The elements of '{name}' must be numbered 1, 2, 3 without gaps.")
    return range(1, len(positions) + 1)


def read_flag(text: str) -> bool:
    """A boolean: `True` and `False` come from both SDK generations, so case does not matter (api-signing.md 1.5)."""
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise Malformed("must be true or false")


def read_integer(text: str) -> int:
    """A whole decimal number of at most 18 digits."""
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise Malformed("must be a whole number")
    return int(text)


@lru_cache(maxsize=1024)
def read_time(text: str) -> int:
    """Unix milliseconds of an RFC 3339 time such as `2020-12-02T02:39:20.402Z`."""
    match = _TIME.match(text)
    if match is None:
        raise Malformed("must be a time such as 2020-12-02T02:39:20.402Z")
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
        return int(moment.timestamp()) * 1000 + int(((fraction or "0") + "00")[:3])
    except (ValueError, OverflowError):
        raise Malformed("must be a time that exists, such as 2020-12-02T02:39:20.402Z") from None


def write_time(at: int) -> str:
    """RFC 3339 in UTC with milliseconds (api-fnf.md 2), of Unix milliseconds."""
    seconds, millis = divmod(at, 1000)
    return f"{_second(seconds)}.{millis:03d}Z"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def write_stamp(seconds: int) -> str:
    """The `Timestamp` parameter: UTC without a fraction (api-signing.md 1.1), of Unix seconds."""
    return _second(seconds) + "Z"


def answer(status: int, body: Mapping[str, Json]) -> Response:
    """A JSON answer. Values are JSON; strings with lone surrogates, which UTF-8 cannot carry, become question marks."""
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError:
        data = orjson.dumps(_printable(body))
    return Response(status, {"content-type": JSON_TYPE}, data)


def _printable(value: Json) -> Json:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_printable(str(key)): _printable(item) for key, item in value.items()}
        case list() | tuple():
            return [_printable(item) for item in value]
        case int() if not -(2**63) <= value < 2**64:
            return float(value)
        case _:
            return value


def error(status: int, code: str, message: str, *, request_id: str, host: str) -> Response:
    """The error body every SDK understands (api-signing.md 7.1)."""
    return answer(status, {"RequestId": request_id, "HostId": host, "Code": code, "Message": message})


def signed_request(
    parameters: Mapping[str, str],
    *,
    key_id: str,
    secret: str,
    at: int,
    nonce: str,
    token: str = "",
    method: str = "POST",
    form: Mapping[str, str] | None = None,
) -> Request:
    """The client's half: a signed request. `parameters` are Action, Version and what goes to the query; `at` is in
    Unix seconds; `form` goes to the body."""
    public = {
        **parameters,
        "Format": "JSON",
        "Timestamp": write_stamp(at),
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce,
        "AccessKeyId": key_id,
        **({"SecurityToken": token} if token else {}),
    }
    body = form or {}
    text = rpc_string_to_sign(method, [*public.items(), *body.items()])
    query = urlencode({**public, "Signature": rpc_signature(secret, text)}, quote_via=quote_plus)
    headers = {"content-type": FORM} if body else {}
    return Request(method, f"/?{query}", headers, urlencode(body).encode())
