"""The functions of templates on values that are known (ros.md 4): pure, and each takes its resolved argument."""

from __future__ import annotations

import ast
import base64
import ipaddress
import operator
from collections.abc import Callable
from statistics import fmean

import orjson

from fnfkit.model.json import Json
from fnfkit.model.patterns import begins

try:
    import jq
except ImportError:  # no wheel for this platform: only Fn::Jq is missing then
    jq = None


class Unresolvable(ValueError):
    """A value that cannot be worked out; the message says why."""


def text(value: Json) -> str:
    """A value as part of a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()


def _split(argument: Json) -> Json:
    separator, whole = _items(argument, 2)
    return text(whole).split(separator)


def _select(argument: Json) -> Json:
    key, source, *default = _items(argument, 2, 3)
    if isinstance(source, dict):
        found = source.get(text(key), default[0] if default else None)
    elif ":" in str(key):
        first, _, last = str(key).partition(":")
        found = source[int(first or 0) : int(last) if last else None]
    else:
        inside = -len(source) <= int(key) < len(source)
        found = source[int(key)] if inside else (default[0] if default else None)
    if found is None:
        raise Unresolvable(f"there is no item {key!r:.40}")
    return found


def _json_value(argument: Json) -> Json:
    key, source = _items(argument, 2)
    value = orjson.loads(source) if isinstance(source, str) else source
    if not isinstance(value, dict) or key not in value:
        raise Unresolvable(f"the JSON has no key {key!r:.40}")
    return value[key]


def _jq(argument: Json) -> Json:
    which, script, source = _items(argument, 3)
    if jq is None:
        raise Unresolvable("this platform has no jq: install the Python package jq")
    program = jq.compile(script).input_value(orjson.loads(source) if isinstance(source, str) else source)
    return program.all() if which == "All" else program.first()


def _merge_maps(argument: Json) -> Json:
    """Maps of equally long lists to a list of maps."""
    columns = [(key, values) for table in _items(argument) for key, values in table.items()]
    count = max((len(values) for _, values in columns), default=0)
    return [{key: values[row] for key, values in columns if row < len(values)} for row in range(count)]


def _add(argument: Json) -> Json:
    parts = _items(argument)
    if all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    if all(isinstance(part, dict) for part in parts):
        return {key: value for part in parts for key, value in part.items()}
    return sum(_number(part) for part in parts)


def _average(argument: Json) -> Json:
    digits, numbers = _items(argument, 2)
    mean = fmean(_number(item) for item in numbers)
    return round(mean, digits) if digits else int(mean)


_ARITHMETIC: dict[type, Callable[..., Json]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
}


def _calculate(argument: Json) -> Json:
    """Arithmetic on numbers; `{1}` stands for the first of those that follow."""
    expression, digits, *more = _items(argument, 1, 3) + ([] if len(_items(argument)) > 1 else [0])
    numbers = more[0] if more else []
    for position, number in enumerate(numbers, 1):
        expression = expression.replace(f"{{{position}}}", str(_number(number)))
    value = _evaluated(ast.parse(expression, mode="eval").body)
    return round(value, digits) if digits else int(value)


def _evaluated(node: ast.AST) -> Json:
    match node:
        case ast.Constant(int() | float() as number):
            return number
        case ast.BinOp(left, sign, right) if type(sign) in _ARITHMETIC:
            return _ARITHMETIC[type(sign)](_evaluated(left), _evaluated(right))
        case ast.UnaryOp(sign, operand) if type(sign) in _ARITHMETIC:
            return _ARITHMETIC[type(sign)](_evaluated(operand))
        case _:
            raise Unresolvable("only numbers and + - * / // % are calculated")


def _cidr(argument: Json) -> Json:
    block, count, bits = _items(argument, 3)
    network = ipaddress.ip_network(block)
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]


def _indent(argument: Json) -> Json:
    """Text with its lines moved right, given as text and count or the other way round (the order is inferred)."""
    first, second = _items(argument, 2)
    whole, count = (first, second) if isinstance(first, str) else (second, first)
    pad = " " * int(count)
    return "\n".join(pad + line if line else line for line in text(whole).split("\n"))


def _each(argument: Json, holds: Callable[[Json, Json], bool]) -> bool:
    members, other = _items(argument, 2)
    return all(holds(member, other) for member in members)


def _matches(argument: Json) -> bool:
    pattern, whole = _items(argument, 2)
    return begins(text(pattern), text(whole))


def _contains(argument: Json) -> bool:
    members, item = _items(argument, 2)
    return item in members


def _member_in(member: Json, others: Json) -> bool:
    return member in others


def _index(argument: Json) -> Json:
    item, members = _items(argument, 2)
    return members.index(item)


def _column(argument: Json) -> Json:
    key, rows = _items(argument, 2)
    return [row[key] for row in rows if key in row]


def _items(argument: Json, least: int = 0, most: int | None = None) -> list[Json]:
    if not isinstance(argument, list):
        raise Unresolvable("it takes a list")
    most = most if most is not None else (least or len(argument))
    if not least <= len(argument) <= most:
        raise Unresolvable(f"it takes {least if least == most else f'{least} to {most}'} items, not {len(argument)}")
    return argument


def _number(value: Json) -> int | float:
    if isinstance(value, int | float):
        return value
    return float(value) if "." in str(value) else int(value)


def _encode(argument: Json) -> str:
    return base64.b64encode(text(argument).encode()).decode()


def _decode(argument: Json) -> str:
    return base64.b64decode(text(argument)).decode()


def _refuse_image(argument: Json) -> Json:
    raise Unresolvable("images of the marketplace are not known offline")


FUNCTIONS: dict[str, Callable[[Json], Json]] = {
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::Str": text,
    "Fn::Base64Encode": _encode,
    "Fn::Base64Decode": _decode,
    "Fn::GetJsonValue": _json_value,
    "Fn::Jq": _jq,
    "Fn::GetAZs": lambda region: [f"{region}-{zone}" for zone in "hij"],
    "Fn::Index": _index,
    "Fn::Length": len,
    "Fn::ListMerge": lambda argument: [item for part in _items(argument) for item in part],
    "Fn::MergeMapToList": _merge_maps,
    "Fn::SelectMapList": _column,
    "Fn::Add": _add,
    "Fn::Avg": _average,
    "Fn::Max": lambda argument: max(map(_number, argument)),
    "Fn::Min": lambda argument: min(map(_number, argument)),
    "Fn::Calculate": _calculate,
    "Fn::Indent": _indent,
    "Fn::Contains": _contains,
    "Fn::EachMemberIn": lambda argument: _each(argument, _member_in),
    "Fn::EachMemberEquals": lambda argument: _each(argument, operator.eq),
    "Fn::MatchPattern": _matches,
    "Fn::Cidr": _cidr,
    "Fn::MarketplaceImage": _refuse_image,
}
"""Those that need nothing but their argument. The rest is in `resolve`."""
