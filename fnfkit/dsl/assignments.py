"""Assignments: one variable, one key, one type."""

from __future__ import annotations

import ast
from contextlib import suppress

from fnfkit.dsl import shapes
from fnfkit.dsl.code import Jump, Label
from fnfkit.dsl.errors import Complaint, unsupported
from fnfkit.dsl.names import pascal
from fnfkit.dsl.parts import Parts, own_statements
from fnfkit.dsl.scope import Variable
from fnfkit.dsl.shapes import Kind, Shape, shape_of
from fnfkit.dsl.words import parallel

_DISPLAYS = (ast.Tuple, ast.List, ast.Dict)


class Assignments(Parts):
    """Lowers assignments."""

    def _assign(self, node: ast.Assign, targets: list[ast.expr], value: ast.expr) -> None:
        target = targets[0]
        if len(targets) > 1:
            raise Complaint(targets[1], "one assignment has one target here", "write one line for each name")
        if isinstance(target, ast.Name):
            self._assign_name(node, target, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(node, target.elts, value)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            fix = f"build a new object and assign it: {ast.unparse(target.value)} = ..."
            raise Complaint(target, "a value cannot be changed from inside: steps share it", fix)
        else:
            raise unsupported(target)

    def _assign_name(self, node: ast.stmt, target: ast.Name, value: ast.expr) -> None:
        variable = self._target(target)
        if isinstance(value, _DISPLAYS) and (constant := self.constant(value)) is not None:
            self.put([(variable.key, constant)], node)
            self._holds(target, variable, constant.shape)
            return
        found = self.into(value, variable.key)
        self._holds(target, variable, found.shape)

    def _target(self, target: ast.expr) -> Variable:
        binding = self.frame.bindings.get(target.id) if isinstance(target, ast.Name) else None
        if not isinstance(binding, Variable):
            raise Complaint(target, "this name cannot be assigned here", "use a name of its own")
        return binding

    def _holds(self, target: ast.Name, variable: Variable, shape: Shape) -> None:
        """Note what a variable holds: one type for the whole flow, as conditions are written for types."""
        self.frame.assign(target.id)
        if shape.kind is Kind.NULL and variable.shape is None and not variable.declared:
            shape = shapes.Shape(Kind.NULL, True)
        if variable.shape is None:
            variable.shape, variable.line = shape, target.lineno
            return
        known = variable.shape
        if known.kind is Kind.ANY or _fits(known, shape):
            return
        if shape.kind is Kind.ANY and variable.declared:
            return
        reason = f"{target.id} holds {known} from line {variable.line} on, and here {shape}"
        raise Complaint(target, reason, "use another name; for None too, declare it: x: str | None = ...")

    def _annotated(self, node: ast.AnnAssign) -> None:
        if not isinstance(node.target, ast.Name):
            raise Complaint(node.target, "a value cannot be changed from inside: steps share it", "assign a name")
        variable = self._target(node.target)
        shape = self._declare(variable, node)
        if node.value is not None:
            found = self.into(node.value, variable.key)
            self._holds(node.target, variable, found.shape)
            if shape.optional and not found.shape.optional and found.shape.kind is shape.kind:
                self.frame.sure.add(node.target.id)

    def declare(self, statements: list[ast.stmt]) -> None:
        """Take in what annotations say, which counts wherever they stand: an `else` is lowered before the handlers."""
        for node in own_statements(statements):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name)):
                    variable = self.frame.bindings.get(name)
                    if isinstance(variable, Variable) and variable.shape is None:
                        with suppress(Complaint):  # told when its turn comes
                            self._declare(variable, node)
                case _:
                    pass

    def _declare(self, variable: Variable, node: ast.AnnAssign) -> Shape:
        shape = self._annotation(node.annotation)
        variable.shape, variable.declared, variable.line = shape, True, node.lineno
        return shape

    def _annotation(self, node: ast.expr) -> Shape:
        try:
            names = {**self.frame.statics}
            return shape_of(eval(compile(ast.Expression(node), "annotation", "eval"), names))  # noqa: S307
        except Exception as error:
            raise Complaint(
                node, f"this annotation cannot be understood: {error}", "use a type of the module"
            ) from None

    def _unpack(self, node: ast.Assign, targets: list[ast.expr], value: ast.expr) -> None:
        variables = [self._target(target) for target in targets]
        if isinstance(value, ast.Call) and self._called(value) is parallel:
            self._unpack_parallel(node, targets, variables, value)
            return
        if not isinstance(value, ast.Tuple | ast.List):
            raise Complaint(value, "FDL unpacks the results of parallel(...) only", "assign it, and read its elements")
        if len(value.elts) != len(targets):
            raise Complaint(value, f"this gives {len(value.elts)} values to {len(targets)} names")
        values = []
        for item in value.elts:
            values.append(self.value(item))
            self.keep()
        self.put([(variable.key, found) for variable, found in zip(variables, values, strict=True)], node)
        for target, variable, found in zip(targets, variables, values, strict=True):
            assert isinstance(target, ast.Name)
            self._holds(target, variable, found.shape)

    def _unpack_parallel(
        self, node: ast.Assign, targets: list[ast.expr], variables: list[Variable], value: ast.Call
    ) -> None:
        if len(value.args) != len(targets):
            raise Complaint(value, f"this gives {len(value.args)} results to {len(targets)} names")
        results = self.unpacked(value, [variable.key for variable in variables])
        step = self.code[-1]
        assert not isinstance(step, Label | Jump)
        for target, variable, (source, shape) in zip(targets, variables, results, strict=True):
            assert isinstance(target, ast.Name)
            step.gives[variable.key] = source
            self.wrote(variable.key)
            self._holds(target, variable, shape)
        step.second = pascal("_".join(["parallel", *(variable.key for variable in variables[:3])]))


def _fits(known: Shape, shape: Shape) -> bool:
    if shape.kind is Kind.NULL:
        return known.optional
    if shape.optional and not known.optional:
        return False
    if known.annotation is None or shape.annotation is None or known.kind is Kind.LIST:
        return known.kind is shape.kind
    return known.kind is shape.kind and known.annotation == shape.annotation
