"""Waiting, failing and returning."""

from __future__ import annotations

import ast

from fnfkit.dsl import shapes
from fnfkit.dsl.assignments import Assignments
from fnfkit.dsl.code import FailDraft, Jump, ReturnDraft, Source, WaitDraft
from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.expressions import DISCARD
from fnfkit.dsl.names import pascal
from fnfkit.dsl.scope import Value
from fnfkit.dsl.shapes import Kind
from fnfkit.dsl.words import fail, wait
from fnfkit.model.expr import Const, Key

_LONGEST_WAIT = 172_800
_OUTPUT = "the output of a flow is an object, whose keys FDL lists one by one"
_OUTPUT_FIX = 'return {"key": value}, or give the value a type with fields: a dataclass or a TypedDict'


class Outcomes(Assignments):
    """Lowers the statements that are steps of their own."""

    def _expression(self, node: ast.Expr, value: ast.expr) -> bool:
        if isinstance(value, ast.Call):
            found = self._called(value)
            if found is wait:
                self._wait(value)
            elif found is fail:
                self._fail(value)
                return False
            else:
                self.call(value, DISCARD)
        elif isinstance(value, ast.ListComp):
            self.comprehension(value, DISCARD)
        elif not isinstance(value, ast.Constant):
            self.value(value)
            raise Complaint(node, "this computes nothing that anybody uses", "assign it, or remove it")
        return True

    def _wait(self, node: ast.Call) -> None:
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        if node.args:
            given["seconds"] = node.args[0]
        if len(given) != 1 or len(node.args) > 1 or not given.keys() <= {"seconds", "until"}:
            raise Complaint(node, "wait takes either seconds= or until=", "wait(seconds=10)")
        ((name, argument),) = given.items()
        value = self.value(argument)
        source = self._duration(argument, value) if name == "seconds" else self._instant(argument, value)
        seconds, until = (source, None) if name == "seconds" else (None, source)
        self.emit(WaitDraft(node=node, hint=_wait_name(value, name), seconds=seconds, until=until))

    def _duration(self, node: ast.expr, value: Value) -> Source:
        if value.parts is None:
            seconds = value.const
            if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= _LONGEST_WAIT:
                raise Complaint(node, "a wait is a whole number of seconds, at most 172800 (2 days)", "wait in a loop")
        elif value.shape.kind not in (Kind.NUMBER, Kind.ANY):
            raise Complaint(node, f"a wait is a number of seconds, and this is {value.shape}")
        return self.own(value, node)

    def _instant(self, node: ast.expr, value: Value) -> Source:
        if isinstance(value.const, str) and value.const.startswith("$"):
            raise Complaint(node, "FDL reads a text that begins like this as a path", '"2030-01-31T08:00:00Z"')
        if value.shape.kind not in (Kind.TEXT, Kind.ANY):
            raise Complaint(
                node, f"an instant is an RFC 3339 text, and this is {value.shape}", '"2030-01-31T08:00:00Z"'
            )
        return self.own(value, node)

    def _fail(self, node: ast.Call) -> None:
        given = dict(zip(("error", "cause"), node.args, strict=False))
        given |= {keyword.arg or "": keyword.value for keyword in node.keywords}
        if "error" not in given or not given.keys() <= {"error", "cause"} or len(node.args) > 2:
            raise Complaint(node, "fail takes the error and a cause", 'fail("JobFailed", "no result")')
        texts = {name: self._constant_text(argument) for name, argument in given.items()}
        self.emit_fail(node, texts["error"], texts.get("cause", ""))

    def emit_fail(self, node: ast.expr, error: str, cause: str) -> None:
        """A fail step, named after its error."""
        hint = pascal(error) if error else "Fail"
        self.emit(FailDraft(node=node, hint=hint, second=f"Fail{hint}", error=error, cause=cause))

    def _constant_text(self, node: ast.expr) -> str:
        value = self.constant(node)
        if value is None or value.parts is not None or not isinstance(value.const, str):
            raise Complaint(
                node, "a fail step has constant texts only", "log what varies in a function before it fails"
            )
        return value.const

    def _return(self, node: ast.Return, value: ast.expr | None) -> None:
        inline = self.frame.inline
        if inline is None:
            self.emit(ReturnDraft(node=node, hint=_return_name(value), fields=self._output(value)))
            return
        if value is not None and not (
            isinstance(value, ast.Constant) and value.value is None and inline.key == DISCARD
        ):
            found = self._into_result(value, inline.key)
            known = inline.shape
            inline.shape = found.shape if known is None else self.either(value, known, found.shape)
            inline.returned = True
        self.emit(Jump(inline.after))

    def _into_result(self, value: ast.expr, key: str) -> Value:
        if key != DISCARD:
            return self.into(value, key)
        return self.call(value, DISCARD) if isinstance(value, ast.Call) else self.value(value)

    def _output(self, node: ast.expr | None) -> dict[str, Source]:
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return {}
        written = self.object_fields(node)
        if written is not None:
            return {name: self.source(value) for name, value in self.kept_values(written).items()}
        value = self.into(node, self.result_key()) if isinstance(node, ast.Call) else self.value(node)
        if value.parts is None and isinstance(value.const, dict):
            return {name: Const(item) for name, item in value.const.items()}
        known = shapes.fields(value.shape)
        if value.shape.optional:
            raise Complaint(node, "the output of a flow is an object, and this may be None", "test it first")
        if known is None or not all(shape.sure for shape in known.values()):
            raise Complaint(node, _OUTPUT, _OUTPUT_FIX)
        return {name: self.source(Value((*(value.parts or ()), Key(name)), shape)) for name, shape in known.items()}


def _wait_name(value: Value, name: str) -> str:
    last = next((part.name for part in reversed(value.parts or ()) if isinstance(part, Key)), "")
    if name == "until":
        return f"WaitUntil{pascal(last)}"
    return f"Wait{pascal(last)}" if value.parts is not None else f"Wait{value.const}s"


def _return_name(value: ast.expr | None) -> str:
    match value:
        case ast.Name(id=name):
            return f"Return{pascal(name)}"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return f"Return{pascal(name)}"
        case None:
            return "Done"
        case _:
            return "ReturnResult"
