"""The rule about keys that are written and overwritten before anybody reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fnfkit.lint.rule import Finding, Rule, Subject, flow_text, warn
from fnfkit.lint.tree import Sequence, expressions_of, flows_on, jumps_of, leaves, paths_in
from fnfkit.model.expr import EVERYTHING, Key, Object, Root
from fnfkit.model.flow import Fail, Step, Task, bodies
from fnfkit.model.problem import Severity

LOOK_AHEAD = 200
"""Steps that are looked at after a write; a key not overwritten within them counts as used."""


def overwritten(subject: Subject) -> Iterator[Finding]:
    """W14: an output that later steps overwrite on every way, unread."""
    if not subject.flow.accumulates:
        return
    for sequence in subject.sequences:
        writers = Counter(key for step in sequence.steps for key in _written(step))
        if any(count > 1 for count in writers.values()):
            yield from _in_sequence(_Uses(sequence), {key for key, count in writers.items() if count > 1})


def _in_sequence(uses: _Uses, shared: set[str]) -> Iterator[Finding]:
    for position, step, at in uses.sequence.places():
        if leaves(step) or not flows_on(step):
            continue
        for key, index in _written(step).items():
            if key in shared and (by := uses.overwriters(position, key)):
                message = f"`{key}` is overwritten by `{by[0]}` before anything reads it"
                fix = "drop the mapping, or give one of the two another name"
                yield warn("W14", (*at, "outputMappings", index, "target"), message, fix)


def _written(step: Step) -> dict[str, int]:
    """The keys a step's outputMappings write, with the position of the item that counts."""
    fields = step.gives.fields if isinstance(step.gives, Object) else ()
    return {target: index for index, (target, _) in enumerate(fields)}


class _Uses:
    """Who reads what in one sequence."""

    def __init__(self, sequence: Sequence) -> None:
        self.sequence = sequence
        self._positions = {step.name: at for at, step in enumerate(sequence.steps)}
        self._reads: dict[int, frozenset[str] | None] = {}

    def overwriters(self, position: int, key: str) -> list[str]:
        """The steps that overwrite the key on all ways on from a step; none if some way reads it or ends."""
        steps, by = self.sequence.steps, list[str]()
        todo, seen = self._next(position), set[int]()
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            if at >= len(steps) or len(seen) > LOOK_AHEAD or self._is_read(at, key):
                return []
            step = steps[at]
            is_written = key in _written(step)
            if is_written and not (isinstance(step, Task) and step.catch):
                by.append(step.name)
            elif isinstance(step, Fail):
                continue
            elif leaves(step) or is_written:  # a task that is caught may leave the key as it is
                return []
            else:
                todo += self._next(at)
        return by

    def _next(self, at: int) -> list[int]:
        steps = self.sequence.steps
        jumps = [self._positions.get(name, len(steps)) for name in jumps_of(steps[at])]
        return [*jumps, at + 1] if flows_on(steps[at]) else jumps

    def _is_read(self, at: int, key: str) -> bool:
        if at not in self._reads:
            self._reads[at] = _read(self.sequence.steps[at])
        keys = self._reads[at]
        return keys is None or key in keys


def _read(step: Step) -> frozenset[str] | None:
    """The keys of its scope's local that a step looks at; None for all of them."""
    everything = step.takes == EVERYTHING
    if everything and _hands_on(step):
        return None
    keys = set[str]()
    for expr, _ in expressions_of(step, ()):
        if expr is step.takes and everything:
            continue
        for path in paths_in(expr):
            if path.root is Root.SCOPE_LOCAL or (everything and path.root is Root.INPUT):
                if not path.parts or not isinstance(path.parts[0], Key):
                    return None
                keys.add(path.parts[0].name)
    return frozenset(keys)


def _hands_on(step: Step) -> bool:
    """Whether others see the whole input of the step: a called function, or steps inside it."""
    return isinstance(step, Task) or any(bodies(step))


RULES = (
    Rule(
        id="W14",
        title="key overwritten before it is used",
        severity=Severity.WARNING,
        source="fdl.md 3.1",
        explanation=(
            "All outputs of a sequence are merged into one local, where a later step overwrites an equal key. A key "
            "that is overwritten on every way before anything reads it was written for nobody, or two steps use "
            "one name for two things."
        ),
        check=overwritten,
        bad=flow_text("""
- type: pass
  name: Price
  outputMappings:
    - {target: amount, source: $input.price}
- type: pass
  name: Count
  outputMappings:
    - {target: amount, source: $input.count}
"""),
        good=flow_text("""
- type: pass
  name: Price
  outputMappings:
    - {target: price, source: $input.price}
- type: pass
  name: Count
  outputMappings:
    - {target: amount, source: $input.count}
"""),
    ),
)
