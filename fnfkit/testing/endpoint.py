"""Where a served account is, and the key to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` is for SDKs that take a URL (`mns`), `host` for those that take host and port."""

    url: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    region: str
    account_id: str

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc
