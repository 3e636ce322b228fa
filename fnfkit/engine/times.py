"""Instants as flows write them: RFC 3339 (fdl.md 2.4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> int | None:
    """Milliseconds of an instant, rounded up so that nobody is woken early; None if the text is none of the form.

    Raises ValueError or OverflowError for what is no time of the calendar."""
    match = _INSTANT.match(text)
    if match is None:
        return None
    date, time, fraction, zone = match.groups()
    past_epoch = datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone in 'Zz' else zone}") - _EPOCH
    digits = (fraction or "").ljust(3, "0")
    return past_epoch // timedelta(milliseconds=1) + int(digits[:3]) + bool(digits[3:].strip("0"))
