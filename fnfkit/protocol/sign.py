"""Request signatures, for either side: a client signs with them, a server computes the same text and compares.

Rules of this file (api-signing.md 1, 3, 4, 5):
1. Everything here is a pure function of the message and the secret. No clock, no key store, no service.
2. What is signed is what was *sent*: values are decoded once and encoded again by RFC 3986 (space is %20, never +).
3. A signature is compared with `same`, in constant time, never with `==`.
4. Neither a secret nor a signature appears in an exception or a repr made here.
5. Text that does not have a scheme's form is None, not an exception: the caller decides which refusal that is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl, quote, unquote

Pairs: TypeAlias = Iterable[tuple[str, str]]

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
"""What `x-acs-content-sha256` says of a request without a body."""


_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")


def same(expected: str, given: str) -> bool:
    """Whether two signatures are equal, in time that does not depend on where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode())


def encode(text: str) -> str:
    """Percent-encodes by RFC 3986: only letters, digits and `-_.~` stay."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="~")


def canonical_query(pairs: Pairs) -> str:
    """Name=value pairs in byte order of the names, percent-encoded by RFC 3986 and joined by `&`."""
    ordered = sorted(pairs, key=_name)
    return "&".join([f"{encode(name)}={encode(value)}" for name, value in ordered])


def rpc_string_to_sign(method: str, pairs: Pairs) -> str:
    """The text an RPC v1 signature covers: query and form pairs alike, without `Signature` (api-signing.md 1.2)."""
    canonical = canonical_query([pair for pair in pairs if pair[0] != "Signature"])
    # Encoding what is encoded already: beside unreserved characters it holds these three only.
    twice = canonical.replace("%", "%25").replace("&", "%26").replace("=", "%3D")
    return f"{method}&%2F&{twice}"


def rpc_signature(secret: str, string_to_sign: str) -> str:
    """RPC v1: base64 of HMAC-SHA1 with the secret and a trailing `&` as key."""
    return _base64("sha1", secret + "&", string_to_sign)


@dataclass(frozen=True, slots=True)
class Credential:
    """What an `Authorization` header claims: a key id, a signature and, for ACS3, the names of the signed headers."""

    key_id: str
    signature: str = field(repr=False)
    signed_headers: tuple[str, ...] = ()


def parse_acs3(authorization: str) -> Credential | None:
    """Reads `ACS3-HMAC-SHA256 Credential=..,SignedHeaders=a;b,Signature=..` (api-signing.md 3)."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme != "ACS3-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= parts.keys():
        return None
    return Credential(parts["Credential"], parts["Signature"], tuple(parts["SignedHeaders"].split(";")))


def parse_pair(scheme: str, authorization: str) -> Credential | None:
    """Reads `MNS <key>:<signature>` and `FC <key>:<signature>` (api-signing.md 4, 5)."""
    given, _, rest = authorization.partition(" ")
    key_id, colon, signature = rest.strip().partition(":")
    return Credential(key_id, signature) if given == scheme and colon and key_id and signature else None


class Signed(NamedTuple):
    """A message as the header schemes see it. Header names are lower case; `target` is the raw path and query."""

    method: str
    target: str
    headers: Mapping[str, str]


def acs3_signature(secret: str, message: Signed, signed_headers: Iterable[str], body_sha256: str) -> str:
    """ACS3-HMAC-SHA256, in hex. Of the headers only those named take part, in the order named (api-signing.md 3)."""
    path, _, query = message.target.partition("?")
    names = list(signed_headers)
    headers = "".join(f"{name}:{message.headers.get(name, '').strip()}\n" for name in names)
    decoded = canonical_query(parse_qsl(query, keep_blank_values=True))
    request = "\n".join((message.method, path, decoded, headers, ";".join(names), body_sha256))
    string_to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
    return hmac.new(secret.encode(), string_to_sign.encode(), "sha256").hexdigest()


def mns_signature(secret: str, message: Signed) -> str:
    """MNS: base64 of HMAC-SHA1 over the `x-mns-*` headers and the request target exactly as sent (api-signing.md 4)."""
    return _base64("sha1", secret, _header_text(message, "x-mns-") + message.target)


def oss_signature(secret: str, message: Signed) -> str:
    """OSS, signature version 1: base64 of HMAC-SHA1 over the `x-oss-*` headers and the *decoded* path of bucket and
    key. (Not in the references; taken from the public client, so inferred.)"""
    return _base64("sha1", secret, _header_text(message, "x-oss-") + unquote(message.target.partition("?")[0]))


def fc_signature(secret: str, message: Signed, *, with_query: bool = False) -> str:
    """FC 2016-08-15: base64 of HMAC-SHA256 over the `x-fc-*` headers and the *decoded* path (api-signing.md 5).

    `with_query` is for HTTP-trigger calls, which sign the decoded query too.
    """
    path, _, query = message.target.partition("?")
    text = _header_text(message, "x-fc-") + unquote(path)
    if with_query:
        text += "\n" + "\n".join(sorted(_query_line(part) for part in query.split("&") if part))
    return _base64("sha256", secret, text)


def _name(pair: tuple[str, str]) -> bytes:
    return pair[0].encode()


def _header_text(message: Signed, prefix: str) -> str:
    headers = message.headers
    own = sorted([f"{name}:{value}" for name, value in headers.items() if name.startswith(prefix)])
    fixed = (message.method, headers.get("content-md5", ""), headers.get("content-type", ""), headers.get("date", ""))
    return "\n".join((*fixed, *own, ""))


def _query_line(part: str) -> str:
    name, equals, value = part.replace("+", " ").partition("=")
    return unquote(name) + equals + unquote(value)


def _base64(algorithm: str, secret: str, text: str) -> str:
    return b64encode(hmac.digest(secret.encode(), text.encode(), algorithm)).decode()
