"""Waits longer than one wait may be: a loop over several (cloudflow.md 2.5, 9)."""

from __future__ import annotations

from fnfkit.lang.translate.names import Names
from fnfkit.lang.translate.translation import OWN, OWN_INPUT, OWN_LOCAL, at, of_own
from fnfkit.model.expr import INPUT, SCOPE_LOCAL, Call, Compare, Comparison, Const, Expr, Object
from fnfkit.model.flow import Arm, Choice, Fail, Pass, Step, Wait, When

LONGEST = 300
"""Seconds of one wait (cloudflow.md 2.5)."""
LONGEST_TOGETHER = 172_800
"""Seconds of a wait in FDL (fdl.md 2.4)."""
LEFT = at(INPUT, "left")


def waiting(wait: Wait, takes: Expr, gives: Object, onward: str, *, names: Names) -> list[Step]:
    """The states of a wait of whole seconds."""
    match wait.seconds:
        case Const(int() as seconds) if not isinstance(seconds, bool) and 1 <= seconds <= LONGEST:
            return [Wait(name=wait.name, seconds=wait.seconds, takes=takes, gives=gives, next=onward)]
        case Const(0) | None:
            return [Pass(name=wait.name, takes=takes, gives=gives, next=onward)]
        case seconds:
            return _loop(wait.name, seconds, takes, gives, onward, names=names)


def _loop(name: str, seconds: Expr, takes: Expr, gives: Object, onward: str, *, names: Names) -> list[Step]:
    left, some = names.fresh(f"{name} left"), names.fresh(f"{name} some")
    less, rest = names.fresh(f"{name} less"), names.fresh(f"{name} rest")
    done, wrong = names.fresh(f"{name} done"), names.fresh(f"{name} impossible")
    # The sum refuses what is no whole number, as the wait itself does.
    counted = _with_left(Call("intAdd", (of_own(seconds), Const(0))))
    cause = f"a wait may last 0 to {LONGEST_TOGETHER} seconds"
    return [
        Pass(name=name, takes=takes, gives=counted, next=left),
        Choice(
            name=left,
            options=(
                _when(Compare.GT, LONGEST_TOGETHER, wrong),
                _when(Compare.LT, 0, wrong),
                _when(Compare.GT, LONGEST, some),
                _when(Compare.GE, 1, rest),
            ),
            default=Arm(goto=done),
            takes=SCOPE_LOCAL,
            gives=INPUT,
        ),
        Wait(name=some, seconds=Const(LONGEST), takes=SCOPE_LOCAL, gives=INPUT, next=less),
        Pass(name=less, takes=SCOPE_LOCAL, gives=_with_left(Call("intAdd", (LEFT, Const(-LONGEST)))), next=left),
        Wait(name=rest, seconds=LEFT, takes=SCOPE_LOCAL, gives=INPUT, next=done),
        Pass(name=done, takes=SCOPE_LOCAL, gives=gives, next=onward),
        Fail(name=wrong, error="FnF.RuntimeError", cause=cause, whole=True, takes=SCOPE_LOCAL),
    ]


def _with_left(value: Expr) -> Object:
    return Object((("input", OWN_INPUT), ("local", OWN_LOCAL), ("own", OWN), ("left", value)))


def _when(op: Compare, bound: int, goto: str) -> When:
    return When(condition=Comparison(op, LEFT, Const(bound)), arm=Arm(goto=goto))
