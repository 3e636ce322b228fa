"""Keeps secrets out of what client libraries write to their logs and put into their exceptions.

They write whole requests and answers there, as query strings, as forms of Python values, as JSON and as XML.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

_QUOTE = r"""(?:\\*(?:['"]|&quot;))?"""
_ASSIGNED = rf"""({_QUOTE}\s*(?:=|:|%3D|>)\s*(?:[ub](?=\\*['"]))?{_QUOTE})[^&\s'"\\,)}}<]+"""


class Redactor(logging.Filter):
    """Stars out the values of parameters, headers and fields of some names, whatever their case.

    As a filter of a logger it rewrites records before any handler sees them.
    """

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._secret = re.compile(f"({'|'.join(names)}){_ASSIGNED}", re.IGNORECASE)

    def redact(self, text: str) -> str:
        """The text without the values."""
        return self._secret.sub(r"\1\2***", text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record, without its secrets."""
        record.msg, record.args = self.redact(record.getMessage()), None
        return True

    def guard(self, loggers: Iterable[str]) -> None:
        """Has what these loggers write redacted from now on."""
        for name in loggers:
            logging.getLogger(name).addFilter(self)
