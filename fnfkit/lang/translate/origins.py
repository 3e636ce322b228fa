"""What is known of the data that reaches each state of a scope, before the scope is unfolded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fnfkit.model.expr import INPUT, SCOPE_LOCAL, Const, Expr, Merge, Object
from fnfkit.model.flow import Choice, Fail, Foreach, Parallel, Step, Succeed, Task

Keys = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Known:
    """`pristine`: it is the scope's own input, which nothing has replaced yet. `keys`: all keys it has, if known."""

    pristine: bool
    keys: Keys = None

    def met(self, other: Known) -> Known:
        """What is known where two ways meet."""
        alike = self.keys is not None and other.keys is not None and set(self.keys) == set(other.keys)
        return Known(self.pristine and other.pristine, self.keys if alike else None)


class Origins:
    """The states of a scope that are reached, each with what is known of its input. `begins` says that some state is
    reached both with and without the scope's own input, so that one place has to hold either from the beginning."""

    def __init__(self, states: tuple[Step, ...], start: Known) -> None:
        self._states = {state.name: state for state in states}
        names = [state.name for state in states]
        self._after: dict[str, str | None] = dict(zip(names, [*names[1:], None], strict=True))
        self.found = self._followed(names[0], start)
        ways = [(names[0], start)]
        for name, known in self.found.items():
            ways += self._ways(self._states[name], known)
        self.begins = not start.pristine or any(
            given.pristine and not self.found[goto].pristine for goto, given in ways
        )
        if self.begins:
            self.found = self._followed(names[0], Known(False, start.keys))

    def onward(self, state: Step) -> str | None:
        """The state after a state that is no Choice; None at the end of the scope."""
        if isinstance(state, Succeed | Fail) or state.end:
            return None
        return (None if isinstance(state, Choice) else state.next) or self._after[state.name]

    def ends(self) -> Iterator[tuple[Step, Keys]]:
        """The states at which the scope ends, and the keys of its output there."""
        for name, known in self.found.items():
            state = self._states[name]
            if not isinstance(state, Choice | Fail) and self.onward(state) is None:
                yield state, given(state, known).keys

    def _followed(self, first: str, start: Known) -> dict[str, Known]:
        found = {first: start}
        pending = [first]
        while pending:
            name = pending.pop()
            for goto, given in self._ways(self._states[name], found[name]):
                known = found[goto].met(given) if goto in found else given
                if found.get(goto) != known:
                    found[goto] = known
                    pending.append(goto)
        return found

    def _ways(self, state: Step, known: Known) -> Iterator[tuple[str, Known]]:
        if isinstance(state, Choice):
            arms = [*(option.arm for option in state.options), *([state.default] if state.default else [])]
            yield from ((arm.goto, given(state, known)) for arm in arms if arm.goto)
            return
        if (following := self.onward(state)) is not None:
            yield following, given(state, known)
        if isinstance(state, Task | Parallel | Foreach):
            own = taken(state, known)
            yield from ((entry.goto, _made(entry.gives or INPUT, own)) for entry in state.catch)


def taken(state: Step, raw: Known) -> Known:
    """What is known of a state's own input."""
    return raw if state.takes == SCOPE_LOCAL else Known(False, _keys(state.takes, SCOPE_LOCAL, raw.keys))


def given(state: Step, raw: Known) -> Known:
    """What is known of a state's output."""
    return _made(state.gives, taken(state, raw))


def _made(gives: Expr, own: Known) -> Known:
    return own if gives == INPUT else Known(False, _keys(gives, INPUT, own.keys))


def _keys(expr: Expr, whole: Expr, keys: Keys) -> Keys:
    match expr:
        case Object(fields):
            return tuple(dict(fields))
        case Const(dict() as value):
            return tuple(value)
        case Merge(parts):
            found = [_keys(part, whole, keys) for part in parts]
            return None if None in found else tuple(dict.fromkeys(key for part in found for key in part or ()))
        case _:
            return keys if expr == whole else None
