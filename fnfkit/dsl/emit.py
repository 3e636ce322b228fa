"""From drafts to the model: names are given, gotos and mappings become what the model holds, every step is marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from fnfkit.dsl.assemble import landing, steps_of
from fnfkit.dsl.code import (
    ArmsDraft,
    BranchDraft,
    DoneDraft,
    Draft,
    FailDraft,
    ForeachDraft,
    Handler,
    Label,
    ParallelDraft,
    PassDraft,
    ReturnDraft,
    Sequence,
    Source,
    TaskDraft,
    WaitDraft,
)
from fnfkit.dsl.errors import Node
from fnfkit.dsl.names import Names
from fnfkit.model.expr import EMPTY, EVERYTHING, RESULT, Expr, Key, Object, Path, Root
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Foreach,
    Parallel,
    Pass,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.problem import Location, Mark


@dataclass(slots=True)
class Emitter:
    """Turns sequences of drafts into steps. `outputs_differ` says that returns leave different outputs behind."""

    last: Node
    outputs_differ: bool
    names: Names = field(default_factory=Names)
    marks: dict[Location, Mark] = field(default_factory=dict)

    def steps(self, sequence: Sequence, at: Location) -> tuple[Step, ...]:
        """The steps of a sequence; `at` is the place of its first step's list."""
        drafts = steps_of(sequence, self.last, self.outputs_differ)
        for draft in drafts:
            self._name(draft)
        made = []
        for position, draft in enumerate(drafts):
            place = (*at, position)
            self.marks[place] = Mark(draft.node.lineno, draft.node.col_offset + 1)
            made.append(self._step(draft, place))
        return tuple(made)

    def _name(self, draft: Draft) -> None:
        draft.name = self.names.unique(draft.chosen or draft.hint, draft.second)

    def _step(self, draft: Draft, at: Location) -> Step:
        match draft:
            case TaskDraft():
                return self._task(draft)
            case BranchDraft():
                return self._branch(draft, at)
            case PassDraft():
                takes, gives = _used(draft.takes, draft.gives), _gives(draft.gives)
                return Pass(name=draft.name, takes=_takes(takes), gives=gives, end=draft.end)
            case WaitDraft():
                return Wait(
                    name=draft.name,
                    seconds=draft.seconds,
                    until=draft.until,
                    gives=_gives(draft.gives),
                    end=draft.end,
                )
            case ArmsDraft():
                return self._arms(draft, at)
            case ForeachDraft():
                return Foreach(
                    name=draft.name,
                    collection=draft.collection,
                    item=draft.item,
                    index=draft.index,
                    steps=self.steps(draft.body, (*at, "steps")),
                    gives=_gives(draft.gives, EMPTY),
                    end=draft.end,
                )
            case ParallelDraft():
                return self._parallel(draft, at)
            case FailDraft():
                return Fail(name=draft.name, error=draft.error, cause=draft.cause)
            case ReturnDraft():
                outputs = {key: Path(Root.INPUT, (Key(key),)) for key in draft.fields}
                return Succeed(name=draft.name, takes=_takes(draft.fields), gives=_gives(outputs))
            case _:
                assert isinstance(draft, DoneDraft)
                return Succeed(name=draft.name)

    def _task(self, draft: TaskDraft) -> Task:
        return Task(
            name=draft.name,
            target=draft.target,
            pattern=draft.pattern,
            params=draft.params,
            timeout=draft.limit,
            retry=draft.policies,
            catch=tuple(Catch(handler.errors, self._goto(handler.label)) for handler in draft.handlers),
            on_error=_on_error(draft.handlers),
            takes=Object(tuple(draft.takes.items())),
            gives=_gives(draft.gives, EMPTY),
            end=draft.end,
        )

    def _branch(self, draft: BranchDraft, at: Location) -> Choice:
        for position, option in enumerate(draft.options):
            self.marks[(*at, "choices", position)] = Mark(option.node.lineno, option.node.col_offset + 1)
        return Choice(
            name=draft.name,
            options=tuple(
                When(condition=option.condition, arm=Arm(goto=self._goto(option.label))) for option in draft.options
            ),
            default=Arm(goto=self._goto(draft.default)) if draft.default is not None else None,
            takes=_takes(draft.takes),
        )

    def _arms(self, draft: ArmsDraft, at: Location) -> Choice:
        options: list[When] = []
        default: Arm | None = None
        for condition, body in draft.arms:
            if condition is None:
                default = Arm(steps=self.steps(body, (*at, "default", "steps")))
            else:
                place = (*at, "choices", len(options), "steps")
                options.append(When(condition=condition, arm=Arm(steps=self.steps(body, place))))
        return Choice(
            name=draft.name, options=tuple(options), default=default, takes=_takes(draft.takes), end=draft.end
        )

    def _parallel(self, draft: ParallelDraft, at: Location) -> Parallel:
        branches = tuple(
            self.steps(branch, (*at, "branches", position, "steps")) for position, branch in enumerate(draft.branches)
        )
        return Parallel(name=draft.name, branches=branches, gives=_gives(draft.gives, EMPTY), end=draft.end)

    def _goto(self, label: Label) -> str:
        target = landing(label)
        assert target is not None, "every jump to the end lands on a step"
        return target.name


def _gives(gives: Mapping[str, Source], nothing: Expr = RESULT) -> Expr:
    return Object(tuple(gives.items())) if gives else nothing


def _takes(takes: Mapping[str, Source]) -> Expr:
    return Object(tuple(takes.items())) if takes else EVERYTHING


def _used(takes: Mapping[str, Source], gives: Mapping[str, Source]) -> dict[str, Source]:
    """An assignment that was overwritten before anybody looked needs no mapping."""
    roots = {source.parts[0] if source.parts else None for source in gives.values() if isinstance(source, Path)}
    return {key: source for key, source in takes.items() if None in roots or Key(key) in roots}


def _on_error(handlers: Iterable[Handler]) -> Expr | None:
    wants = {key: part for handler in handlers for part, key in handler.wants.items()}
    if not wants:
        return None
    return Object(tuple((key, Path(Root.RESULT, (Key(part),))) for key, part in wants.items()))


def output_of(fields: Mapping[str, Source]) -> Expr:
    """The flow's output from the fields of a return that every way shares: local is the flow's result by then."""
    return Object(tuple((key, _at_the_end(source)) for key, source in fields.items()))


def _at_the_end(source: Source) -> Source:
    if not isinstance(source, Path):
        return source
    match source.root:
        case Root.SCOPE_LOCAL:
            return Path(Root.RESULT, source.parts)
        case Root.SCOPE_INPUT:
            return Path(Root.INPUT, source.parts)
        case Root.CONTEXT | Root.INPUT | Root.RESULT:
            return source
        case _:
            assert_never(source.root)
