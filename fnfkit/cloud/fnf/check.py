"""The rules for what callers send (api-fnf.md 5, fdl.md 6.5). Every check raises InvalidArgument or EntityTooLarge."""

from __future__ import annotations

import re

import orjson

from fnfkit.lang.dialect import Reading
from fnfkit.model.json import JsonObject
from fnfkit.model.names import NAME
from fnfkit.model.problem import Problem
from fnfkit.ports import EntityTooLarge, InvalidArgument

EVENT_BYTES = 64 * 1024
REQUEST_BYTES = 1024 * 1024
DESCRIPTION_CHARS = 128
"""At most. The pages say 1 to 128 and the parameter must be sent, but an empty one is taken, by create and by update
alike: what the service says to it is not documented (inferred)."""
ERROR_CHARS = 128
CAUSE_CHARS = 4096
LONGEST_WAIT = 60
PAGE = 60
"""Items of a page when the caller names no Limit (api-fnf.md 4)."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_ROLE = re.compile(r"acs:ram:[a-z0-9-]*:[0-9]*:\S+\Z")
_PROBLEMS_SHOWN = 3


def check_name(value: str, parameter: str) -> str:
    """A flow, execution or schedule name."""
    if not isinstance(value, str) or not NAME.match(value):
        raise InvalidArgument(
            f"{parameter} {shown(value)} is not a name: use 1 to 128 letters, digits, '_' and '-', "
            "the first a letter or '_'."
        )
    return value


def check_execution_name(value: str, parameter: str) -> str:
    """The name of an execution that exists: a generated one is a UUID, which may begin with a digit."""
    return value if isinstance(value, str) and _UUID.match(value) else check_name(value, parameter)


def check_length(value: str, parameter: str, most: int, least: int = 0) -> str:
    """A text of `least` to `most` characters."""
    if not isinstance(value, str):
        raise InvalidArgument(f"{parameter} must be text, not {type(value).__name__}.")
    if not least <= len(value) <= most:
        raise InvalidArgument(f"{parameter} has {len(value)} characters; it must have {max(least, 1)} to {most}.")
    return _encodable(value, parameter)


def check_choice(value: str, parameter: str, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in allowed:
        raise InvalidArgument(f"{parameter} {shown(value)} is unknown; use {' or '.join(filter(None, allowed))}.")
    return value


def check_role(value: str) -> str:
    """A role ARN, or nothing."""
    if value and not _ROLE.match(check_length(value, "RoleArn", 512)):
        raise InvalidArgument(f"RoleArn {shown(value)} is not of the form acs:ram::<account>:role/<name>.")
    return value


def check_limit(value: int | None, most: int) -> int:
    """The size of a page. The pages of the reference disagree by one on the maximum; the larger one is accepted."""
    if value is None:
        return PAGE
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidArgument(f"Limit {shown(value)} is out of range; use 1 to {most}.")
    return value


def check_wait(value: int) -> int:
    """WaitTimeSeconds."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_WAIT:
        raise InvalidArgument(f"WaitTimeSeconds {shown(value)} is out of range; use 0 to {LONGEST_WAIT}.")
    return value


def check_object(text: str, parameter: str) -> JsonObject:
    """The text of a JSON object of at most 64 KiB. Integers beyond 64 bits become floats."""
    if not isinstance(text, str):
        raise InvalidArgument(f"{parameter} must be the text of a JSON object, not {type(text).__name__}.")
    if len(text) > EVENT_BYTES or (not text.isascii() and len(_encodable(text, parameter).encode()) > EVENT_BYTES):
        raise too_large(EVENT_BYTES)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"{parameter} is not JSON: {error}. Send the text of a JSON object.") from None
    if not isinstance(value, dict):
        raise InvalidArgument(f'{parameter} must be a JSON object such as {{"key": 1}}, not {_kind(value)}.')
    return value


def check_definition(text: str) -> str:
    """A flow definition, before it is read."""
    if not check_length(text, "Definition", REQUEST_BYTES * 4):
        raise InvalidArgument("Definition is empty; send the text of a flow.")
    if len(text) > REQUEST_BYTES or len(text.encode()) > REQUEST_BYTES:
        raise too_large(REQUEST_BYTES)
    return text


def check_reading(reading: Reading) -> None:
    """A definition after it was read: it must have no errors."""
    errors = reading.errors
    if errors or reading.flow is None:
        lines = [_line(reading, problem) for problem in errors[:_PROBLEMS_SHOWN]] or ["it is not a flow"]
        more = [f"and {len(errors) - _PROBLEMS_SHOWN} more"] if len(errors) > _PROBLEMS_SHOWN else []
        raise InvalidArgument("Definition: " + "; ".join(lines + more) + ".")


def too_large(most: int) -> EntityTooLarge:
    """The fault for a payload over a limit."""
    return EntityTooLarge(f"The payload size exceeds maximum allowed size ({most} bytes).")


def _line(reading: Reading, problem: Problem) -> str:
    mark = reading.mark(problem)
    place = f"line {mark.line}: " if mark else ""
    fix = f" ({problem.fix.rstrip('.')})" if problem.fix else ""
    return f"{place}{problem.message.rstrip('.')}{fix}"


def _encodable(text: str, parameter: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{parameter} holds half a surrogate pair, which is no character.") from None
    return text


def shown(value: object) -> str:
    """A value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
