"""`fnfkit start`, `executions`, `history` and `stop`: the runs of a flow."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from fnfkit.cli import events
from fnfkit.cli.blocks import Block, Facts, Line, Row, Table, Tone, tone_of_status
from fnfkit.cli.following import duration, every, history, waiting
from fnfkit.cli.moments import span, stamp
from fnfkit.cli.options import as_json, connection, input_object
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED
from fnfkit.cli.sources import read_object
from fnfkit.cli.wiring import remote
from fnfkit.model.json import JsonObject
from fnfkit.ports.flows import EventRecord, ExecutionRecord, Flows

LONG_POLL = 60
"""Seconds the service holds one request open at most (api-fnf.md 4)."""


@click.command("start")
@click.argument("flow", help="Name of the flow.")
@input_object
@click.option("--name", help="Name of the execution; generated if left out.")
@click.option("--wait", type=click.IntRange(min=0), default=0, help="Seconds to wait for its end.")
@connection
@as_json
def start(
    flow: str,
    input: str,
    name: str | None,
    wait: int,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Start an execution of a flow.

    With --wait the exit code is 1 unless it has succeeded within that time.
    """
    given = read_object(input, "input")
    flows = remote(endpoint, region, profile)
    execution = flows.start_execution(flow, name=name, input=given)
    if wait:
        progress(f"waiting for {execution.name}")
        execution = _follow(flows, execution, wait)
    result(_data(execution), _facts(execution), as_json=json)
    return DONE if not wait or execution.status == "Succeeded" else REFUSED


@click.command("executions")
@click.argument("flow", help="Name of the flow.")
@click.option("--status", help="Running, Succeeded, Failed, Stopped or TimedOut.")
@click.option("--prefix", help="What the names start with.")
@connection
@as_json
def executions(
    flow: str,
    status: str | None,
    prefix: str | None,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """List the executions of a flow."""
    flows = remote(endpoint, region, profile)
    records = every(lambda token: flows.list_executions(flow, next_token=token, status=status, name_prefix=prefix))
    rows = tuple(
        Row((run.name, run.status, stamp(run.started), _span(run)), tone_of_status(run.status)) for run in records
    )
    table = Table(("name", "status", "started", ">duration"), rows)
    result([_data(run) for run in records], [table if rows else Line("no executions", Tone.QUIET)], as_json=json)
    return DONE


@click.command("history")
@click.argument("flow", help="Name of the flow.")
@click.argument("execution", help="Name of the execution.")
@connection
@as_json
def show_history(flow: str, execution: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Show the event history of an execution."""
    flows = remote(endpoint, region, profile)
    found = history(flows, flow, execution)
    record = flows.describe_execution(flow, execution)
    data = {**_data(record), "events": [events.as_data(event) for event in found]}
    result(data, [events.table(found), *_facts(record), *_tokens(found, record)], as_json=json)
    return DONE


@click.command("stop")
@click.argument("flow", help="Name of the flow.")
@click.argument("execution", help="Name of the execution.")
@click.option("--error", default="", show_default=False, help="Error name to end it with.")
@click.option("--cause", default="", show_default=False, help="Why it is stopped.")
@connection
@as_json
def stop(
    flow: str,
    execution: str,
    error: str,
    cause: str,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Stop a running execution."""
    record = remote(endpoint, region, profile).stop_execution(flow, execution, error=error, cause=cause)
    result(_data(record), _facts(record), as_json=json)
    return DONE


def _follow(flows: Flows, execution: ExecutionRecord, seconds: int) -> ExecutionRecord:
    deadline = time.monotonic() + seconds
    while not execution.ended and (left := deadline - time.monotonic()) > 0:
        wait = max(1, min(LONG_POLL, round(left)))
        execution = flows.describe_execution(execution.flow, execution.name, wait_seconds=wait)
    return execution


def _facts(record: ExecutionRecord) -> list[Block]:
    facts = {
        "execution": record.name,
        "status": record.status or "Starting",
        "started": stamp(record.started),
        "duration": _span(record) if record.stopped else "",
        "input": record.input,
        "output": record.output,
    }
    tones = {"status": tone_of_status(record.status)}
    return [Facts(tuple((name, value, tones.get(name, Tone.PLAIN)) for name, value in facts.items() if value))]


def _tokens(found: list[EventRecord], record: ExecutionRecord) -> Iterator[Block]:
    """The tokens an execution still waits for, in full: somebody has to report them."""
    for event, token in [] if record.ended else waiting(found):
        yield Line(f"step {event.step} waits for a report: fnfkit tasks succeed {token} --output '{{}}'")


def _span(record: ExecutionRecord) -> str:
    return span(duration(record, record.stopped)) if record.stopped is not None else ""


def _data(record: ExecutionRecord) -> JsonObject:
    return {
        "flow": record.flow,
        "name": record.name,
        "status": record.status,
        "input": events.parse(record.input) if record.input else None,
        "output": events.parse(record.output) if record.output else None,
        "started": stamp(record.started),
        "stopped": stamp(record.stopped),
    }
