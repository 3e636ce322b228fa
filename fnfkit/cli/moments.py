"""Times as people and scripts read them."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(milliseconds: int | None) -> str:
    """RFC 3339 in UTC with milliseconds; empty for None."""
    if milliseconds is None:
        return ""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:03d}Z"


def span(milliseconds: int) -> str:
    """A duration in the two units that matter: `0 s`, `850 ms`, `7 s`, `1 m 10 s`, `2 d 3 h`."""
    if milliseconds == 0:
        return "0 s"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    rest, parts = int(seconds), []
    for name, size in units:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def offset(milliseconds: int) -> str:
    """Time since the start of an execution, in seconds."""
    return f"+{milliseconds / 1000:.3f}"
