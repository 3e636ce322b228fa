"""Pushing notifications to URLs: signed POST requests from a few threads, five seconds each (api-mns.md 6.1)."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import cached_property
from threading import Lock
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.mns.delivery import Push
from fnfkit.ports import NotifyContentFormat
from fnfkit.protocol.mns import push_headers, push_signature
from fnfkit.protocol.sign import Signed

ANSWER_SECONDS = 5
CERTIFICATE_PATH = "/_mns/signing-certificate.pem"
_THREADS = 8


class SigningKey:
    """The key that pushes are signed with, made when the first one is, and its certificate."""

    def __init__(self) -> None:
        self._lock = Lock()

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """The private key."""
        with self._lock:
            return self._made

    @cached_property
    def _made(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @cached_property
    def certificate(self) -> bytes:
        """The certificate in PEM, signed by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fnfkit emulated Message Service")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class HttpPusher:
    """Pushes over HTTP. Virtual time stands still while a push is under way; redirects are not followed.

    `endpoint` is where the certificate can be fetched; set it once the account is served. `own` is the host name of
    the account's functions: what goes there goes to the endpoint, since their real addresses lead out of the account.
    """

    def __init__(self, clock: Clock, signing: SigningKey, *, own: str = "") -> None:
        self._own = own
        self._clock = clock
        self._signing = signing
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="fnfkit-push")
        self.endpoint = ""

    def __call__(self, push: Push, answered: Callable[[int], None]) -> None:
        """Starts a push; `answered` is called from a thread of the pool."""
        held = ExitStack()
        held.enter_context(self._clock.hold())

        made = self._threads.submit(lambda: answered(self._status(push)))
        made.add_done_callback(lambda _: held.close())

    def close(self) -> None:
        """Ends the threads; pushes that wait for one are not made, and stay pending."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _status(self, push: Push) -> int:
        url = urlsplit(push.url)
        if self._own and self.endpoint and url.hostname in (self._own, self._own.replace(".fc.", "-internal.fc.", 1)):
            url = urlsplit(self.endpoint)._replace(path=url.path, query=url.query)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection = kind(url.hostname or "", url.port, timeout=ANSWER_SECONDS)
        try:
            body = push.notification.text(push.format).encode()
            connection.request("POST", target, body, self._headers(push, target, body))
            answer = connection.getresponse()
            answer.read(1 << 16)
            return answer.status
        except (OSError, http.client.HTTPException, ValueError):
            return 0
        finally:
            connection.close()

    def _headers(self, push: Push, target: str, body: bytes) -> dict[str, str]:
        headers = push_headers(
            body,
            push.format.value,
            date=formatdate(usegmt=True),
            request_id=uuid.uuid4().hex[:24].upper(),
            cert_url=self.endpoint + CERTIFICATE_PATH,
        )
        if push.format is NotifyContentFormat.SIMPLIFIED:
            headers["x-mns-message-id"] = push.notification.message_id
            if push.notification.tag:
                headers["x-mns-message-tag"] = push.notification.tag
        return {**headers, "authorization": push_signature(self._signing.key, Signed("POST", target, headers))}
