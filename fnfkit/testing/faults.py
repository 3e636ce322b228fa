"""Faults on purpose, at chosen points or by chance, all from one seed.

Every rule says what happens, to what, and when: `after` occasions pass first, then it happens `times` times (once
unless told otherwise), or with `rate` each time by chance. Chance is drawn per rule, so that adding one does not change
what the others do. Names may be `*` and other shell patterns.

cloud.faults.fail("ReserveHotel", times=2)                      # a step or a function fails before it does anything
cloud.faults.fail("ReserveHotel", after_effect=True)            # it does its work and its answer is lost
cloud.faults.duplicate_messages("jobs", rate=0.1)
cloud.faults.crash("CancelFlight", after_effect=True)           # the engine dies, and recovers

A fault whose name nothing had is told at the end of the test, which proved nothing; `optional=True` lets it pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from fnfkit.model.names import Target
from fnfkit.ports import Fault, ResourceThrottled
from fnfkit.testing.fault_rules import AT_COMMIT, Rule, missed
from fnfkit.testing.sources import names_of

Later: TypeAlias = Callable[[int, Callable[[], None]], None]
"""(milliseconds, action): has an action done so much later."""


class CannotWait(RuntimeError):
    """A delay was asked for where nobody can be kept waiting; the message says what to do."""


class NoAnswer(Fault):
    """A call of the API was lost, or its answer was: the caller cannot know which. Over HTTP the connection ends."""

    code = "NoAnswer"
    status = 0


@dataclass(slots=True)
class Faults:
    """The faults of a cloud. Without rules nothing is disturbed."""

    seed: int = 0
    rules: list[Rule] = field(default_factory=list)
    skews: dict[str, int] = field(default_factory=dict)
    """Milliseconds that the clocks of functions are ahead, by `service/function`, function, or `*`."""
    arm: Callable[[int, bool, Callable[[], None]], None] | None = None
    """Has the engine die at a coming commit; set by the cloud that these faults belong to, like `later`."""
    later: Later | None = None
    wait: Callable[[int], object] | None = None
    """Lets so many milliseconds pass, for callers of the API that have to wait."""
    served: bool = False
    """Whether callers come over HTTP."""
    crashes: bool = False
    """Whether the engine was told to die at a commit."""
    passed: set[str] = field(default_factory=set)
    """The names of what came by while there were rules."""

    # Calls of tasks

    def fail(
        self, what: str, error: str = "", *, cause: str = "injected", after_effect: bool = False, **when: Any
    ) -> Rule:
        """A step, its target, or an operation of the API (`StartExecution`, `SendMessage`) fails: before it has done
        anything, or after its effect. Without an error, tasks see what a dying function, or an unreachable service,
        looks like; callers of the API see `NoAnswer`."""
        return self._add("fail", what, when, error=error, cause=cause, after_effect=after_effect)

    def throttle(self, what: str, **when: Any) -> Rule:
        """Calls are refused because there are too many: FC.ResourceThrottled, MNS.QpsLimitExceeded, and for
        operations of the API the fault ResourceThrottled."""
        return self._add("throttle", what, when)

    def delay(self, what: str, seconds: float, **when: Any) -> Rule:
        """Calls of a step or target, or of an operation of the API, take longer: who calls the operation waits."""
        return self._add("delay", what, when, milliseconds=round(seconds * 1000))

    def duplicate(self, what: str, **when: Any) -> Rule:
        """A step's call reaches its target twice; the flow sees one answer."""
        return self._add("duplicate", what, when)

    def lose_answer(self, what: str, **when: Any) -> Rule:
        """A step's call takes effect and nothing is ever heard of it: only a timeout helps."""
        return self._add("lose", what, when)

    # Messages and callbacks

    def drop_messages(self, name: str = "*", **when: Any) -> Rule:
        """Messages to a queue or topic are accepted and never arrive."""
        return self._add("drop message", name, when)

    def delay_messages(self, name: str = "*", *, seconds: float, **when: Any) -> Rule:
        """They arrive late."""
        return self._add("delay message", name, when, milliseconds=round(seconds * 1000))

    def duplicate_messages(self, name: str = "*", **when: Any) -> Rule:
        """They arrive twice."""
        return self._add("duplicate message", name, when)

    def drop_callbacks(self, **when: Any) -> Rule:
        """Reports on task tokens are lost on their way; who reports gets `NoAnswer`."""
        return self._add("fail", "ReportTask*", when)

    def delay_callbacks(self, *, seconds: float, **when: Any) -> Rule:
        """Reports arrive late; who reports is answered at once, with event id 0."""
        return self._add("delay", "ReportTask*", when, milliseconds=round(seconds * 1000))

    def duplicate_callbacks(self, **when: Any) -> Rule:
        """Reports arrive twice."""
        return self._add("duplicate", "ReportTask*", when)

    # Machines

    def crash(self, what: str, *, after_effect: bool = False, **when: Any) -> Rule:
        """The engine dies when it is about to call a step or target, or right after the call took effect and before
        its answer is known; then it recovers, and calls again what was not answered."""
        return self._add("crash", what, when, after_effect=after_effect)

    def crash_at_commit(self, number: int, *, lost: bool = False, optional: bool = False) -> Rule:
        """The engine dies at one of the next commits of its store, counted from 1: right after it, or with `lost`
        instead of it; then it recovers."""
        if number < 1:
            raise ValueError(f"commits are counted from 1, so there is none with the number {number}")
        rule = self._add(AT_COMMIT, str(number), {"optional": optional})
        if self.arm is not None:
            self.crashes = True
            self.arm(number, lost, rule.meet)
        return rule

    def crash_worker(self, queue: str = "*", *, at: str = "handler", **when: Any) -> Rule:
        """A worker of the harness dies before its `handler`, before its `report`, or before it can `delete`."""
        if at not in ("handler", "report", "delete"):
            raise ValueError(f"a worker can die at handler, report or delete, not at {at!r}")
        return self._add(f"worker {at}", queue, when)

    def skew(self, function: str = "*", *, seconds: float, optional: bool = False) -> None:
        """The clocks of a function's machines are ahead by so much, or behind if it is negative."""
        self._add("skew", function, {"optional": optional})
        self.skews[function] = round(seconds * 1000)

    # What became of them

    @property
    def unmet(self) -> tuple[str, ...]:
        """What to say of each rule that is not optional and whose name nothing had that came by."""
        return tuple(missed(rule, self.passed) for rule in self.rules if not (rule.met or rule.optional))

    # What the cloud asks

    def on_call(self, step: str, target: Target) -> Rule | None:
        """What happens to the call of a task."""
        kinds = ("fail", "throttle", "delay", "duplicate", "lose", "crash")
        return self._strike(kinds, (step, *names_of(target)))

    def transit(self, kind: str, name: str) -> Sequence[int]:
        """How messages travel: how late each copy of one arrives."""
        rule = self._strike(("drop message", "delay message", "duplicate message"), (name,))
        match rule.kind if rule else "":
            case "drop message":
                return ()
            case "duplicate message":
                return (0, 0)
            case _:
                return (rule.milliseconds if rule else 0,)

    def on_worker(self, at: str, queue: str) -> bool:
        """Whether the worker of a queue dies now."""
        return self._strike((f"worker {at}",), (queue,)) is not None

    def skewed(self, name: str) -> int:
        """How far ahead the clocks are that a name was given for."""
        self._meeting(("skew",), (name,))
        return self.skews[name]

    def can_crash(self) -> bool:
        """Whether any rule has the engine die."""
        return self.crashes or any(rule.kind == "crash" for rule in self.rules)

    def serving(self) -> None:
        """Callers are about to come over HTTP. Raises `CannotWait` if a rule has them wait."""
        waits = [rule.name for rule in self.rules if rule.kind == "delay" and any(map(rule.means, _WAITED_FOR))]
        if waits:
            raise CannotWait(f"a served cloud cannot delay {waits[0]}: only calls of tasks, messages and reports")
        self.served = True

    def around(self, port: object) -> object:
        """A port whose operations are disturbed as the rules say, once."""
        return port if isinstance(port, Disturbed) else Disturbed(port, self)

    def on_operation(self, operation: str, do: Callable[[], Any]) -> Any:
        """Perform an operation of the API, disturbed as the rules say."""
        rule = self._strike(("fail", "throttle", "delay", "duplicate"), (operation,))
        if rule is None:
            return do()
        match rule.kind:
            case "throttle":
                raise ResourceThrottled("The request is throttled. Please try again later.")
            case "fail" if not rule.after_effect:
                raise NoAnswer(f"{operation}: {rule.cause}")
            case "delay" if operation not in _WAITED_FOR and self.later is not None:
                self.later(rule.milliseconds, lambda: _quietly(do))
                return 0
            case "delay" if self.served:
                raise CannotWait(f"a served cloud cannot delay {operation}: only calls of tasks, messages and reports")
            case "delay" if self.wait is not None:
                self.wait(rule.milliseconds)
        result = do()
        if rule.kind == "duplicate":
            _quietly(do)
        if rule.kind == "fail":
            raise NoAnswer(f"{operation}: {rule.cause}")
        return result

    def _strike(self, kinds: Sequence[str], names: Sequence[str]) -> Rule | None:
        if not self.rules:
            return None
        self.passed.update(names)
        return next((rule for rule in self._meeting(kinds, names) if rule.strikes()), None)

    def _meeting(self, kinds: Sequence[str], names: Sequence[str]) -> list[Rule]:
        """The rules that mean something of these names, which have met it whether they strike or not."""
        found = [rule for rule in self.rules if rule.kind in kinds and any(map(rule.means, names))]
        for rule in found:
            rule.meet()
        return found

    def _add(self, kind: str, name: str, when: dict[str, Any], **more: Any) -> Rule:
        unknown = when.keys() - {"times", "after", "rate", "optional"}
        if unknown:
            raise TypeError(f"a fault takes times=, after=, rate= and optional=, not {', '.join(sorted(unknown))}=")
        rate, after = float(when.get("rate", 1.0)), int(when.get("after", 0))
        times = when.get("times", 1 if rate >= 1 else None)
        if not 0 < rate <= 1 or after < 0 or (times is not None and times < 1) or more.get("milliseconds", 0) < 0:
            raise ValueError("a fault takes times= from 1, after= from 0, rate= up to 1, and seconds from 0")
        alike = sum((rule.kind, rule.name) == (kind, name) for rule in self.rules)
        random = Random(f"{self.seed}/{alike}/{kind}/{name}")  # noqa: S311
        rule = Rule(kind, name, times, after, rate, random, optional=bool(when.get("optional")), **more)
        self.rules.append(rule)
        return rule


def _quietly(do: Callable[[], Any]) -> None:
    try:
        do()
    except Fault:
        return


_OPERATIONS = frozenset(
    {
        *("start_execution", "stop_execution", "describe_execution", "get_execution_history"),
        *("report_task_succeeded", "report_task_failed", "send_message", "batch_send_message", "receive_message"),
        *("batch_receive_message", "delete_message", "change_message_visibility", "publish_message"),
    }
)


_WAITED_FOR = frozenset(
    operation.title().replace("_", "") for operation in _OPERATIONS if not operation.startswith("report_task_")
)
"""Operations that nobody can go on without the answer of."""


def undisturbed(port: object) -> object:
    """What is behind the faults."""
    return port._port if isinstance(port, Disturbed) else port


class Disturbed:
    """A port in front of another, which loses, delays and repeats operations as the rules of its cloud say."""

    def __init__(self, port: object, faults: Faults) -> None:
        self._port, self._faults = port, faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in _OPERATIONS:
            return found
        operation = name.title().replace("_", "")
        return lambda *args, **named: self._faults.on_operation(operation, lambda: found(*args, **named))
