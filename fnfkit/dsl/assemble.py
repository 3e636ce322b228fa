"""From drafts to steps: labels become names, jumps disappear where they can, and every step is marked with its line.

Rules of the file. A jump to what follows anyway is dropped. A jump after a branch becomes its default, a jump to the
end makes the step before it the last (`end`). A branch that runs straight into another one takes over its options. A
jump to a branch repeats the branch, which saves a step per round of a loop. Any other becomes a choice that jumps.
"""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.dsl.code import (
    BranchDraft,
    DoneDraft,
    Draft,
    FailDraft,
    Item,
    Jump,
    Label,
    Landing,
    Option,
    ReturnDraft,
    Sequence,
    TaskDraft,
)
from fnfkit.dsl.errors import Complaint, Node
from fnfkit.model.expr import Const

_ENDS = (FailDraft, ReturnDraft)
_STOPS = (Jump, *_ENDS)
"""What nothing runs on from."""


def landing(label: Label) -> Draft | None:
    """The step a label leads to, through other labels; None is the end of the sequence."""
    trail = []
    at: Landing = label
    while isinstance(at, Label):
        trail.append(at)
        at = at.lands
    for passed in trail:
        passed.lands = at
    return at


def steps_of(sequence: Sequence, last: Node, outputs_differ: bool) -> list[Draft]:
    """The steps of a sequence in order. `last` is to blame for a step that only marks the end."""
    items = _reachable(_lines(sequence, outputs_differ))
    _land(items)
    _no_empty_loops(items)
    done = DoneDraft(node=last, hint="Done")
    kept = _drop_jumps(items)
    merged = _merge(kept)
    steps = _jump_steps(merged)
    _fall_off(steps)
    if any(landing(label) is None for step in steps for label in references(step)):
        _land_at(done, steps)
        steps.append(done)
    return steps


def references(step: Item) -> Iterator[Label]:
    """The labels a step may jump to."""
    match step:
        case BranchDraft(options=options, default=default):
            yield from (option.label for option in options)
            if default is not None:
                yield default
        case TaskDraft(handlers=handlers):
            yield from (handler.label for handler in handlers)
        case Jump(label=label):
            yield label
        case _:
            return


def _lines(sequence: Sequence, outputs_differ: bool) -> list[Item]:
    lines = [[*sequence.code, Jump(Label())], *sequence.cold]
    if not outputs_differ:
        lines = [[Jump(Label()) if isinstance(item, ReturnDraft) else item for item in line] for line in lines]
    return _laid_out(lines)


def _laid_out(lines: list[list[Item]]) -> list[Item]:
    """The lines behind each other; but one that comes back to a place nothing runs into stands right before it."""
    _land([item for line in lines for item in line])
    gaps: dict[int, tuple[int, int]] = {}
    for number, line in enumerate(lines):
        gaps |= _gaps(number, line)
    filled: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines[1:], 1):
        last = line[-1] if line else None
        gap = gaps.get(id(last.label)) if isinstance(last, Jump) else None
        if gap is not None and gap[0] < number and gap not in filled:
            filled[gap] = number
    placed = set(filled.values())
    items: list[Item] = []
    rest = [(number, 0) for number in reversed(range(len(lines))) if number not in placed]
    while rest:
        number, position = rest.pop()
        for at in range(position, len(lines[number])):
            if (inserted := filled.pop((number, at), None)) is not None:
                rest += [(number, at), (inserted, 0)]
                break
            items.append(lines[number][at])
    return items


def _gaps(number: int, line: list[Item]) -> dict[int, tuple[int, int]]:
    """Labels in front of which nothing runs on, each with the place of the gap."""
    gaps: dict[int, tuple[int, int]] = {}
    stopped: Item | None = None
    start = 0
    for position, item in enumerate(line):
        if isinstance(item, Label):
            if stopped is not None and not (isinstance(stopped, Jump) and landing(stopped.label) is landing(item)):
                gaps[id(item)] = (number, start)
            continue
        stopped = item if isinstance(item, _STOPS) else None
        start = position + 1
    return gaps


def _reachable(items: list[Item]) -> list[Item]:
    """A test that is constant leaves items behind that no way leads to."""
    position = {id(item): number for number, item in enumerate(items)}
    seen: set[int] = set()
    rest = [0]
    while rest:
        number = rest.pop()
        if number in seen or number >= len(items):
            continue
        seen.add(number)
        item = items[number]
        rest += [position[id(label)] for label in references(item) if id(label) in position]
        if not (isinstance(item, _STOPS) or _always_jumps(item)):
            rest.append(number + 1)
    return [item for number, item in enumerate(items) if number in seen]


def _land(items: list[Item]) -> None:
    following: Landing = None
    for item in reversed(items):
        if isinstance(item, Label):
            item.lands = following
        elif isinstance(item, Jump):
            following = item.label
        else:
            following = item


def _no_empty_loops(items: list[Item]) -> None:
    """A label that leads to itself is a loop without a step."""
    sound: set[int] = set()
    for item in items:
        trail: set[int] = set()
        at: Landing = item if isinstance(item, Label) else None
        while isinstance(at, Label) and id(at) not in sound:
            if id(at) in trail:
                raise EmptyLoop
            trail.add(id(at))
            at = at.lands
        sound |= trail


class EmptyLoop(Exception):
    """A loop without a single step."""


def _drop_jumps(items: list[Item]) -> list[Draft | Jump]:
    following: list[Draft | None] = []
    after: Draft | None = None
    for item in reversed(items):
        following.append(after)
        if isinstance(item, Jump):
            after = landing(item.label)
        elif isinstance(item, Draft):
            after = item
    following.reverse()
    kept: list[Draft | Jump] = []
    for item, fallthrough in zip(items, following, strict=True):
        if isinstance(item, Draft) or (isinstance(item, Jump) and not _absorbed(kept, item, fallthrough)):
            kept.append(item)
    return kept


def _absorbed(kept: list[Draft | Jump], jump: Jump, fallthrough: Draft | None) -> bool:
    before = kept[-1] if kept else None
    target = landing(jump.label)
    if isinstance(before, _STOPS) or target is fallthrough:
        return True
    if isinstance(before, BranchDraft):
        if before.default is None:
            before.default = jump.label
        return True
    if before is not None and before.end:
        return True
    if target is None and before is not None:
        before.end = True
        return True
    return False


def _merge(items: list[Draft | Jump]) -> list[Draft | Jump]:
    targets = {id(landing(label)) for item in items for label in references(item)}
    merged: list[Draft | Jump] = []
    for item in items:
        before = merged[-1] if merged else None
        if (
            isinstance(item, BranchDraft)
            and isinstance(before, BranchDraft)
            and before.default is None
            and id(item) not in targets
            and not before.takes
            and not item.takes
        ):
            before.options += item.options
            before.default = item.default
        else:
            merged.append(item)
    return merged


def _jump_steps(items: list[Draft | Jump]) -> list[Draft]:
    after: dict[int, Draft | Jump | None] = dict(zip(map(id, items), [*items[1:], None], strict=False))
    steps: list[Draft] = []
    seen: set[int] = set()
    for item in items:
        if isinstance(item, Draft):
            steps.append(item)
            seen.add(id(item))
            continue
        target = landing(item.label)
        node = steps[-1].node if steps else _node_of(target)
        if isinstance(target, BranchDraft):
            repeated = _again(target, after[id(target)])
            repeated.hint = f"{target.hint}Again" if id(target) in seen else target.hint
            steps.append(repeated)
        else:
            hint = f"GoTo{target.hint}" if target is not None else "GoToEnd"
            steps.append(BranchDraft(node=node, hint=hint, options=[_always(item.label, node)]))
    return steps


def _node_of(target: Draft | None) -> Node:
    if target is None:
        raise EmptyLoop
    return target.node


def _always(label: Label, node: Node) -> Option:
    return Option(condition=Const(True), label=label, node=node)


def _again(target: BranchDraft, after: Draft | Jump | None) -> BranchDraft:
    default = target.default
    if default is None:
        default = after.label if isinstance(after, Jump) else Label()
        if not isinstance(after, Jump):
            default.lands = after
    return BranchDraft(node=target.node, hint=target.hint, options=target.options, default=default, takes=target.takes)


def _always_jumps(item: Item) -> bool:
    if not isinstance(item, BranchDraft):
        return False
    return item.default is not None or item.options[0].condition == Const(True)


def _fall_off(steps: list[Draft]) -> None:
    """A default that leads to what follows anyway says nothing."""
    for step, after in zip(steps, [*steps[1:], None], strict=False):
        if isinstance(step, BranchDraft) and step.default is not None and landing(step.default) is after:
            step.default = None


def _land_at(done: DoneDraft, steps: list[Draft]) -> None:
    for step in steps:
        for label in references(step):
            if landing(label) is None:
                label.lands = done


def blame(node: Node) -> Complaint:
    """The complaint about a loop without steps."""
    return Complaint(node, "this loop never does anything and never ends", "call or wait inside it")
