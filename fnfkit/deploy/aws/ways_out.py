"""What to do instead of what AWS cannot express."""

from __future__ import annotations

_WAYS = (
    ("called asynchronously", "call the function without .submit(), or let a queue and a function of its own do it"),
    ("asynchronous function", "wait for a callback with .callback(), and let the function report its end"),
    ("80 characters", "shorten it"),
    ("more than 1 MiB", "part the flow into several flows that call each other"),
    ("timeout that is an expression", "give the timeout as a number"),
    ("without an interval", "retry after one second or more"),
    ("wait until an instant", "wait for a number of seconds, or let a function tell the instant as `seconds`"),
    ("length of a wait", "let a function work out the seconds, and wait for that result"),
    ("call of", "call a function that calls the API"),
    ("parameter", "leave it out; a queue takes MessageBody and DelaySeconds, a topic MessageBody and MessageTag"),
    ("message without a body", "give the message a body"),
    ("$context", "pass what you need in the flow's input"),
)


def way_out(feature: str) -> str:
    """What to do about a feature that is lacking."""
    known = (way for words, way in _WAYS if words in feature)
    return next(known, "let a function work it out and hand over its result")
