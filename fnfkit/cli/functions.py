"""`fnfkit functions ...`: the functions of an account."""

from __future__ import annotations

import json as codec
from dataclasses import asdict

import click

from fnfkit.cli.blocks import Block, Facts, Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.moments import stamp
from fnfkit.cli.options import as_json, connection
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED
from fnfkit.cli.sources import read_object
from fnfkit.cli.wiring import function_logs, remote_functions
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.functions import FunctionRecord, Functions, Invoked, InvokeOptions

app = click.Group("functions", help="The functions of an account.", no_args_is_help=True)

_PAGE = 100


@app.command()
@click.option("--service", default="", show_default=False, help="Only those of a service.")
@connection
@as_json
def ls(service: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """List the functions: those of every service, then those without one."""
    found: list[FunctionRecord] = []
    with_services = remote_functions(endpoint, region, profile, service or "any")
    names = [service] if service else [one.name for one in every(lambda t: with_services.list_services(next_token=t))]
    for name in names:
        found += _all(with_services, name)
    if not service:
        found += _all(remote_functions(endpoint, region, profile, ""), "")
    rows = tuple(
        Row((f.service, f.name, f.runtime, f.handler, f"{f.timeout} s", f"{f.memory} MB", stamp(f.modified)))
        for f in found
    )
    table = Table(("service", "function", "runtime", "handler", ">timeout", ">memory", "modified"), rows)
    result([asdict(one) for one in found], [table if rows else Line("no functions", Tone.QUIET)], as_json=json)
    return DONE


@app.command()
@click.argument("function", help="Name of the function.")
@click.option("--service", default="", show_default=False, help="Its service; none for a function of FC 3.")
@click.option("--qualifier", default="", show_default=False, help="A version or an alias; the newest code if empty.")
@click.option("--event", default="{}", help="The event as a JSON object, @FILE, or - for standard input.")
@click.option("--async", "asynchronous", is_flag=True, help="Have it queued instead of waiting for its answer.")
@click.option("--task", default="", show_default=False, help="With --async: make it a task with this id.")
@connection
@as_json
def invoke(
    function: str,
    service: str,
    qualifier: str,
    event: str,
    asynchronous: bool,
    task: str,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Call a function, and print what it answers; its log goes to standard error.

    Exit code 1 if the function failed.
    """
    payload = read_object(event, "event").encode()
    options = InvokeOptions(
        qualifier=qualifier,
        asynchronous=asynchronous or bool(task),
        task_id=task,
        stateful=bool(task),
        tail=not asynchronous,
    )
    answer = remote_functions(endpoint, region, profile, service).invoke(service, function, payload, options)
    if answer.log:
        progress(answer.log)
    result(_data(answer, task), _shown(answer, options), as_json=json)
    return REFUSED if answer.error_type else DONE


@app.command()
@click.argument("function", default="", help="Name of the function; all if none is named.")
@click.option("--service", default="", show_default=False, help="Only of a service.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=100, help="How many lines, the last ones.")
@connection
@as_json
def logs(function: str, service: str, limit: int, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Show what functions of an embedded account have logged last. (The real service hands logs to the Log Service.)"""
    lines = function_logs(endpoint, region, profile).logs(service, function, limit)
    shown: list[Block] = [Line(f"{stamp(line['time'])} {line['function']}: {line['text']}") for line in lines]
    result(
        [{**line, "time": stamp(line["time"])} for line in lines],
        shown or [Line("no lines", Tone.QUIET)],
        as_json=json,
    )
    return DONE


def _all(functions: Functions, service: str) -> list[FunctionRecord]:
    return every(lambda token: functions.list_functions(service, limit=_PAGE, next_token=token))


def _data(answer: Invoked, task: str) -> JsonObject:
    accepted = {"task_id": answer.task_id or task} if answer.task_id or task else {}
    return {
        "request_id": answer.request_id,
        "payload": _parsed(answer.payload),
        "error_type": answer.error_type,
        "version": answer.version,
        "duration_ms": answer.duration,
        "memory_mb": answer.memory,
        **accepted,
    }


def _shown(answer: Invoked, options: InvokeOptions) -> list[Block]:
    if options.asynchronous:
        facts = [("accepted as", answer.request_id, Tone.GOOD)]
        return [Facts((*facts, ("task", options.task_id, Tone.PLAIN)) if options.task_id else tuple(facts))]
    return [Line(answer.payload.decode("utf-8", "replace"), Tone.BAD if answer.error_type else Tone.PLAIN)]


def _parsed(payload: bytes) -> Json:
    try:
        return codec.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
