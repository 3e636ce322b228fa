"""The functions of templates (ros.md 4): from `Fn::X: argument` or `!X argument` to the model, and back."""

from __future__ import annotations

from fnfkit.lang.marked import Tagged
from fnfkit.lang.ros.findings import Findings, kind, suggestion
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location
from fnfkit.model.stack import Call, Function, GetAtt, Join, Ref, Replace, Sub, Value

CONDITIONAL = frozenset({"Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"})
"""Functions that yield a truth value; their operands may be names of conditions."""

OTHERS = frozenset(
    {
        *("Fn::Split", "Fn::Select", "Fn::FindInMap", "Fn::Str", "Fn::Base64Encode", "Fn::Base64Decode"),
        *("Fn::GetJsonValue", "Fn::Jq", "Fn::If", *CONDITIONAL, "Fn::GetAZs", "Fn::Index", "Fn::Length"),
        *("Fn::ListMerge", "Fn::MergeMapToList", "Fn::SelectMapList", "Fn::Add", "Fn::Avg", "Fn::Max", "Fn::Min"),
        *("Fn::Calculate", "Fn::GetStackOutput", "Fn::FormatTime", "Fn::Indent", "Fn::Contains", "Fn::Any"),
        *("Fn::EachMemberIn", "Fn::EachMemberEquals", "Fn::MatchPattern", "Fn::Cidr", "Fn::MarketplaceImage"),
    }
)
NAMES = OTHERS | {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Replace", "Fn::Join"}


def read_value(raw: Json, path: Location, findings: Findings) -> Value:
    """A value with its functions recognised; a broken function is reported and becomes None."""
    match raw:
        case Tagged(tag, inner):
            return _tagged(tag, inner, path, findings)
        case dict() if len(raw) == 1 and _is_function(name := next(iter(raw))):
            return _function(name, raw[name], (*path, name), findings)
        case dict():
            for key in raw:
                if key.startswith("Fn::"):
                    fix = "give the function a mapping of its own"
                    findings.error("T11", (*path, key), f"the function {key} stands beside other keys", fix)
            return {key: read_value(item, (*path, key), findings) for key, item in raw.items()}
        case list():
            return [read_value(item, (*path, position), findings) for position, item in enumerate(raw)]
        case _:
            return raw


def _is_function(name: str) -> bool:
    return name == "Ref" or name.startswith("Fn::")


def _tagged(tag: str, inner: Json, path: Location, findings: Findings) -> Value:
    name = tag.removeprefix("!")
    if name == "GetAtt" and isinstance(inner, str):
        resource, dot, attribute = inner.partition(".")
        inner = [resource, attribute] if dot else inner
    return _function(name if name == "Ref" else f"Fn::{name}", inner, path, findings)


def _function(name: str, raw: Json, path: Location, findings: Findings) -> Value:
    if name not in NAMES:
        findings.error("T11", path, f"there is no function {name}", suggestion(name, NAMES))
        return None
    argument = read_value(raw, path, findings)
    made = _make(name, argument)
    if made is None:
        findings.error("T11", path, f"{name} has a wrong argument: {kind(argument)}", _FORMS[name])
    return made


def _make(name: str, argument: Value) -> Function | None:
    match name, argument:
        case "Ref", str() as target:
            return Ref(target)
        case "Fn::GetAtt", [str() as resource, str() as attribute]:
            return GetAtt(resource, attribute)
        case "Fn::Sub", str() as text:
            return Sub(text)
        case "Fn::Sub", [str() as text, dict() as names]:
            return Sub(text, tuple(names.items()))
        case "Fn::Replace", [dict() as pieces, text]:
            return Replace(tuple(pieces.items()), text)
        case "Fn::Join", [str() as separator, list() | Ref() | GetAtt() | Call() as items]:
            return Join(separator, items)
        case (("Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::Replace" | "Fn::Join"), _):
            return None
        case _:
            return Call(name, argument) if _fits(name, argument) else None


def _fits(name: str, argument: Value) -> bool:
    """Whether a list written out has as many items as the function takes."""
    if name not in _COUNTS or isinstance(argument, Function):
        return True
    least, most = _COUNTS[name]
    return isinstance(argument, list) and least <= len(argument) <= most


_MANY = 1000
_COUNTS: dict[str, tuple[int, int]] = {
    "Fn::If": (3, 3),
    "Fn::Equals": (2, 2),
    "Fn::And": (1, _MANY),
    "Fn::Or": (1, _MANY),
    "Fn::FindInMap": (3, 4),
    "Fn::Split": (2, 2),
    "Fn::Select": (2, 3),
    "Fn::GetJsonValue": (2, 2),
    "Fn::Jq": (3, 3),
}
"""How many items lists of arguments have (ros.md 4)."""

_FORMS = {
    "Fn::If": "write `Fn::If: [condition, value if true, value if false]`",
    "Fn::Equals": "write `Fn::Equals: [left, right]`",
    "Fn::And": "write `Fn::And: [condition, ...]`",
    "Fn::Or": "write `Fn::Or: [condition, ...]`",
    "Fn::FindInMap": "write `Fn::FindInMap: [mapping, key, second key]`",
    "Fn::Split": "write `Fn::Split: [separator, text]`",
    "Fn::Select": "write `Fn::Select: [index, list]`",
    "Fn::GetJsonValue": "write `Fn::GetJsonValue: [key, text]`",
    "Fn::Jq": "write `Fn::Jq: [First or All, script, text]`",
    "Ref": "write `Ref: Name`",
    "Fn::GetAtt": "write `Fn::GetAtt: [Resource, Attribute]`",
    "Fn::Sub": "write `Fn::Sub: text with ${Name}`, or a list of such text and a mapping of names",
    "Fn::Replace": "write `Fn::Replace: [{old: new}, text]`",
    "Fn::Join": "write `Fn::Join: [separator, [items]]`",
}


def write_value(value: Value) -> Json:
    """The long form of a value: JSON with `Ref` and `Fn::X` in it."""
    match value:
        case Ref(name):
            return {"Ref": name}
        case GetAtt(resource, attribute):
            return {"Fn::GetAtt": [resource, attribute]}
        case Sub(text, ()):
            return {"Fn::Sub": text}
        case Sub(text, variables):
            return {"Fn::Sub": [text, _object(variables)]}
        case Replace(pieces, text):
            return {"Fn::Replace": [_object(pieces), write_value(text)]}
        case Join(separator, items):
            return {"Fn::Join": [separator, write_value(items)]}
        case Call(function, argument):
            return {function: write_value(argument)}
        case dict():
            return {key: write_value(item) for key, item in value.items()}
        case list():
            return [write_value(item) for item in value]
        case _:
            return value


def _object(pairs: tuple[tuple[str, Value], ...]) -> JsonObject:
    return {key: write_value(item) for key, item in pairs}
