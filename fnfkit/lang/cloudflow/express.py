"""Expressions back into constructors, `.$` values and conditions (cloudflow.md 3.3, 3.4)."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.lang.canonical import key_is_representable, representable
from fnfkit.lang.cloudflow.expressions import GRAMMAR, View, spelled
from fnfkit.lang.cloudflow.schema import FUNCTIONS, MOST_NESTED_CALLS
from fnfkit.lang.marked import DEEPEST
from fnfkit.lang.template import SUFFIX
from fnfkit.lang.trees import children, height, rebuilt, with_paths
from fnfkit.lang.unparse import Inexpressible, function_words, unparse
from fnfkit.model.expr import Call, Const, Expr, List, Merge, Object
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

MOST_LEVELS = 150
"""Levels of an expression that is written; what is higher could not be read back."""


class Expressions:
    """Writes expressions; tells `unsupported(path, feature)` what has no form in this language."""

    def __init__(self, unsupported: Callable[[Location, str], None]) -> None:
        self.unsupported = unsupported

    def constructor(self, expr: Expr, at: Location, view: View) -> Json:
        """A constructor: a mapping, or the text of an expression."""
        fields = _fields(_opened(expr))
        return self.text(expr, at, view) if fields is None else self.members(fields, at, view)

    def members(self, fields: tuple[tuple[str, Expr], ...], at: Location, view: View) -> JsonObject:
        """The members of a mapping. A key that ends in `.$` must not be taken for one of an expression."""
        out: JsonObject = {}
        for key, value in dict(fields).items():
            if not key_is_representable(key):
                self.unsupported(at, f"the key `{key!r:.40}`, which YAML cannot carry")
            elif key.endswith(SUFFIX):
                self.unsupported((*at, key), f"a key that ends in `{SUFFIX}`")
            else:
                self.member(out, key, value, (*at, key), view)
        return out

    def member(self, out: JsonObject, key: str, value: Expr, at: Location, view: View) -> None:
        """One member, plain or under `key.$`."""
        value = _opened(value)
        if plainly(value) and len(at) < DEEPEST - 4:
            out[key] = self.plain_part(value, at, view)
        else:
            out[key + SUFFIX] = self.text(value, (*at[:-1], key + SUFFIX), view)

    def plain_part(self, value: Expr, at: Location, view: View) -> Json:
        match value:
            case Const(constant):
                return self.plain(constant, at)
            case Object(fields):
                return self.members(fields, at, view)
            case List(items):
                return [self.plain_part(item, (*at, place), view) for place, item in enumerate(items)]
            case _:
                return None

    def plain(self, value: Json, at: Location) -> Json:
        if representable(value, DEEPEST - len(at)):
            return value
        self.unsupported(at, "a constant that YAML cannot carry: not finite, beyond 63 bits, control text, or too deep")
        return None

    def text(self, expr: Expr, at: Location, view: View) -> str:
        """The text of an expression; `null` if, told, there is none."""
        try:
            text = expression_text(expr, view)
        except ValueError as error:
            self.unsupported(at, str(error))
            return "null"
        if representable(text):
            return text
        self.unsupported(at, "control characters in an expression")
        return "null"


def plainly(expr: Expr) -> bool:
    """Whether a value can stand under a plain key: constants and literals that hold expressions in objects only."""
    match expr:
        case Const(value):
            return not _has_suffix(value)
        case Object(fields):
            return not any(key.endswith(SUFFIX) for key, _ in fields)
        case List(items):
            return all(isinstance(item, Const | Object | List) and plainly(item) for item in items)
        case _:
            return False


def _opened(expr: Expr) -> Expr:
    """Constants with keys that would be taken for those of expressions as literals of their parts: what a reader has
    folded is written like what it was read from."""
    match expr:
        case Const(dict() as value) if _has_suffix(value):
            return Object(tuple((key, _opened(Const(item))) for key, item in value.items()))
        case Const(list() as value) if _has_suffix(value):
            return List(tuple(_opened(Const(item)) for item in value))
        case Object() | List():
            return rebuilt(expr, _opened)
        case _:
            return expr


def _has_suffix(value: Json) -> bool:
    """Whether a constant has a key that would be taken for one of an expression."""
    level = [value]
    while level:
        if any(key.endswith(SUFFIX) for item in level if isinstance(item, dict) for key in item):
            return True
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return False


def _fields(expr: Expr) -> tuple[tuple[str, Expr], ...] | None:
    match expr:
        case Object(fields) if not any(key.endswith(SUFFIX) for key, _ in fields):
            return fields
        case Const(dict() as value) if not _has_suffix(value):
            return tuple((key, Const(item)) for key, item in value.items())
        case _:
            return None


def expression_text(expr: Expr, view: View) -> str:
    """The text of an expression. Raises ValueError if it has none in this language."""
    if height(expr) > MOST_LEVELS:
        raise Inexpressible(f"an expression of more than {MOST_LEVELS} levels")
    grammatical = _unfolded(with_paths(expr, lambda path: spelled(path, view)))
    _check_functions(grammatical)
    return unparse(grammatical, GRAMMAR)


def _check_functions(expr: Expr) -> None:
    level, deepest = [(expr, 0)], 0
    while level:
        node, depth = level.pop()
        if isinstance(node, Call):
            depth += 1
            if node.function not in FUNCTIONS:
                raise Inexpressible(function_words(node.function))
        deepest = max(deepest, depth)
        level += [(child, depth) for child in children(node)]
    if deepest > MOST_NESTED_CALLS:
        raise Inexpressible(f"{deepest} nested function calls; {MOST_NESTED_CALLS} are allowed")


def _unfolded(expr: Expr) -> Expr:
    """Constants and unions in the forms that the grammar has text for."""
    match expr:
        case Const(dict() as value):
            return Object(tuple((key, _unfolded(Const(item))) for key, item in value.items()))
        case Const(list() as value):
            return List(tuple(_unfolded(Const(item)) for item in value))
        case Object(fields):
            return Object(tuple((key, _unfolded(value)) for key, value in dict(fields).items()))
        case Merge(parts):
            return _union(tuple(map(_unfolded, parts)))
        case _:
            return rebuilt(expr, _unfolded)


def _union(parts: tuple[Expr, ...]) -> Expr:
    first, *others = parts or (Object(()),)
    for part in others or ([Object(())] if len(parts) == 1 else []):
        first = Call("jsonMerge", (first, part))
    return first
