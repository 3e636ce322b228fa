"""Values of a template, worked out (ros.md 4). Pure: what a stack knows comes in as a `Scope`.

A value that is not known yet, because the resource it comes from is still to be made, is an `Unknown`; whatever is
made of one is an `Unknown` too. That is what previews are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fnfkit.cloud.ros.functions import FUNCTIONS, Unresolvable, text
from fnfkit.lang.ros.references import PLACE
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.stack import NO_VALUE, Call, Function, GetAtt, Join, Ref, Replace, Sub, Value


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only exists once the resource does; `text` says which."""

    text: str


class _Nothing:
    """What ALIYUN::NoValue leaves behind."""


NOTHING = _Nothing()


def _no_resource(name: str) -> Json:
    raise Unresolvable(f"there is no resource {name} here")


def _no_attribute(name: str, attribute: str) -> Json:
    raise Unresolvable(f"there is no resource {name} here")


def _no_output(stack: str, name: str) -> Json:
    raise Unresolvable(f"there is no output {name} of the stack {stack} here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What values may refer to. `parameters` include the pseudo parameters."""

    parameters: Mapping[str, Json]
    mappings: JsonObject = field(default_factory=dict)
    conditions: Mapping[str, Value] = field(default_factory=dict)
    locals: Mapping[str, Value] = field(default_factory=dict)
    resource: Callable[[str], Json] = _no_resource
    attribute: Callable[[str, str], Json] = _no_attribute
    output: Callable[[str, str], Json] = _no_output
    format_time: Callable[[str, str], str] = lambda pattern, zone: pattern


def resolve(value: Value, scope: Scope) -> Json:
    """The value. Raises `Unresolvable`; members that become ALIYUN::NoValue are left out."""
    found = _resolve(value, scope)
    return None if found is NOTHING else found


def _resolve(value: Value, scope: Scope) -> Json:
    if isinstance(value, Function):
        return _function(value, scope)
    if isinstance(value, dict):
        members = ((key, _resolve(item, scope)) for key, item in value.items())
        return {key: item for key, item in members if item is not NOTHING}
    if isinstance(value, list):
        return [item for item in (_resolve(item, scope) for item in value) if item is not NOTHING]
    return value


def unknown(value: Json) -> Unknown | None:
    """An Unknown inside a resolved value, None if all of it is known."""
    if isinstance(value, Unknown):
        return value
    inner = value.values() if isinstance(value, dict) else (value if isinstance(value, list) else ())
    return next((found for item in inner if (found := unknown(item)) is not None), None)


def shown(value: Json) -> Json:
    """A resolved value as plain JSON: unknown parts become text that says what they wait for."""
    if isinstance(value, Unknown):
        return f"<{value.text}>"
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return [shown(item) for item in value] if isinstance(value, list) else value


def _function(function: Function, scope: Scope) -> Json:
    match function:
        case Ref(name):
            return _named(name, scope)
        case GetAtt(resource, attribute):
            return scope.attribute(resource, attribute)
        case Sub(template, variables):
            return _substituted(template, {name: _resolve(item, scope) for name, item in variables}, scope)
        case Replace(pieces, whole):
            return _replaced({old: _resolve(new, scope) for old, new in pieces}, _resolve(whole, scope))
        case Join(separator, items):
            resolved = _resolve(items, scope)
            return unknown(resolved) or separator.join(text(item) for item in resolved)
        case Call(name, argument):
            return _called(name, argument, scope)


def _named(name: str, scope: Scope) -> Json:
    if name == NO_VALUE:
        return NOTHING
    if name in scope.parameters:
        return scope.parameters[name]
    if name in scope.locals:
        return _local(name, scope)
    return scope.resource(name)


def _local(name: str, scope: Scope) -> Json:
    entry = scope.locals[name]
    if not isinstance(entry, dict) or "Value" not in entry:
        raise Unresolvable(f"the local {name} has no Value; data sources are not known offline")
    return _resolve(entry["Value"], scope)


def _substituted(template: str, own: dict[str, Json], scope: Scope) -> Json:
    pieces: list[str] = []
    end = 0
    for match in PLACE.finditer(template):
        literal, inside = match[1], match[2].strip()
        value = f"${{{match[2]}}}" if literal else _place(inside, own, scope)
        if isinstance(value, Unknown):
            return value
        pieces += [template[end : match.start()], text(value)]
        end = match.end()
    return "".join([*pieces, template[end:]])


def _place(inside: str, own: dict[str, Json], scope: Scope) -> Json:
    if inside in own:
        return own[inside]
    name, dot, attribute = inside.partition(".")
    return scope.attribute(name, attribute) if dot else _named(name, scope)


def _replaced(pieces: dict[str, Json], whole: Json) -> Json:
    if found := unknown([*pieces.values(), whole]):
        return found
    for old, new in pieces.items():
        whole = text(whole).replace(old, text(new))
    return whole


def _called(name: str, argument: Value, scope: Scope) -> Json:
    match name, argument:
        case "Fn::If", [str() | Call() as condition, yes, no]:
            return _resolve(yes if holds(condition, scope) else no, scope)
        case (("Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" | "Fn::Any"), _):
            return holds(Call(name, argument), scope)
    resolved = _resolve(argument, scope)
    if found := unknown(resolved):
        return found
    try:
        return _applied(name, resolved, scope)
    except Unresolvable as error:
        raise Unresolvable(f"{name}: {error}") from None
    except (ValueError, TypeError, KeyError, IndexError, SyntaxError, ArithmeticError, AttributeError) as error:
        raise Unresolvable(f"{name} cannot take its argument: {error}") from None


def _applied(name: str, argument: Json, scope: Scope) -> Json:
    match name, argument:
        case "Fn::FindInMap", [table, first, second]:
            return _looked_up(scope.mappings, table, first, second)
        case "Fn::GetStackOutput", [stack, output, *_]:
            return scope.output(stack, output)
        case "Fn::FormatTime", [pattern, *zone]:
            return scope.format_time(pattern, zone[0] if zone else "UTC")
        case "Fn::FormatTime", str() as pattern:
            return scope.format_time(pattern, "UTC")
        case _ if name in FUNCTIONS:
            return FUNCTIONS[name](argument)
        case _:
            raise Unresolvable("the argument has a wrong form")


def _looked_up(mappings: JsonObject, table: str, first: Json, second: Json) -> Json:
    row = mappings.get(table, {}).get(text(first), {})
    if text(second) not in row:
        raise Unresolvable(f"the mapping {table} has nothing at {first}.{second}")
    return row[text(second)]


def holds(condition: Value, scope: Scope) -> bool:
    """Whether a condition, by name or written out, is true. Raises `Unresolvable`."""
    match condition:
        case bool():
            return condition
        case str():
            if condition not in scope.conditions:
                raise Unresolvable(f"there is no condition {condition}")
            return holds(scope.conditions[condition], scope)
        case Call("Fn::Not", [operand]) | Call("Fn::Not", operand):
            return not holds(operand, scope)
        case Call("Fn::And", list() as operands):
            return all(holds(operand, scope) for operand in operands)
        case Call("Fn::Or" | "Fn::Any", list() as operands):
            return any(holds(operand, scope) for operand in operands)
        case Call("Fn::Equals", [left, right]):
            return _equal(_resolve(left, scope), _resolve(right, scope))
        case Call(("Fn::And" | "Fn::Or" | "Fn::Any" | "Fn::Equals") as name, _):
            raise Unresolvable(f"{name} cannot take its argument")
        case _:
            return _truth(_resolve(condition, scope))


def _equal(left: Json, right: Json) -> bool:
    """Parameters are text, so a number equals its text."""
    return bool(left == right) or (not isinstance(left, dict | list) and text(left) == text(right))


def _truth(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise Unresolvable("a condition must be true or false")
