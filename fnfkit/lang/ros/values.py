"""Whether a value is what a property takes (ros.md 13). A function may stand for any value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from fnfkit.lang.cron import CronError, parse
from fnfkit.lang.ros.findings import Findings, kind, suggestion
from fnfkit.lang.ros.schema import Property
from fnfkit.model.json import Json
from fnfkit.model.problem import Location
from fnfkit.model.stack import Function, Value

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "map": "a mapping",
    "list": "a list",
}


def check_properties(
    given: Mapping[str, Value], specs: Mapping[str, Property], path: Location, findings: Findings, *, of: str
) -> None:
    """Checks a mapping against its members: unknown ones, missing ones, and each value."""
    aliases = {alias: name for name, spec in specs.items() for alias in spec.aliases}
    meant: set[str] = set()
    for name, value in given.items():
        spec = specs.get(aliases.get(name, name))
        if spec is None:
            fix = suggestion(name, [other for other in specs if other not in given])
            meant.update(other for other in specs if fix == f"did you mean `{other}`?")
            findings.error("T04", (*path, name), f"{of} has no property {name}", fix)
        else:
            check_value(value, spec, (*path, name), findings, siblings=given)
    present = {aliases.get(name, name) for name in given}
    for name, spec in specs.items():
        if spec.required and name not in present and name not in meant:
            findings.error("T05", path, f"{of} needs the property {name}", f"add `{name}:`")


def check_value(
    value: Value, spec: Property, path: Location, findings: Findings, *, siblings: Mapping[str, Value] | None = None
) -> None:
    """Checks one value."""
    if isinstance(value, Function):
        return
    if spec.type == "any":
        return
    if not _is(value, spec.type):
        message = f"{path[-1]} must be {_WORDS[spec.type]}, not {kind(value)}"
        findings.error("T06", path, message, "change the value")
        return
    match spec.type:
        case "map":
            _check_map(value, spec, path, findings, siblings or {})
        case "list":
            _check_list(value, spec, path, findings)
        case _ if wrong := _broken(value, spec):
            findings.error("T07", path, f"{path[-1]} {wrong}", "change the value")


def _is(value: Json, type: str) -> bool:
    """Numbers do for text, and text with a number in it for numbers."""
    match type:
        case "string":
            return isinstance(value, str | bool | int | float)
        case "boolean":
            return isinstance(value, bool) or str(value).lower() in ("true", "false")
        case "integer":
            return not isinstance(value, bool) and _number(value) is not None and float(value).is_integer()
        case "number":
            return not isinstance(value, bool) and _number(value) is not None
        case "map":
            return isinstance(value, dict)
        case _:
            return isinstance(value, list)


def _number(value: Json) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None


def _check_map(
    value: dict[str, Value], spec: Property, path: Location, findings: Findings, siblings: Mapping[str, Value]
) -> None:
    chosen = siblings.get(spec.variant_key) if spec.variant_key else None
    members = spec.variants.get(chosen) if isinstance(chosen, str) else None
    if members is not None:
        check_properties(value, members, path, findings, of=f"{path[-1]} of type {chosen}")
    elif not spec.open and spec.properties is not None:
        check_properties(value, spec.properties, path, findings, of=str(path[-1]))
    _check_count(len(value), spec, path, findings, "entries")


def _check_list(value: list[Value], spec: Property, path: Location, findings: Findings) -> None:
    _check_count(len(value), spec, path, findings, "items")
    if spec.items is not None:
        for position, item in enumerate(value):
            check_value(item, spec.items, (*path, position), findings)


def _check_count(count: int, spec: Property, path: Location, findings: Findings, what: str) -> None:
    least, most = spec.constraints.get("minItems", 0), spec.constraints.get("maxItems", math.inf)
    if not least <= count <= most:
        rule = f"at most {most}" if count > most else f"at least {least}"
        findings.error("T07", path, f"{path[-1]} has {count} {what}; it may have {rule}", "change the value")


def _broken(value: Json, spec: Property) -> str:
    """What is wrong with a scalar, empty if nothing is."""
    rules = spec.constraints
    if allowed := rules.get("allowedValues"):
        fold = rules.get("caseInsensitive", False)
        if not any(_equal(value, word, fold) for word in allowed):
            return f"must be one of {', '.join(map(str, allowed))}, not {value!r:.60}"
    if spec.type in ("integer", "number"):
        return _broken_number(_number(value) or 0.0, rules)
    return _broken_text(str(value), rules) if spec.type == "string" else ""


def _equal(value: Json, word: Json, fold: bool) -> bool:
    left, right = str(value), str(word)
    return left.lower() == right.lower() if fold else left == right


def _broken_number(number: float, rules: dict[str, Json]) -> str:
    low, high = rules.get("min", -math.inf), rules.get("max", math.inf)
    if not low <= number <= high:
        return f"must be from {low} to {high}, not {number:g}"
    step = rules.get("multipleOf")
    return f"must be a multiple of {step}, not {number:g}" if step and number % step else ""


def _broken_text(text: str, rules: dict[str, Json]) -> str:
    least, most = rules.get("minLength", 0), rules.get("maxLength", math.inf)
    if not least <= len(text) <= most:
        return f"must have {least} to {most} characters, not {len(text)}"
    pattern = rules.get("pattern")
    if pattern and not re.search(pattern, text):
        return f"must match {pattern}; {text!r:.60} does not"
    return _broken_format(text, rules.get("format", ""))


def _broken_format(text: str, format: str) -> str:
    if format == "cron6-or-@every":
        try:
            parse(text)
        except CronError as error:
            return f"is no cron expression: {error}"
    return ""
