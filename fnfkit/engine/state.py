"""What an execution is in the middle of.

A *scope* is a sequence that runs: the flow's body, a branch, an iteration, or the body of a choice's arm. A *run* is
one step that has been entered and not yet exited. A scope holds at most one run (`active`), and a container's run
holds scopes, so that the two together are the tree of what is going on.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from fnfkit.engine.nodes import ArmNode, ChoiceNode, ForeachNode, Node, ParallelNode, TaskNode
from fnfkit.engine.program import Sequence
from fnfkit.engine.sizes import EMPTY_WEIGHT
from fnfkit.engine.tokens import TokenState
from fnfkit.model.json import Json, JsonObject

EMPTY: JsonObject = {}
"""The shared empty object; like every value, never changed in place."""


class Scope:
    """A running sequence. `last` is the id of its latest event, which schedules its next one (fdl.md 6.3)."""

    __slots__ = (
        "active",
        "cancelled",
        "input",
        "input_weight",
        "item",
        "last",
        "local",
        "local_weight",
        "merged",
        "nodes",
        "owner",
        "place",
        "position",
    )

    def __init__(self, nodes: Sequence, input: Json, input_weight: int, last: int, *, owner: Owner | None) -> None:
        self.nodes = nodes
        self.position = 0
        self.input = input
        self.input_weight = input_weight
        self.local: Json = EMPTY
        self.local_weight = EMPTY_WEIGHT
        self.merged: JsonObject | None = None
        """The default step input, kept while the local stays as it is."""
        self.last = last
        self.owner = owner
        self.item: JsonObject | None = None
        """Index and value of the iteration, in a flow that replaces."""
        self.place = 0
        """Which branch or iteration of its owner this is."""
        self.active: Run | None = None
        self.cancelled = False


class Run:
    """A step under way: where it stands, the id of its StepEntered, its mapped input and the weight of that."""

    __slots__ = ("entered", "input", "node", "scope", "weight")

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node = node
        self.scope = scope
        self.entered = scope.last
        self.input: Json = EMPTY
        self.weight = EMPTY_WEIGHT


class Pause(Run):
    """A wait step that waits for its timer."""

    __slots__ = ("timer",)
    timer: int


class Nest(Run):
    """A choice that runs the body of an arm."""

    __slots__ = ("arm", "inner")
    node: ChoiceNode
    arm: ArmNode
    inner: Scope


class Fork(Run):
    """A parallel or foreach step under way.

    `results` has a place per branch; `running` holds the scopes that have begun and not ended, by place.
    """

    __slots__ = (
        *("attempt", "begun", "cancelled", "failure", "items", "queued", "results", "results_weight", "retries"),
        *("running", "started", "timer"),
    )
    node: ParallelNode | ForeachNode

    def __init__(self, node: ParallelNode | ForeachNode, scope: Scope) -> None:
        super().__init__(node, scope)
        self.attempt = 0
        self.retries: list[int] | None = None
        self.timer = 0
        """The back-off before all branches run again; 0 while there is none."""
        self.items: list[Json] | None = None
        """The collection of a foreach."""
        self.results: list[Json] = []
        self.results_weight = EMPTY_WEIGHT
        self.running: dict[int, Scope] = {}
        self.begun = 0
        self.started = 0
        """Id of the StepStarted, which schedules the first event of every branch."""
        self.queued = False
        """Whether the agenda already holds this fork, to begin its next branch."""
        self.failure: tuple[str, Json] | None = None
        self.cancelled = False


class TaskRun(Run):
    """A task under way. `attempt` counts from 0, so it is the history's retryCount.

    `call` and `timer` are 0 while there is none; between two attempts `timer` is the back-off.
    """

    __slots__ = ("accepted", "attempt", "call", "params", "retries", "sent", "timeout", "timer", "token", "token_state")
    node: TaskNode

    def __init__(self, node: TaskNode, scope: Scope) -> None:
        super().__init__(node, scope)
        self.params: JsonObject | None = None
        self.timeout = node.timeout
        self.sent: Json = EMPTY
        """What the target is given, where that is not the step's input."""
        self.attempt = 0
        self.retries: list[int] | None = None
        """Retries used, per policy (inferred, fdl.md 4.6)."""
        self.call = 0
        self.timer = 0
        self.accepted = False
        self.token = ""
        self.token_state = TokenState.SUPERSEDED


Owner: TypeAlias = Nest | Fork


class Spent(NamedTuple):
    """What is remembered of a task's tokens once it has ended: its last attempt and how that attempt's token ended."""

    attempt: int
    state: TokenState


class Alarm(NamedTuple):
    """A timer that is set, and who waits for it."""

    due: int
    run: Pause | TaskRun | Fork
