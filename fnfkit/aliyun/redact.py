"""Keeps what the official SDK writes to its log, and into its exceptions, free of secrets.

The SDK puts whole request URLs, and at debug level whole answers, into both: that is the signature, the security
token and, of AssumeRole, a secret.
"""

from __future__ import annotations

from fnfkit.protocol.redact import Redactor

_SECRETS = Redactor("Signature", "SecurityToken", "AccessKeySecret")
_LOGGERS = ("client", "auth.signers.ram_role_arn_signer", "http.http_response", "retry.retry_condition")

redact = _SECRETS.redact


def guard_sdk_logs() -> None:
    """Has the SDK's log redacted from now on."""
    _SECRETS.guard(f"aliyunsdkcore.{name}" for name in _LOGGERS)
