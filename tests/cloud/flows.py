"""Definitions the tests of the cloud run, and a cloud with functions for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store import Store
from fnfkit.ports import EventRecord

SAGA = (Path(__file__).parents[2] / "templates/transaction/flow.fdl.yml").read_text("utf-8")

PASS = """
version: v1
type: flow
steps:
  - type: pass
    name: Only
    outputMappings:
      - target: said
        source: $input.say
"""

EMPTY = """
version: v1
type: flow
steps:
  - type: pass
    name: Only
"""

WAIT = """
version: v1
type: flow
steps:
  - type: wait
    name: Nap
    duration: 10
"""

CALLBACK = """
version: v1
type: flow
steps:
  - type: task
    name: Ask
    resourceArn: acs:fc:::services/s/functions/ask
    pattern: waitForCallback
    inputMappings:
      - target: token
        source: $context.task.token
    catch:
      - errors: [Denied]
        goto: After
  - type: wait
    name: After
    duration: 1
"""

POLL = """
version: v1
type: flow
steps:
  - type: pass
    name: Init
    outputMappings:
      - target: n
        source: 0
  - type: wait
    name: Nap
    duration: 10
  - type: task
    name: Bump
    resourceArn: acs:fc:::services/s/functions/bump
  - type: choice
    name: Again
    choices:
      - condition: $.n < 3
        goto: Nap
"""

PARALLEL = """
version: v1
type: flow
steps:
  - type: parallel
    name: Both
    branches:
      - steps:
          - type: task
            name: L
            resourceArn: acs:fc:::services/s/functions/echo
          - type: wait
            name: LW
            duration: 5
      - steps:
          - type: wait
            name: RW
            duration: 5
          - type: task
            name: R
            resourceArn: acs:fc:::services/s/functions/echo
    outputMappings:
      - target: all
        source: $local[*]
  - type: foreach
    name: Each
    iterationMapping:
      collection: $.list
      item: x
      index: i
    steps:
      - type: task
        name: Scale
        resourceArn: acs:fc:::services/s/functions/scale
    outputMappings:
      - target: ys
        source: $local[*].y
"""


ERRORS = """
version: v1
type: flow
steps:
  - type: task
    name: Try
    resourceArn: acs:fc:::services/s/functions/busy
    timeoutSeconds: 20
    errorMappings:
      - {target: why, source: $local.error}
      - {target: what, source: $local.cause}
    retry:
      - errors: [Busy]
        intervalSeconds: 2
        maxIntervalSeconds: 3
        maxAttempts: 2
      - errors: [FnF.TaskTimeout]
        maxAttempts: 1
    catch:
      - {errors: [Busy, FC.Unknown, FnF.TaskTimeout, FnF.InvalidLocal], goto: After}
  - {type: succeed, name: Fine}
  - type: pass
    name: After
    inputMappings:
      - {target: reason, source: $local.why}
    outputMappings:
      - {target: reason, source: $input.reason}
"""

HURRY = """
version: v1
type: flow
timeoutSeconds: 7
steps:
  - {type: wait, name: First, duration: 5}
  - {type: wait, name: Second, duration: 5}
"""


class Busy(Exception):
    """What a function raises that has no time."""


def parent(pattern: str, child: str = "child") -> str:
    """A flow whose only step runs another flow."""
    return f"""
version: v1
type: flow
steps:
  - type: task
    name: Child
    resourceArn: acs:fnf:::flow/{child}
    pattern: {pattern}
    errorMappings:
      - target: error
        source: $local.error
      - target: cause
        source: $local.cause
    catch:
      - errors: [FnF.ALL]
        goto: End
    end: true
  - type: pass
    name: End
"""


class World:
    """A cloud with the functions of the definitions above, and a record of what they were called with."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        self.cloud = Cloud(store=store, **options)
        self.calls: list[str] = []
        self.tokens: list[str] = []
        stub = self.cloud.functions.stub
        stub("fnf-demo", "Operation", self._operate)
        stub("s", "ask", self._ask)
        stub("s", "busy", self._busy)
        stub("s", "slow", lambda event: event, latency=60)
        stub("s", "bump", lambda event: {"n": event["n"] + 1})
        stub("s", "echo", lambda event: {"got": sorted(event)})
        stub("s", "scale", lambda event: {"y": event["x"] * 10})

    def _operate(self, event: dict[str, Any]) -> dict[str, str]:
        operation = event["operation"]
        self.calls.append(operation)
        if event.get(operation) is False:
            raise SystemExit
        return {operation: "success", f"{operation}_txnID": f"{operation}-1"}

    def _busy(self, event: dict[str, Any]) -> Any:
        self.calls.append(event["mood"])
        match event["mood"]:
            case "busy":
                raise Busy
            case "crash":
                raise SystemExit
            case "odd":
                return ["no", "object"]
        return {"mood": event["mood"]}

    def _ask(self, event: dict[str, Any]) -> dict[str, str]:
        self.tokens.append(event["token"])
        return {}

    def run(self, definition: str, input: str = "{}", *, flow: str = "f", name: str = "e") -> str:
        """Creates the flow if it is new, runs it until idle, and tells the status."""
        if flow not in {record.name for record in self.cloud.flows.list_flows().items}:
            self.cloud.flows.create_flow(flow, definition)
        self.cloud.flows.start_execution(flow, name=name, input=input)
        self.cloud.run_until_idle()
        return self.cloud.flows.describe_execution(flow, name).status

    def history(self, flow: str = "f", name: str = "e") -> tuple[EventRecord, ...]:
        """All events of an execution."""
        return self.cloud.flows.get_execution_history(flow, name, limit=1000).items
