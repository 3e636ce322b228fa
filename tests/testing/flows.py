"""Flows that the tests of the harness share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fnfkit import App, elsewhere, wait

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FUNCTIONS = ROOT / "functions"
PRINTED = ROOT / "tests" / "data" / "printed"

POLL = TEMPLATES / "poll" / "flow.fdl.yml"
TRANSACTION = TEMPLATES / "transaction" / "flow.fdl.yml"
CALLBACK = TEMPLATES / "callback" / "flow.fdl.yml"
BOOKED = {"buy_train_ticket_result": True, "reserve_flight_result": True, "reserve_hotel_result": True}

ASK = """
version: v1
type: flow
steps:
  - type: task
    name: Ask
    resourceArn: acs:mns:::/queues/jobs/messages
    pattern: waitForCallback
    inputMappings:
      - {target: task_token, source: $context.task.token}
      - {target: key, source: $input.key}
    serviceParams: {MessageBody: $, Priority: 1}
    timeoutSeconds: 600
"""

CALL = """
version: v1
type: flow
steps:
  - type: task
    name: Call
    resourceArn: acs:fc:::services/s/functions/f
    timeoutSeconds: 30
    retry: [{errors: [FC.ResourceThrottled, FnF.TaskTimeout], intervalSeconds: 1, maxAttempts: 2}]
    catch: [{errors: [FC.Unknown], goto: Recovered}]
  - {type: succeed, name: Done}
  - {type: pass, name: Recovered}
"""

EVERYTHING = """
version: v1
type: flow
timeoutSeconds: 900
steps:
  - type: task
    name: Fetch
    resourceArn: acs:fc:::services/s/functions/fetch
    timeoutSeconds: 5
    retry:
      - {errors: [FC.ResourceThrottled], maxAttempts: 1}
      - {errors: [FnF.TaskTimeout], maxAttempts: 1}
    catch:
      - {errors: [FC.Unknown], goto: Sorry}
      - {errors: [FnF.ALL], goto: Worse}
  - type: choice
    name: Kind
    choices:
      - condition: $.kind == "a"
        steps:
          - {type: pass, name: InA}
      - condition: $.kind == "b"
        goto: Each
  - type: parallel
    name: Both
    branches:
      - steps: [{type: pass, name: Left}]
      - steps: [{type: pass, name: Right}]
  - type: foreach
    name: Each
    iterationMapping: {collection: $.items, item: item}
    steps:
      - {type: pass, name: One}
  - {type: succeed, name: Fine}
  - {type: fail, name: Sorry, error: Sorry}
  - {type: pass, name: Worse, end: true}
"""
"""Its arms, counted by hand: see test_coverage."""

app = App("harness", service="harness")


@dataclass
class Priced:
    price: int


@app.function
def price(item: str) -> Priced:
    elsewhere()


@app.function
def doubled(price: int) -> Priced:
    return Priced(2 * price)


@app.flow
def quote(item: str) -> Priced:
    found = price(item=item)
    wait(seconds=5)
    if found.price > 10:
        found = doubled(price=found.price)
    return found
