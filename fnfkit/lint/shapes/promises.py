"""What is promised about a flow from outside: the shapes of its input, of what its targets return and expect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fnfkit.lint.shapes.shape import (
    ANY,
    ANY_OBJECT,
    STRING,
    Kind,
    Record,
    Shape,
    array_of,
    exactly,
    join_all,
    kind_of,
    of_kinds,
    of_record,
)
from fnfkit.model.expr import Const, Expr, Object
from fnfkit.model.flow import Pattern, Task
from fnfkit.model.json import Json
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, Target, TopicRef

MAX_NESTING = 16
"""Deeper parts of a schema are taken as unknown, so that one that refers to itself ends."""

_KINDS: Mapping[str, Kind] = {
    "null": Kind.NULL,
    "boolean": Kind.BOOL,
    "integer": Kind.NUMBER,
    "number": Kind.NUMBER,
    "string": Kind.STRING,
    "object": Kind.OBJECT,
    "array": Kind.ARRAY,
}
_SENT = of_record(Record(dict.fromkeys(("MessageId", "RequestId", "MessageBodyMD5"), STRING), open=True))
"""The result of a message sent without waiting for an answer (fdl.md 4.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Declared shapes. `results` and `parameters` are looked up by step name, by the target as written, by
    `service/function`, then by the function's or flow's bare name; what is not declared is unknown."""

    input: Shape = ANY_OBJECT
    results: Mapping[str, Shape] = field(default_factory=dict)
    parameters: Mapping[str, Shape] = field(default_factory=dict)

    def result(self, task: Task) -> Shape:
        """The shape of what a task's call returns; always an object (fdl.md 4.1)."""
        declared = _declared(self.results, task) if _returns(task) else self.results.get(task.name)
        if declared is not None and declared.kinds & Kind.OBJECT:
            return Shape(Kind.OBJECT, record=declared.record, depth=declared.depth)
        is_message = isinstance(task.target, QueueRef | TopicRef)
        return _SENT if is_message and task.pattern is Pattern.REQUEST_RESPONSE else ANY_OBJECT

    def expected(self, task: Task) -> Shape | None:
        """The shape of the event a task's function expects, if it is declared."""
        return _declared(self.parameters, task)


def _returns(task: Task) -> bool:
    """Whether the step's result is what its target returns: not with a callback, nor if the step only starts it
    (fdl.md 4.2)."""
    match task.pattern:
        case Pattern.SYNC:
            return True
        case Pattern.WAIT_FOR_CALLBACK:
            return False
        case Pattern.REQUEST_RESPONSE:
            return not isinstance(task.target, FlowRef | QueueRef | TopicRef) and not is_asynchronous(task)


def is_asynchronous(task: Task) -> bool:
    """Whether serviceParams ask for, or may ask for, an asynchronous function call (fdl.md 4.4)."""
    return parameter(task, "InvocationType") not in (None, Const("Sync"))


def parameter(task: Task, name: str) -> Expr | None:
    """One of the serviceParams of a task, None if it is not given."""
    match task.params:
        case Object(fields=fields):
            return dict(fields).get(name)
        case Const(value=dict() as values) if name in values:
            return Const(values[name])
        case _:
            return None


def _declared(table: Mapping[str, Shape], task: Task) -> Shape | None:
    return next((table[name] for name in _names(task.name, task.target) if name in table), None) if table else None


def _names(step: str, target: Target) -> Iterator[str]:
    yield step
    yield str(target)
    match target:
        case FunctionRef(function=function, service=service):
            yield f"{service}/{function}"
            yield function
        case _:
            yield str(target).rpartition("/")[2]


def from_samples(values: Iterable[Json]) -> Shape:
    """What the samples have in common. Scalars stand for all of their kind; keys no sample has are not there."""
    return join_all(_like(value) for value in values)


def _like(value: Json) -> Shape:
    match value:
        case None:
            return ANY
        case dict():
            return of_record(Record({str(key): _like(item) for key, item in value.items()}))
        case list():
            return array_of(join_all(map(_like, value)) if value else ANY)
        case _:
            return of_kinds(kind_of(value))


def from_schema(schema: Json) -> Shape:
    """What a JSON Schema promises; keywords that are not understood promise nothing."""
    return _Schema(schema).shape(schema, 0)


@dataclass(frozen=True, slots=True)
class _Schema:
    """A schema document, for references into it."""

    document: Json

    def shape(self, schema: Json, depth: int) -> Shape:
        """The shape of one sub-schema."""
        if not isinstance(schema, dict) or depth > MAX_NESTING:
            return ANY
        if isinstance(reference := schema.get("$ref"), str):
            return self.shape(self._target(reference), depth + 1)
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                return join_all(self.shape(option, depth + 1) for option in schema[key])
        if "const" in schema:
            return exactly(schema["const"])
        if isinstance(schema.get("enum"), list):
            return join_all(map(exactly, schema["enum"]))
        return self._typed(schema, depth)

    def _target(self, reference: str) -> Json:
        target = self.document if reference.startswith("#") else None
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            target = target.get(key) if isinstance(target, dict) else None
        return target

    def _typed(self, schema: Mapping[str, Json], depth: int) -> Shape:
        types = schema.get("type", "object" if "properties" in schema else None)
        names = types if isinstance(types, list) else [types]
        if not all(isinstance(name, str) and name in _KINDS for name in names) or "allOf" in schema:
            return ANY
        return join_all(self._one(name, schema, depth) for name in names)

    def _one(self, name: str, schema: Mapping[str, Json], depth: int) -> Shape:
        if name == "object":
            return self._object(schema, depth)
        if name == "array":
            items = schema.get("items")
            return array_of(self.shape(items, depth + 1) if items is not None else ANY)
        return of_kinds(_KINDS[name])

    def _object(self, schema: Mapping[str, Json], depth: int) -> Shape:
        properties = schema.get("properties")
        fields = properties if isinstance(properties, dict) else {}
        required = schema.get("required")
        needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
        is_open = schema.get("additionalProperties", True) is not False or "patternProperties" in schema
        shapes = {str(name): self.shape(item, depth + 1) for name, item in fields.items()}
        shapes |= {name: ANY for name in needed - shapes.keys() if is_open}
        return of_record(Record(shapes, frozenset(shapes.keys() - needed), is_open))
