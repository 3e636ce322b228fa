"""HTTP messages as data, independent of any server library.

The classes are not frozen, since making a frozen object takes four times as long."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """A request as it arrived. Header names are lower case; `target` is the raw request target without scheme and
    authority (path and query, percent-encoded as sent)."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The raw path, percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query, without the question mark."""
        return self.target.partition("?")[2]


@dataclass(slots=True)
class Response:
    """An answer. `repeated` are headers whose name may come more than once, such as cookies."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    repeated: tuple[tuple[str, str], ...] = ()
