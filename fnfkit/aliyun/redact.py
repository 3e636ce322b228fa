"""Keeps what the official SDK writes to its log, and into its exceptions, free of secrets.

The SDK puts whole request URLs, and at debug level whole answers, into both: that is the signature, the security
token and, of AssumeRole, a secret.
"""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(
    r"""(Signature|SecurityToken|AccessKeySecret)"""
    r"""(\\*['"]?\s*(?:=|:|%3D)\s*(?:u(?=\\*['"]))?\\*['"]?)[^&\s'"\\,)}]+""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with the values of secret parameters and fields starred out."""
    return _SECRET.sub(r"\1\2***", text)


class Redacting(logging.Filter):
    """Rewrites log records before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record, without its secrets."""
        record.msg, record.args = redact(record.getMessage()), None
        return True


_FILTER = Redacting()
_LOGGERS = ("client", "auth.signers.ram_role_arn_signer", "http.http_response", "retry.retry_condition")


def guard_sdk_logs() -> None:
    """Has the SDK's log redacted from now on."""
    for name in _LOGGERS:
        logging.getLogger(f"aliyunsdkcore.{name}").addFilter(_FILTER)
