"""A template made ready for one stack: conditions decided, counts expanded, parameters filled (ros.md 2 to 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from fnfkit.cloud.ros.functions import Unresolvable, text
from fnfkit.cloud.ros.resolve import Scope, holds, resolve
from fnfkit.lang.ros import WrongParameter, parameter_value
from fnfkit.lang.ros.read import MOST_RESOURCES
from fnfkit.model.json import Json
from fnfkit.model.stack import Function, GetAtt, Ref, Resource, Sub, Template, Value, rebuilt
from fnfkit.ports import InvalidParameter, StackValidationFailed, UnknownUserParameter, UserParameterMissing

INDEX = "ALIYUN::Index"


def filled(template: Template, given: Mapping[str, str]) -> dict[str, Json]:
    """The value of every parameter. Raises `UnknownUserParameter`, `UserParameterMissing`, `InvalidParameter`."""
    known = {parameter.name: parameter for parameter in template.parameters}
    for name in given:
        if name not in known:
            raise UnknownUserParameter(f"The Parameter ({name}) was not defined in template.")
    values: dict[str, Json] = {}
    for name, parameter in known.items():
        if name not in given and not parameter.has_default:
            raise UserParameterMissing(f"The Parameter {name} was not provided.")
        try:
            values[name] = parameter_value(parameter, given.get(name, parameter.default))
        except WrongParameter as wrong:
            raise InvalidParameter(f"The specified parameter {name} is invalid, it {wrong}.") from None
    return values


def shaped(template: Template, scope: Scope) -> Template:
    """The template with only the resources and outputs that there will be, and each counted one by itself.

    Raises `StackValidationFailed`, also for a rule that does not hold.
    """
    try:
        _check_rules(template, scope)
        resources = [item for item in template.resources if not item.condition or holds(item.condition, scope)]
        outputs = tuple(item for item in template.outputs if not item.condition or holds(item.condition, scope))
        template = replace(template, resources=tuple(resources), outputs=outputs)
        counts = {item.id: _count(item, scope) for item in resources if item.count is not None}
    except Unresolvable as error:
        raise StackValidationFailed(f"{error}.") from None
    return _dependable(_counted(template, counts) if counts else template)


def _check_rules(template: Template, scope: Scope) -> None:
    for name, rule in template.rules.items():
        if "RuleCondition" in rule and not holds(rule["RuleCondition"], scope):
            continue
        for assertion in rule.get("Assertions", []):
            if not holds(assertion["Assert"], scope):
                why = resolve(assertion.get("AssertDescription", ""), scope)
                raise StackValidationFailed(f"The rule {name} does not hold: {text(why) or 'an assertion is false'}.")


def _dependable(template: Template) -> Template:
    """A DependsOn to a resource that is not created is ignored (ros.md 3)."""
    ids = {resource.id for resource in template.resources}
    kept = (replace(item, depends_on=tuple(id for id in item.depends_on if id in ids)) for item in template.resources)
    return replace(template, resources=tuple(kept))


def _count(resource: Resource, scope: Scope) -> int:
    value = resolve(resource.count, scope)
    if isinstance(value, bool) or not str(value).isdecimal():
        raise Unresolvable(f"the Count of {resource.id} must be a natural number")
    return int(value)


def _counted(template: Template, counts: dict[str, int]) -> Template:
    total = sum(counts.get(resource.id, 1) for resource in template.resources)
    if total > MOST_RESOURCES:
        raise StackValidationFailed(f"The template has {total} resources; a stack may have {MOST_RESOURCES}.")
    lists = _lists(counts)
    resources: list[Resource] = []
    for resource in template.resources:
        for copy in _copies(resource, counts):
            depends = tuple(id for name in copy.depends_on for id in _ids(name, counts))
            resources.append(replace(copy, properties=rebuilt(copy.properties, lists), depends_on=depends))
    outputs = tuple(replace(output, value=rebuilt(output.value, lists)) for output in template.outputs)
    return replace(template, resources=tuple(resources), outputs=outputs)


def _copies(resource: Resource, counts: dict[str, int]) -> Iterator[Resource]:
    if resource.id not in counts:
        yield resource
        return
    for index in range(counts[resource.id]):
        properties = _indexed(resource.properties, index)
        yield replace(resource, id=f"{resource.id}[{index}]", properties=properties, count=None)


def _indexed(properties: Value, index: int) -> Value:
    def number(function: Function) -> Value:
        match function:
            case Ref(name) if name == INDEX:
                return index
            case Sub(text, variables):
                return _inside(Sub(text.replace(f"${{{INDEX}}}", str(index)), variables), number)
            case _:
                return _inside(function, number)

    return rebuilt(properties, number)


def _lists(counts: dict[str, int]) -> Callable[[Function], Value]:
    """References to a counted resource become lists."""

    def listed(function: Function) -> Value:
        match function:
            case Ref(name) if name in counts:
                return [Ref(id) for id in _ids(name, counts)]
            case GetAtt(name, attribute) if name in counts:
                return [GetAtt(id, attribute) for id in _ids(name, counts)]
            case _:
                return _inside(function, listed)

    return listed


def _inside(function: Function, change: Callable[[Function], Value]) -> Function:
    """The function with its own arguments changed."""
    fields = {name: getattr(function, name) for name in function.__slots__}
    return type(function)(**{name: _argument(value, change) for name, value in fields.items()})


def _argument(value: Value, change: Callable[[Function], Value]) -> Value:
    if isinstance(value, tuple):  # the pairs of Sub and Replace
        return tuple((name, rebuilt(item, change)) for name, item in value)
    return rebuilt(value, change)


def _ids(name: str, counts: dict[str, int]) -> list[str]:
    return [f"{name}[{index}]" for index in range(counts[name])] if name in counts else [name]
