"""The XML documents of the Message Service, both ways, and the signature of its pushes (api-mns.md 3, 6.1).

Rules of this file:
1. What comes in is hostile: no DTD, no entities, bounded size and depth. Everything wrong is a `DocumentError`.
2. What goes out is written as text; characters XML cannot carry never get here (the service refuses such bodies).
3. An element without content is left out where clients choke on it (`NextMarker`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from fnfkit.protocol.sign import Signed

VERSION = "2015-06-06"
CONTENT_TYPE = "text/xml;charset=utf-8"
NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"

LONGEST_DOCUMENT = 1 << 20
"""Bytes. A full batch of 64 KiB, every character escaped, fits in."""
_DEEPEST = 8
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'

Value: TypeAlias = str | int | bool
Fields: TypeAlias = Mapping[str, Value]
Texts: TypeAlias = dict[str, "str | Texts"]
"""The children of an element by name: their text, or their own children."""


class DocumentError(ValueError):
    """The text is not a document of this API; the message says what is wrong."""


class Document(NamedTuple):
    """A document read: the name of its root, and the children in order."""

    root: str
    children: tuple[tuple[str, str | Texts], ...]

    @property
    def fields(self) -> Texts:
        """The children by name; of equal names the last counts."""
        return dict(self.children)

    def items(self, name: str) -> list[str | Texts]:
        """The children of that name, in order."""
        return [value for child, value in self.children if child == name]


def read(body: bytes, *roots: str) -> Document:
    """Reads a document whose root is one of those named. Raises `DocumentError`."""
    if len(body) > LONGEST_DOCUMENT:
        raise DocumentError(f"the document has {len(body)} bytes; at most {LONGEST_DOCUMENT} are read")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DocumentError(f"the document cannot be read: {_reason(error)}") from None
    name = _local(root)
    if name not in roots:
        raise DocumentError(f"the root element is {name}, expected {' or '.join(roots)}")
    return Document(name, tuple((_local(child), _content(child, 1)) for child in root))


def write(root: str, fields: Fields) -> bytes:
    """A document with one level of fields."""
    return f'{_HEAD}<{root} xmlns="{NAMESPACE}">{_elements(fields)}</{root}>'.encode()


def write_list(root: str, item: str, rows: Iterable[Fields], next_marker: str | None = None) -> bytes:
    """A document of equal items, with the marker of the next page if there is one."""
    items = "".join(f"<{item}>{_elements(row)}</{item}>" for row in rows)
    marker = f"<NextMarker>{escape(next_marker)}</NextMarker>" if next_marker else ""
    return f'{_HEAD}<{root} xmlns="{NAMESPACE}">{items}{marker}</{root}>'.encode()


def write_texts(root: str, item: str, texts: Iterable[str]) -> bytes:
    """A document of equal elements with text, such as `ReceiptHandles`."""
    items = "".join(f"<{item}>{escape(text)}</{item}>" for text in texts)
    return f'{_HEAD}<{root} xmlns="{NAMESPACE}">{items}</{root}>'.encode()


def error_document(code: str, message: str, *, request_id: str, host_id: str) -> bytes:
    """The answer to a refused request; clients need all four elements."""
    return write("Error", {"Code": code, "Message": message, "RequestId": request_id, "HostId": host_id})


def escape(text: str) -> str:
    """Text as element content. Carriage returns are kept: a parser would turn them into line feeds."""
    if text.isalnum():
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def content_md5_matches(body: bytes, announced: str) -> bool:
    """Whether a Content-MD5 is this body's: base64 of the 16 bytes, or of their hex text as clients send."""
    digest = hashlib.md5(body, usedforsecurity=False)
    text = digest.hexdigest().encode()
    return any(base64.b64encode(form).decode() == announced for form in (text, digest.digest(), text.upper()))


PUSH_CONTENT_TYPES = {"XML": CONTENT_TYPE, "JSON": "application/json", "SIMPLIFIED": "text/plain;charset=utf-8"}
"""By NotifyContentFormat; inferred, the service documents none (api-mns.md 6.1)."""


def push_headers(body: bytes, format: str, *, date: str, request_id: str, cert_url: str) -> dict[str, str]:
    """The headers of a push that do not depend on its message, still unsigned. Names are lower case."""
    return {
        "content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).hexdigest().encode()).decode(),
        "content-type": PUSH_CONTENT_TYPES[format],
        "date": date,
        "x-mns-request-id": request_id,
        "x-mns-signing-cert-url": base64.b64encode(cert_url.encode()).decode(),
        "x-mns-version": VERSION,
    }


def push_string_to_sign(push: Signed) -> str:
    """The text under the signature of a push: as for requests, over the path as it is sent (api-mns.md 6.1)."""
    fixed = [push.method, *(push.headers.get(name, "") for name in ("content-md5", "content-type", "date"))]
    own = sorted(f"{name}:{value}" for name, value in push.headers.items() if name.startswith("x-mns-"))
    return "\n".join([*fixed, *own, push.target])


def push_signature(key: RSAPrivateKey, push: Signed) -> str:
    """The Authorization header of a push: base64 of an RSA signature with SHA-1, as the service makes it."""
    signature = key.sign(push_string_to_sign(push).encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return base64.b64encode(signature).decode()


def _elements(fields: Fields) -> str:
    return "".join(f"<{name}>{_text(value)}</{name}>" for name, value in fields.items())


def _text(value: Value) -> str:
    if isinstance(value, str):
        return escape(value)
    return str(value)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _content(element: Element, depth: int) -> str | Texts:
    if not len(element):
        return element.text or ""
    if depth >= _DEEPEST:
        raise DocumentError(f"elements are nested more than {_DEEPEST} deep")
    return {_local(child): _content(child, depth + 1) for child in element}


def _reason(error: Exception) -> str:
    if isinstance(error, DefusedXmlException):
        return "it declares a document type or entities, which are not allowed"
    return str(error) or type(error).__name__
