"""Paths and payload templates of states that are written."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.lang.asl.expressions import expression_text
from fnfkit.lang.asl.lifting import is_template
from fnfkit.lang.asl.places import placed_value
from fnfkit.lang.template import SUFFIX
from fnfkit.model.expr import RESULT, SCOPE_LOCAL, Const, Expr, Key, List, Object, Path, Root
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location


class Values:
    """Writes expressions; tells `unsupported(path, feature)` what has no form here."""

    def __init__(self, unsupported: Callable[[Location, str], None]) -> None:
        self.unsupported = unsupported

    def path(self, out: JsonObject, key: str, expr: Expr, default: Path, at: Location) -> None:
        """A path field, left out where it says nothing."""
        if expr == default:
            return
        if not isinstance(expr, Path):
            self.unsupported((*at, key), "a computed value where a path has to stand")
            return
        out[key] = self.text(expr, default.root, (*at, key))

    def text(self, expr: Expr, dollar: Root, at: Location) -> str:
        """The text of an expression; `$` if, told, there is none."""
        try:
            return expression_text(expr, dollar)
        except ValueError as error:
            self.unsupported(at, str(error))
            return "$"

    def template(self, out: JsonObject, key: str, expr: Expr, at: Location, *, dollar: Root = Root.SCOPE_LOCAL) -> None:
        """A payload template, or the path of all there is."""
        if isinstance(expr, Path):
            self.path(out, "InputPath", expr, SCOPE_LOCAL, at)
        elif is_template(expr):
            out[key] = self.data(expr, dollar, (*at, key))
        else:
            self.unsupported((*at, key), "a computed value where a template has to stand")

    def data(self, expr: Expr, dollar: Root, at: Location) -> Json:
        """The data of a template."""
        match expr:
            case Object(fields):
                out: JsonObject = {}
                for key, value in dict(fields).items():
                    if key.endswith(SUFFIX):
                        self.unsupported((*at, key), f"a key that ends in `{SUFFIX}`")
                    elif isinstance(value, Const | Object) or _is_plain_list(value):
                        out[key] = self.data(value, dollar, (*at, key))
                    else:
                        out[key + SUFFIX] = self.text(value, dollar, (*at, key))
                return out
            case List(items):
                return [self.data(item, dollar, (*at, n)) for n, item in enumerate(items)]
            case Const(value):
                if _has_suffix(value):
                    self.unsupported(at, f"a constant with a key that ends in `{SUFFIX}`")
                return value
            case _:
                return self.text(expr, dollar, at)

    def result(self, out: JsonObject, gives: Expr, at: Location) -> None:
        """ResultSelector, ResultPath and OutputPath."""
        match gives:
            case Path(Root.RESULT, ()):
                return
            case Path(Root.RESULT, _):
                out["OutputPath"] = self.text(gives, Root.RESULT, (*at, "OutputPath"))
            case Path(Root.SCOPE_LOCAL, ()):
                out["ResultPath"] = None
            case _ if (found := placed_value(gives)) is not None:
                names, value = found
                if value != RESULT:
                    out["ResultSelector"] = self.data(value, Root.RESULT, (*at, "ResultSelector"))
                out["ResultPath"] = self.result_path(names, at)
            case _:
                out["ResultSelector"] = self.data(gives, Root.RESULT, (*at, "ResultSelector"))

    def result_path(self, names: tuple[str, ...], at: Location) -> str:
        """The path of a key below others."""
        return self.text(Path(Root.INPUT, tuple(map(Key, names))), Root.INPUT, at)


def _is_plain_list(expr: Expr) -> bool:
    return isinstance(expr, List) and all(
        isinstance(item, Const | Object) or _is_plain_list(item) for item in expr.items
    )


def _has_suffix(value: Json) -> bool:
    if isinstance(value, dict):
        return any(key.endswith(SUFFIX) or _has_suffix(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_suffix, value))
