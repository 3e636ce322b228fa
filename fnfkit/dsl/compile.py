"""Compiles a Python function to a flow: its source is read, lowered to drafts, put together and marked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fnfkit.dsl.assemble import EmptyLoop, blame
from fnfkit.dsl.callee import hints_of
from fnfkit.dsl.code import ArmsDraft, Item, PassDraft, ReturnDraft, Sequence, Source
from fnfkit.dsl.emit import Emitter, output_of
from fnfkit.dsl.errors import CompileError, Complaint
from fnfkit.dsl.names import pascal
from fnfkit.dsl.parts import assigned_names, statics_of
from fnfkit.dsl.scope import Frame, Value, Variable, no_path
from fnfkit.dsl.shapes import shape_of
from fnfkit.dsl.source import source_of
from fnfkit.dsl.statements import Statements
from fnfkit.dsl.statics import as_value
from fnfkit.model.expr import EMPTY, SCOPE_INPUT, Compare, Comparison, Const, Expr, Key, Path, Root
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Mark

_GIVEN = "input"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A flow, the file it was written in, and the line of every step by its location in the flow."""

    flow: Flow
    file: str
    marks: Mapping[Location, Mark]


def compile_flow(function: Callable[..., Json], timeout: int | None = None) -> Compiled:
    """Lower a Python function to a flow. CompileError lists everything that cannot be expressed."""
    text = source_of(function)
    frame = Frame(text, statics_of(function))
    work = Statements(frame)
    parameters = _Parameters(function, work)
    for name in frame.counts:
        work.keys.add(name)
        frame.bindings.setdefault(name, Variable(name))
    work.declare(text.node.body)
    alive = work.block(text.node.body)
    returns = _returns(work.sequence)
    if alive and any(item.fields for item in returns):
        work.complain(Complaint(text.node.body[-1], "the flow can end here without a result", "end it with return"))
    output = _output(work, returns)
    parameters.prepare()
    if work.diagnostics:
        raise CompileError(tuple(sorted(work.diagnostics, key=lambda found: (found.file, found.line, found.column))))
    emitter = Emitter(text.node.body[-1], outputs_differ=output is None)
    try:
        steps = emitter.steps(work.sequence, ("steps",))
    except EmptyLoop:
        complaint = blame(text.node)
        raise CompileError((text.diagnostic(complaint.node, complaint.reason, complaint.fix),)) from None
    keys = list(returns[0].fields) if returns else []
    gives = output if output is not None else output_of({key: Path(Root.SCOPE_LOCAL, (Key(key),)) for key in keys})
    flow = Flow(steps=steps, takes=SCOPE_INPUT, gives=gives, timeout=timeout)
    return Compiled(flow, text.file, emitter.marks)


def _returns(sequence: Sequence) -> list[ReturnDraft]:
    lines: list[list[Item]] = [sequence.code, *sequence.cold]
    found = [item for line in lines for item in line if isinstance(item, ReturnDraft)]
    return sorted(found, key=lambda item: item.node.lineno)


def _output(work: Statements, returns: list[ReturnDraft]) -> Expr | None:
    """The flow's outputMappings if all returns give the same, else None: then each return step gives its own."""
    if not returns:
        return EMPTY
    first = returns[0]
    for item in returns[1:]:
        if item.fields.keys() != first.fields.keys():
            keys = ", ".join(first.fields) or "nothing"
            reason = (
                f"this return gives {', '.join(item.fields) or 'nothing'}, the one in line {first.node.lineno} {keys}"
            )
            work.complain(Complaint(item.node, reason, "give the same keys everywhere, None for what is absent"))
    if all(item.fields == first.fields for item in returns):
        return output_of(first.fields)
    return None


class _Parameters:
    """The parameters of a flow: keys of its input, or of its local where there is a default or an assignment."""

    def __init__(self, function: Callable[..., Json], work: Statements) -> None:
        self._work = work
        self._node = work.frame.text.node
        self._defaults: dict[str, Value] = {}
        self._copies: list[str] = []
        frame = work.frame
        frame.counts = assigned_names(self._node.body)
        hints = hints_of(function)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                work.complain(Complaint(self._node, f"*{name}: the input of a flow has named keys", "name them"))
                continue
            work.keys.add(name)
            frame.bindings[name] = Variable(
                name, shape_of(hints.get(name)) if name in hints else None, self._node.lineno
            )
            frame.assign(name)
            self._place(name, parameter)

    def _place(self, name: str, parameter: inspect.Parameter) -> None:
        if parameter.default is not parameter.empty:
            value = as_value(parameter.default)
            if value is None or value.parts is not None:
                complaint = Complaint(self._node, f"the default of {name} has no JSON form", "use a constant")
                self._work.complain(complaint)
                return
            try:
                no_path(value.const, self._node)
            except Complaint as complaint:
                self._work.complain(complaint)
                return
            self._defaults[name] = value
        elif name in self._work.frame.counts:
            self._copies.append(name)
        else:
            return
        self._work.sequence.keys.add(name)

    def prepare(self) -> None:
        """Put in front of the steps what makes defaults and assigned parameters keys of local."""
        used = [name for name in self._defaults if self._used(name)]
        copies = [name for name in self._copies if self._used(name)]
        if not used and not copies:
            return
        takes: dict[str, Source] = {name: Path(Root.SCOPE_INPUT, (Key(name),)) for name in copies}
        gives: dict[str, Source] = {name: Const(self._defaults[name].const) for name in used}
        gives |= {name: Path(Root.INPUT, (Key(name),)) for name in copies}
        hint = "Defaults" if used else f"Set{''.join(map(pascal, copies[:3]))}"
        first: list[Item] = [PassDraft(node=self._node, hint=hint, takes=takes, gives=gives)]
        self._work.sequence.code[:0] = first + [self._given(name) for name in used]

    def _used(self, name: str) -> bool:
        binding = self._work.frame.bindings.get(name)
        return isinstance(binding, Variable) and binding.used

    def _given(self, name: str) -> ArmsDraft:
        """Equal to itself is what is there: a missing key makes a condition untrue, not an error (fdl.md 3.6)."""
        path = Path(Root.INPUT, (Key(_GIVEN), Key(name)))
        body = Sequence()
        body.code.append(PassDraft(node=self._node, hint=f"Take{pascal(name)}", gives={name: path}))
        return ArmsDraft(
            node=self._node,
            hint=f"Check{pascal(name)}Given",
            arms=[(Comparison(Compare.EQ, path, path), body)],
            takes={_GIVEN: SCOPE_INPUT},
        )
