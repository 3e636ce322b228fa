"""Keeps what botocore writes to its log, and what the service says of a refused signature, free of secrets.

At debug level botocore logs whole requests, the string it signs and whole answers: that is the signature, the session
token and, of AssumeRole, a secret; and it is the tokens of tasks, with which anybody could report them. A refused
signature is answered with the canonical request, session token included.
"""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(
    r"""(Signature|X-Amz-Security-Token|SecurityToken|SessionToken|SecretAccessKey|task_?token)"""
    r"""((?:\\*(?:['"]|&quot;))?\s*(?:=|:|%3D|>)\s*(?:b(?=\\*['"]))?(?:\\*(?:['"]|&quot;))?)[^&\s'"\\,)}<]+""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with the values of secret parameters, headers and fields starred out."""
    return _SECRET.sub(r"\1\2***", text)


class Redacting(logging.Filter):
    """Rewrites log records before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record, without its secrets."""
        record.msg, record.args = redact(record.getMessage()), None
        return True


_FILTER = Redacting()
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


def guard_sdk_logs() -> None:
    """Has botocore's log redacted from now on."""
    for name in _LOGGERS:
        logging.getLogger(f"botocore.{name}").addFilter(_FILTER)
