"""One call of the Message Service's REST API: what its actions read from a request, and the answers they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from fnfkit.ports import InvalidArgument, InvalidQueryString, MalformedXML, Page
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.mns import CONTENT_TYPE, Document, DocumentError, Texts, read

TYPE = {"content-type": CONTENT_TYPE}


class Call(NamedTuple):
    """A request, the names in its path, and its query. `url` is the base that answers name resources with."""

    request: Request
    names: tuple[str, ...]
    query: Mapping[str, str]
    url: str

    def document(self, *roots: str) -> Document:
        """The body. Raises `MalformedXML`."""
        try:
            return read(self.request.body, *roots)
        except DocumentError as error:
            raise MalformedXML(f"The XML you provided was not well-formed or does not fit the API: {error}.") from None

    def number(self, name: str) -> int | None:
        """A number of the query. Raises `InvalidQueryString`."""
        value = self.query.get(name)
        if value is None:
            return None
        if not value.lstrip("-").isdecimal() or len(value) > 12:
            raise InvalidQueryString(f"The query parameter {name} must be a whole number, not {value[:40]!r}.")
        return int(value)

    def flag(self, name: str) -> bool:
        """Whether the query switches something on."""
        return self.query.get(name, "").lower() == "true"

    @property
    def prefix(self) -> str:
        """The prefix of a listing."""
        return self.request.headers.get("x-mns-prefix", "")

    @property
    def marker(self) -> str:
        """Where a listing goes on."""
        return self.request.headers.get("x-mns-marker", "")

    @property
    def limit(self) -> int | None:
        """How much of a listing is wanted. Raises `InvalidArgument`."""
        value = self.request.headers.get("x-mns-ret-number")
        if value is None:
            return None
        if not value.isdecimal() or len(value) > 12:
            raise InvalidArgument("The value of x-mns-ret-number must be between 1 and 1000.")
        return int(value)

    @property
    def with_meta(self) -> bool:
        """Whether a listing shows attributes too."""
        return self.request.headers.get("x-mns-with-meta", "").lower() == "true"

    def created(self, path: str, new: bool) -> Response:
        """The answer to a creation: 201, or 204 if it was there alike (api-mns.md 2)."""
        return Response(201 if new else 204, {**TYPE, "location": f"{self.url}{path}"})


def query_of(request: Request) -> dict[str, str]:
    """The query by name. A plus sign stays one: clients put receipt handles in unescaped (api-mns.md 5)."""
    query = request.query
    if not query:
        return {}
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def number_of(fields: Texts, name: str) -> int | None:
    """A number of a document. Raises `InvalidArgument`."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip().lstrip("-").isdecimal() or len(value) > 20:
        raise InvalidArgument(f"The value of {name} must be a whole number.")
    return int(value)


def flag_of(fields: Texts, name: str) -> bool | None:
    """A truth value of a document. Raises `InvalidArgument`."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value.strip().lower() not in ("true", "false"):
        raise InvalidArgument(f"The value of {name} must be True or False.")
    return value.strip().lower() == "true"


def text_of(fields: Texts, name: str) -> str:
    """A text of a document, empty if it is absent. Raises `InvalidArgument`."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise InvalidArgument(f"The value of {name} must be text.")
    return value


def ok(body: bytes, status: int = 200) -> Response:
    """An answer with a document."""
    return Response(status, dict(TYPE), body)


def done() -> Response:
    """The answer of an operation that has nothing to say."""
    return Response(204, dict(TYPE))


def urls(call: Call, path: str, page: Page[str]) -> Iterable[tuple[str, str]]:
    """The names of a page with their URLs."""
    return ((name, f"{call.url}{path}/{name}") for name in page.items)
