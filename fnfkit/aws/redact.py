"""Keeps what botocore writes to its log, and what the service says of a refused signature, free of secrets.

At debug level botocore logs whole requests, the string it signs and whole answers: that is the signature, the session
token and, of AssumeRole, a secret; and it is the tokens of tasks, with which anybody could report them. A refused
signature is answered with the canonical request, session token included.
"""

from __future__ import annotations

from fnfkit.protocol.redact import Redactor

_SECRETS = Redactor(
    "Signature", "X-Amz-Security-Token", "SecurityToken", "SessionToken", "SecretAccessKey", "task_?token"
)
_LOGGERS = (
    "auth",
    "endpoint",
    "parsers",
    "httpsession",
    "awsrequest",
    "client",
    "hooks",
    "retryhandler",
    "credentials",
)

redact = _SECRETS.redact


def guard_sdk_logs() -> None:
    """Has botocore's log redacted from now on."""
    _SECRETS.guard(f"botocore.{name}" for name in _LOGGERS)
