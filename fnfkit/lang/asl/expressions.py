"""Paths, intrinsic functions and payload templates of JSONPath state machines."""

from __future__ import annotations

import re

from fnfkit.lang.asl.schema import INTRINSICS
from fnfkit.lang.cloudflow.expressions import folded
from fnfkit.lang.fdl.findings import Findings
from fnfkit.lang.grammar import Grammar, parse, parse_path
from fnfkit.lang.lexer import ExpressionError
from fnfkit.lang.translate.translation import below
from fnfkit.lang.trees import rebuilt, with_paths
from fnfkit.lang.unparse import Inexpressible, function_words, path_text
from fnfkit.model.expr import Call, Const, Expr, Key, List, Merge, Object, Part, Path, Root
from fnfkit.model.problem import Location

GRAMMAR = Grammar({"$": Root.INPUT, "$Context": Root.CONTEXT}, calls=True, quotes=frozenset({"single"}))
"""`$$` is read as `$Context`, and `States.X(` as `States_X(`: words the lexer has."""

CONTEXT: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Execution", "Input"): ("execution", "input"),
    ("Execution", "Name"): ("execution", "name"),
    ("Execution", "RoleArn"): ("execution", "role"),
    ("State", "Name"): ("step", "name"),
    ("State", "RetryCount"): ("step", "retries"),
    ("StateMachine", "Name"): ("flow", "name"),
    ("Task", "Token"): ("task", "token"),
    ("Map", "Item", "Index"): ("item", "index"),
    ("Map", "Item", "Value"): ("item", "value"),
}
"""Where the model's context has what `$$` shows."""
_SPELLED = {there: here for here, there in CONTEXT.items()}
_FUNCTIONS = {there: here for here, there in INTRINSICS.items()}
_STRING = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_HINT = "write a path such as $.key, or a function such as States.Format('{}', $.key)"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HYPHENED = re.compile(r"\.([A-Za-z_]\w*-[\w-]*)")
"""A key behind a dot may hold `-`, as in $.delivery-partner (Step Functions Developer Guide, Map)."""


def read_expression(text: str, at: Location, dollar: Expr, findings: Findings) -> Expr | None:
    """The value of a `.$` field, where `$` stands for an expression; None if, reported, there is none."""
    try:
        parsed = parse(prepared(text), GRAMMAR)
        if not isinstance(parsed.expr, Path | Call):
            raise ExpressionError(1, "neither a path nor an intrinsic function")
        return _lowered(parsed.expr, dollar)
    except ExpressionError as error:
        findings.error("E12", at, f"`{text:.60}` is no expression: {error}", error.fix or _HINT)
        return None


def read_path(text: str, at: Location, dollar: Expr, findings: Findings) -> Expr | None:
    """The value a path names."""
    try:
        return _lowered(parse_path(prepared(text), GRAMMAR).expr, dollar)
    except ExpressionError as error:
        findings.error("E12", at, f"`{text:.60}` is not a path: {error}", error.fix or "write a path such as $.key")
        return None


def prepared(text: str) -> str:
    """The text in words that the grammar has."""
    pieces = _STRING.split(text)
    pieces[::2] = [
        re.sub(r"\bStates\.(\w+)\(", r"States_\1(", _HYPHENED.sub(r"['\1']", piece.replace("$$", "$Context")))
        for piece in pieces[::2]
    ]
    return "".join(pieces)


def _lowered(expr: Expr, dollar: Expr) -> Expr:
    return folded(_functions(with_paths(expr, lambda path: _meaning(path, dollar))))


def _meaning(path: Path, dollar: Expr) -> Expr:
    if path.root is Root.INPUT:
        return below(dollar, path.parts)
    for here, there in CONTEXT.items():
        if _names(path.parts[: len(here)]) == here:
            return Path(Root.CONTEXT, (*map(Key, there), *path.parts[len(here) :]))
    raise ExpressionError(1, "`$$` has nothing of that name here", f"there are {_known()}")


def _known() -> str:
    return ", ".join("$$." + ".".join(here) for here in CONTEXT)


def _names(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(part.name for part in parts if isinstance(part, Key))


def _functions(expr: Expr) -> Expr:
    expr = rebuilt(expr, _functions)
    if not isinstance(expr, Call):
        return expr
    if expr.function == "get":  # a path below a computed value
        return expr
    name = expr.function.removeprefix("States_")
    if name not in INTRINSICS or name == expr.function:
        raise ExpressionError(1, f"there is no function `{expr.function}`", "there are States." + ", ".join(INTRINSICS))
    arguments = expr.arguments
    if name == "JsonMerge":
        if len(arguments) != 3 or arguments[2] != Const(False):
            raise ExpressionError(1, "States.JsonMerge takes two objects and false: only shallow unions exist")
        arguments = arguments[:2]
    return Call(INTRINSICS[name], arguments)


# -- writing


def expression_text(expr: Expr, dollar: Root) -> str:
    """The text of a path or function, where `$` is one root. Raises ValueError if there is none."""
    match expr:
        case Path():
            return spelled_path(expr, dollar)
        case Merge(parts):
            first, *others = (_argument(part, dollar) for part in parts or (Const({}),))
            for part in others:
                first = f"States.JsonMerge({first}, {part}, false)"
            return first
        case List(items):
            return f"States.Array({_joined(items, dollar)})"
        case Call(function, arguments) if function in _FUNCTIONS:
            return f"States.{_FUNCTIONS[function]}({_joined(arguments, dollar)})"
        case Call(function, _):
            raise Inexpressible(function_words(function))
        case _:
            raise Inexpressible(f"{type(expr).__name__} in a template")


def _joined(items: tuple[Expr, ...], dollar: Root) -> str:
    return ", ".join(_argument(item, dollar) for item in items)


def _argument(expr: Expr, dollar: Root) -> str:
    match expr:
        case Const(None):
            return "null"
        case Const(bool() as value):
            return "true" if value else "false"
        case Const(int() | float() as value):
            return repr(value)
        case Const(str() as value):
            if not value.isprintable():
                raise Inexpressible("control characters in a function's argument")
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case Const() | Object():
            raise Inexpressible("an object or list inside a function")
        case _:
            return expression_text(expr, dollar)


def spelled_path(path: Path, dollar: Root) -> str:
    """The text of a path, where `$` is one root. Raises ValueError."""
    if path.root is Root.CONTEXT:
        for there, here in _SPELLED.items():
            if _names(path.parts[: len(there)]) == there:
                rest = path_text(Path(Root.INPUT, path.parts[len(there) :]), _DOLLAR)
                return "$$." + ".".join(here) + rest.removeprefix("$")
        raise Inexpressible("a part of the context that `$$` does not show")
    if path.root is not dollar:
        raise Inexpressible(f"the {path.root.value} in this place")
    text = path_text(Path(Root.INPUT, path.parts), _DOLLAR)
    if '"' in text:
        keys = (
            f"['{part.name}']" if isinstance(part, Key) and not _NAME.match(part.name) else "" for part in path.parts
        )
        if any("'" in key[2:-2] or "\\" in key for key in keys):
            raise Inexpressible("a key with quotes in a path")
        text = re.sub(r'\["([^"]*)"\]', r"['\1']", text)
    return text


_DOLLAR = Grammar({"$": Root.INPUT})
