"""Object storage over the official SDK: a place for code that templates name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import oss2
from oss2.exceptions import OssError

from fnfkit.aliyun.redact import redact
from fnfkit.aliyun.session import CONNECT_SECONDS, Key, NoCredentials, Session, is_local, url
from fnfkit.ports import Fault

T = TypeVar("T")

logging.getLogger("oss2").setLevel(logging.CRITICAL)  # it logs requests with their signatures


class AliyunObjects:
    """OSS in the session's region, or at its endpoint if that is on this machine; implements `fnfkit.ports.Objects`.

    Raises `NoCredentials` for credentials other than keys: the SDK has no way to assume roles.
    """

    def __init__(self, session: Session) -> None:
        if not isinstance(session.credentials, Key):
            raise NoCredentials("uploading code needs an access key, or a temporary one with its token, not a role.")
        key = session.credentials
        self._auth = oss2.StsAuth(key.id, key.secret, key.token) if key.token else oss2.Auth(key.id, key.secret)
        local = is_local(session.endpoint)
        self._endpoint = url(session.endpoint) if local else f"https://oss-{session.region}.aliyuncs.com"
        self._session = oss2.Session()
        if local:
            self._session.session.trust_env = False

    def create_bucket(self, bucket: str) -> None:
        """PutBucket."""
        _asked(lambda: self._bucket(bucket).create_bucket())

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """PutObject."""
        _asked(lambda: self._bucket(bucket).put_object(key, data))

    def get(self, bucket: str, key: str) -> bytes:
        """GetObject."""
        return bytes(_asked(lambda: self._bucket(bucket).get_object(key).read()))

    def delete(self, bucket: str, key: str) -> None:
        """DeleteObject."""
        _asked(lambda: self._bucket(bucket).delete_object(key))

    def _bucket(self, name: str) -> oss2.Bucket:
        return oss2.Bucket(
            self._auth, self._endpoint, name, session=self._session, connect_timeout=CONNECT_SECONDS, is_path_style=True
        )


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except OssError as refusal:
        status = refusal.status if isinstance(refusal.status, int) and refusal.status > 0 else 0
        raise Fault.of(refusal.code or "SDK.HttpError", status, redact(str(refusal.message or refusal))) from None
