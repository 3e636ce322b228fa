"""What the compiler knows while it walks a function: bindings, places of values, keys, what is surely assigned."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from fnfkit.dsl.code import (
    BranchDraft,
    Draft,
    ForeachDraft,
    Handler,
    Item,
    Label,
    ParallelDraft,
    PassDraft,
    Sequence,
    Source,
    TaskDraft,
    WaitDraft,
)
from fnfkit.dsl.errors import Complaint, Diagnostic, Node
from fnfkit.dsl.names import pascal
from fnfkit.dsl.refs import context
from fnfkit.dsl.shapes import Shape
from fnfkit.dsl.source import Source as Text
from fnfkit.model.expr import Const, Key, Part, Path, Root, Slice, Wild
from fnfkit.model.json import Json


class Value(NamedTuple):
    """A value of the flow: a constant (`parts` is None), or a path whose first part is a key of local or input."""

    parts: tuple[Part, ...] | None
    shape: Shape
    const: Json = None
    context: bool = False


@dataclass(slots=True)
class Variable:
    """A Python variable: its key, and what it holds once something was assigned."""

    key: str
    shape: Shape | None = None
    line: int = 0
    used: bool = False
    declared: bool = False


@dataclass(slots=True)
class Static:
    """A parameter of a part that is bound to something known before the flow runs: a function, a queue, a class."""

    value: Json


@dataclass(slots=True)
class LambdaRef:
    """A lambda handed to a part, with the frame it was written in."""

    node: ast.Lambda
    frame: Frame


Binding: TypeAlias = Variable | Value | Static | LambdaRef | Handler


@dataclass(slots=True)
class Loop:
    """A loop around the current statement. `exits` holds what was surely assigned at each break."""

    top: Label
    after: Label
    mark: int
    exits: list[set[str]] = field(default_factory=list)
    broken: bool = False


@dataclass(slots=True)
class Inline:
    """Where the returns of an inlined part lead: the key for the result, and the label after the part."""

    key: str
    after: Label
    shape: Shape | None = None
    returned: bool = False


@dataclass(slots=True, eq=False)
class Frame:
    """One function being compiled: the flow's own, or a part's."""

    text: Text
    statics: Mapping[str, Json]
    bindings: dict[str, Binding] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    trail: list[str] = field(default_factory=list)
    """The order in which names became assigned, so that an arm's assignments can be taken back cheaply."""
    sure: set[str] = field(default_factory=set)
    """Names that a test around the current statement has shown not to be None."""
    loops: list[Loop] = field(default_factory=list)
    inline: Inline | None = None
    caller: Frame | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often each name is assigned."""
    at: Node = field(init=False)
    """The statement being lowered, to blame where nothing closer is known."""

    def __post_init__(self) -> None:
        self.at = self.text.node

    def assign(self, name: str) -> None:
        """From here on the name surely has a value."""
        if self.sure:
            self.sure = {text for text in self.sure if text != name and not text.startswith((f"{name}.", f"{name}["))}
        if name not in self.assigned:
            self.assigned.add(name)
            self.trail.append(name)

    def take_back(self, mark: int) -> set[str]:
        """Forget what was assigned since the mark, and say what that was."""
        names = set(self.trail[mark:])
        self.assigned -= names
        del self.trail[mark:]
        return names

    def join(self, ends: list[set[str]]) -> None:
        """After arms that came back together: only what all of them assigned is sure."""
        if ends:
            for name in sorted(set.intersection(*ends)):
                self.assign(name)


def no_path(constant: Json, node: Node) -> None:
    """Complain about a text that a mapping would take for a path."""
    if isinstance(constant, str) and _READS_AS_PATH.match(constant):
        raise Complaint(node, "FDL reads a text that begins like this as a path", "have a function give it")


class NotStatic(Exception):
    """The expression is not known before the flow runs."""


TOKEN = context.task.token.parts
"""Where a task step finds its token (fdl.md 3.7)."""
_WAY_OUT = "write context.task.token in the call that waits: as an argument, or as a key of the message itself"

_READS_AS_PATH = re.compile(r"\$(?:input|local|context)(?=[.\[]|\Z)")
"""fdl.md 3.4"""

MERGES = (TaskDraft, PassDraft, WaitDraft, ForeachDraft, ParallelDraft)
"""Steps whose outputMappings can take up an assignment that follows."""


class Scope:
    """The state of a compilation, and the moves that every part of it needs."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.sequence = Sequence()
        self.code: list[Item] = self.sequence.code
        self.keys: set[str] = set()
        self.item_keys: set[str] = set()
        self.diagnostics: list[Diagnostic] = []
        self.place: Node | None = None
        """The line that steps are marked with while a part of another file is inlined: that of its call."""
        self.naming = ""
        """What sets the calls made now apart: the item of a loop, the name a branch is for."""

    # -- names and keys

    def fresh(self, hint: str) -> str:
        """A key of local that nothing else uses."""
        key, number = hint, 2
        while key in self.keys:
            key, number = f"{hint}{number}", number + 1
        self.keys.add(key)
        return key

    def static_name(self, name: str) -> Json:
        """A global, an enclosing function's variable or a builtin. NotStatic if there is none."""
        if name in self.frame.statics:
            return self.frame.statics[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        raise NotStatic(name)

    def complain(self, complaint: Complaint) -> None:
        """Note a complaint and go on with the next statement."""
        source = self.frame.text
        self.diagnostics.append(source.diagnostic(complaint.node, complaint.reason, complaint.fix))

    # -- places

    def source(self, value: Value) -> Source:
        """A value as the source of a mapping into a step."""
        if value.parts is None:
            no_path(value.const, self.frame.at)
            return Const(value.const)
        if value.context:
            return Path(Root.CONTEXT, value.parts)
        first = value.parts[0]
        local = isinstance(first, Key) and first.name in self.sequence.keys
        return Path(Root.SCOPE_LOCAL if local else Root.SCOPE_INPUT, value.parts)

    def kept(self, value: Value, node: Node) -> Value:
        """A value that another step than a task looks up: the token a task has is that of no other step."""
        if value.context and value.parts == TOKEN:
            raise Complaint(node, "a step reads its own token, and this step is not the one that waits", _WAY_OUT)
        return value

    def own(self, value: Value, node: Node) -> Source:
        """A value as a step with the default input sees it, in conditions and waits (fdl.md 3.3)."""
        if value.parts is None:
            return Const(value.const)
        if value.context:
            raise Complaint(node, "a condition or a wait cannot read $context", "pass it to a function")
        return Path(Root.INPUT, value.parts)

    # -- emitting

    def emit(self, item: Item) -> None:
        """Add a step, a label or a jump to the line that is being written."""
        if self.place is not None and isinstance(item, Draft):
            item.node = self.place
            for option in item.options if isinstance(item, BranchDraft) else ():
                option.node = self.place
        self.code.append(item)

    def wrote(self, key: str) -> None:
        """The key is in the sequence's own local from here on."""
        self.keys.add(key)
        self.sequence.keys.add(key)

    def put(self, values: list[tuple[str, Value]], node: Node) -> None:
        """Assign values to keys at once: in the step before if it can, else in a pass step."""
        sources = [(key, self.source(self.kept(value, node))) for key, value in values]
        last = self.code[-1] if self.code else None
        if isinstance(last, MERGES) and (known := _all_through(last, sources)) is not None:
            if any(_reads(source, last.temporary) for _, source in sources):
                del last.gives[last.temporary]
            last.gives.update(known)
        elif isinstance(last, PassDraft) and last.names_itself and not _stuck(last, sources):
            _add(last, sources)
        else:
            step = PassDraft(node=node, hint="", names_itself=True)
            _add(step, sources)
            self.emit(step)
        self._name_after_keys()
        for key, _ in sources:
            self.wrote(key)

    def _name_after_keys(self) -> None:
        last = self.code[-1]
        if isinstance(last, PassDraft) and last.names_itself:
            last.hint = f"Set{''.join(pascal(key) for key in list(last.gives)[:3])}"

    @contextmanager
    def line(self, items: list[Item]) -> Iterator[list[Item]]:
        """Write into another line of the same sequence."""
        before, self.code = self.code, items
        try:
            yield items
        finally:
            self.code = before

    @contextmanager
    def inner(self, arm: bool = False) -> Iterator[Sequence]:
        """Write a sequence of its own: a branch, an iteration, an option's body."""
        before, code = self.sequence, self.code
        self.sequence = Sequence(arm=arm)
        self.code = self.sequence.code
        try:
            yield self.sequence
        finally:
            self.sequence, self.code = before, code

    @contextmanager
    def within(self, frame: Frame) -> Iterator[Frame]:
        """Compile something that was written in another function."""
        before, self.frame = self.frame, frame
        try:
            yield frame
        except Complaint as complaint:
            self.complain(complaint)
            raise Reported from complaint
        finally:
            self.frame = before


class Reported(Exception):
    """A complaint about another function's source; it has been noted already."""


def _through(step: Draft, source: Source) -> Source | None:
    """What a source is in terms of the step's own result, or None if the step does not know it."""
    if isinstance(source, Const):
        return source
    first = source.parts[0] if source.parts else None
    if source.root is not Root.SCOPE_LOCAL or not isinstance(first, Key) or first.name not in step.gives:
        return None
    known = step.gives[first.name]
    if isinstance(known, Path):
        further = source.parts[1:]
        # What follows [*] looks into every element, not into the list of what was found (fdl.md 3.5).
        if further and any(isinstance(part, Wild | Slice) for part in known.parts):
            return None
        return Path(known.root, known.parts + further)
    return known if len(source.parts) == 1 else None


def _all_through(step: Draft, sources: list[tuple[str, Source]]) -> dict[str, Source] | None:
    known: dict[str, Source] = {}
    for key, source in sources:
        if (through := _through(step, source)) is None:
            return None
        known[key] = through
    return known


def _reads(source: Source, key: str) -> bool:
    return isinstance(source, Path) and source.parts[:1] == (Key(key),) and source.root is Root.SCOPE_LOCAL


def _stuck(step: PassDraft, sources: list[tuple[str, Source]]) -> bool:
    """Whether a source looks into something that this very step gives and cannot look into."""
    return any(
        _through(step, source) is None and any(_reads(source, key) for key in step.gives) for _, source in sources
    )


def _add(step: PassDraft, sources: list[tuple[str, Source]]) -> None:
    known = [(key, source, _through(step, source)) for key, source in sources]
    for key, source, through in known:
        if through is not None:
            step.gives[key] = through
            continue
        taken = key if key not in step.takes else f"{key}{len(step.takes) + 1}"
        step.takes[taken] = source
        step.gives[key] = Path(Root.INPUT, (Key(taken),))
