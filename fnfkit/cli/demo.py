"""`fnfkit demo`: the documented flows on embedded accounts in virtual time, each compared with its documentation."""

from __future__ import annotations

import json as codec
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import click

from fnfkit.cli import assets, demo_languages, demo_messages, running, wiring
from fnfkit.cli.blocks import Block, Code, Heading, Line, Row, Table, Tone
from fnfkit.cli.files import read_text
from fnfkit.cli.moments import span
from fnfkit.cli.options import as_json
from fnfkit.cli.output import result, show
from fnfkit.cli.refusal import DONE, REFUSED
from fnfkit.cli.running import Outcome
from fnfkit.cli.sources import deploy_functions, read_object
from fnfkit.model.json import JsonObject
from fnfkit.ports import EventRecord

if TYPE_CHECKING:
    from fnfkit.cloud.cloud import Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run, and what the documentation says about it: status, seconds, and how often steps are entered."""

    title: str
    template: str
    input: str
    status: str
    seconds: float | None
    """None where the documentation names none, and real clients take part."""
    error: str = ""
    output: JsonObject | None = None
    entered: dict[str, int] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    alias: str = ""
    """Published before the run under this alias, with an instance kept ready."""
    report: tuple[str, str] | None = None
    """What is reported to the waiting task: ("", output) or (error, cause)."""
    before: Callable[[Cloud], None] | None = None
    """Makes what the flow needs outside."""
    meanwhile: Callable[[Cloud, EventRecord], None] | None = None
    """What happens outside once the flow waits for a report."""


CASES = (
    Case(
        title="Polling: a job of 20 s",
        template="poll",
        input="input.json",
        status="Succeeded",
        seconds=40,
        entered={"GetJobStatus": 4, "JobSucceeded": 1},
    ),
    Case(
        title="Polling: a job that takes too long",
        template="poll",
        input="input-slow-job.json",
        status="Failed",
        seconds=40,
        error="JobFailed",
        entered={"GetJobStatus": 4, "JobSucceeded": 0},
    ),
    Case(
        title="Transaction: every booking succeeds",
        template="transaction",
        input="input.json",
        status="Succeeded",
        seconds=0,
        entered={"OrderSucceeded": 1, "CancelFlight": 0, "CancelTrainTicket": 0},
        attempts={"ReserveHotel": 1},
    ),
    Case(
        title="Transaction: no room in the hotel",
        template="transaction",
        input="input-hotel-fails.json",
        status="Failed",
        seconds=7,
        error="OrderFailed",
        entered={"OrderSucceeded": 0, "CancelFlight": 1, "CancelTrainTicket": 1},
        attempts={"ReserveHotel": 4},
    ),
    Case(
        title="Callback: reported as done",
        template="callback",
        input="input.json",
        status="Succeeded",
        seconds=0,
        output={"s": "ok"},
        report=("", '{"status": "ok"}'),
    ),
    Case(
        title="Callback: reported as failed",
        template="callback",
        input="input.json",
        status="Failed",
        seconds=0,
        error="Denied",
        report=("Denied", "the application was turned down"),
    ),
    Case(
        title="Topic: a subscriber is pushed the message and reports",
        template="topic-callback",
        input="input.json",
        status="Succeeded",
        seconds=0,
        output={"status": "success"},
        before=demo_messages.subscribe,
    ),
    Case(
        title="Queue: a worker process does three tasks",
        template="queue-worker",
        input="input.json",
        status="Succeeded",
        seconds=None,
        output={"key": "value"},
        attempts={"Task_1": 1, "Task_2": 1, "Task_3": 1},
        before=demo_messages.make_queue,
        meanwhile=demo_messages.work,
    ),
    Case(
        title="Errors: busy twice, then fine",
        template="error-handling",
        input="input.json",
        status="Succeeded",
        seconds=30,
        output={"greeting": "hello busy twice"},
        attempts={"hello": 3},
    ),
    Case(
        title="Errors: always busy",
        template="error-handling",
        input="input-always-busy.json",
        status="Succeeded",
        seconds=70,
        entered={"final": 1},
        attempts={"hello": 4},
    ),
    Case(
        title="Errors: the process exits",
        template="error-handling",
        input="input-crash.json",
        status="Succeeded",
        seconds=0,
        entered={"final": 1},
        attempts={"hello": 1},
    ),
    Case(
        title="Errors: the step times out",
        template="error-handling",
        input="input-slow.json",
        status="Succeeded",
        seconds=60,
        entered={"final": 1},
        attempts={"hello": 1},
    ),
    Case(
        title="Versions: through an alias with an instance kept ready",
        template="versions",
        input="input.json",
        status="Succeeded",
        seconds=0,
        output={"success": True},
        alias="online",
    ),
    Case(
        title="Asynchronous calls: not waiting, waiting, waiting for a report",
        template="async-invocation",
        input="input.json",
        status="Succeeded",
        seconds=60,
        output={"done": True, "status": "ok"},
        report=("", '{"status": "ok"}'),
    ),
    Case(
        title="Asynchronous tasks: one that succeeds",
        template="async-tasks",
        input="input.json",
        status="Succeeded",
        seconds=30,
        entered={"InvokeFunction": 1},
    ),
    Case(
        title="Asynchronous tasks: one that fails four times",
        template="async-tasks",
        input="input-fails.json",
        status="Failed",
        seconds=123.5,
        error="JobFailed",
    ),
)


@click.command("demo")
@as_json
def demo(json: bool) -> int:
    """Run the documented flows in virtual time and compare them with their documentation.

    They are those of polling, transaction, callback, topic, queue, error handling, versions and asynchronous calls.
    One of them runs in all three languages: FDL, CloudFlow and Amazon States Language. Exit code 0 only if all end as
    documented, and alike in every language.
    """
    outcomes: list[tuple[Case, Outcome, list[str]]] = []
    shown: set[str] = set()
    for case in CASES:
        outcome = run_case(case)
        outcomes.append((case, outcome, deviations(case, outcome)))
        if not json:
            show(_case(case, outcome, with_definition=case.template not in shown))
            shown.add(case.template)
    languages = demo_languages.run_all()
    if not json:
        show(demo_languages.blocks(languages))
    good = not any(wrong for _, _, wrong in outcomes) and not demo_languages.deviations(languages)
    data = {"flows": [_data(*row) for row in outcomes], "languages": demo_languages.as_data(languages)}
    result(data, _summary(outcomes), as_json=json)
    return DONE if good else REFUSED


def run_case(case: Case) -> Outcome:
    """Run a case on an account of its own, so that no function is warm from another one."""
    folder = assets.template(case.template)
    definition = read_text(folder / "flow.fdl.yml", "definition")
    given = read_object(f"@{folder / case.input}", "input")
    with wiring.embedded() as cloud:
        deploy_functions(cloud, assets.functions())
        if case.alias:
            _publish(cloud, case.alias)
        if case.before:
            case.before(cloud)
        between = partial(_report, cloud, case.report) if case.report else None
        between = partial(case.meanwhile, cloud) if case.meanwhile else between
        return running.run_flow(cloud, definition, given, name=f"demo-{case.template}", between=between)


def _publish(cloud: Cloud, alias: str) -> None:
    service = next(function.service for function in cloud.functions.list())
    version = cloud.fc.publish_version(service, "").id
    cloud.fc.create_alias(service, "", alias, version)
    cloud.fc.put_provision(service, "provision", alias, 1)


def deviations(case: Case, outcome: Outcome) -> list[str]:
    """In what an outcome is not as documented."""
    record = outcome.record
    entered = Counter(event.step for event in outcome.events if event.type == "StepEntered")
    attempts = Counter(event.step for event in outcome.events if event.type == "TaskStarted")
    facts = [
        ("status", case.status, record.status),
        ("error", case.error, running.failure(outcome)[0]),
        *((f"entries of {step}", count, entered[step]) for step, count in case.entered.items()),
        *((f"attempts of {step}", count, attempts[step]) for step, count in case.attempts.items()),
    ]
    if case.seconds is not None:
        facts.append(("virtual time", f"{case.seconds:g} s", f"{outcome.cloud_time / 1000:g} s"))
    if case.output is not None:
        facts.append(("output", case.output, running.parsed(record.output)))
    return [f"{what} is {found}, documented is {wanted}" for what, wanted, found in facts if wanted != found]


def _report(cloud: Cloud, report: tuple[str, str], submitted: EventRecord) -> None:
    token = submitted.detail["output"]["taskToken"]
    error, text = report
    if error:
        cloud.flows.report_task_failed(token, error, text)
    else:
        cloud.flows.report_task_succeeded(token, text)


def _case(case: Case, outcome: Outcome, *, with_definition: bool) -> Iterator[Block]:
    path = f"templates/{case.template}/flow.fdl.yml"
    yield Heading(case.title)
    yield Line(f"definition {path}", Tone.QUIET)
    if with_definition:
        yield Code(outcome.record.definition, "yaml")
    yield Line(f"input {codec.dumps(running.parsed(outcome.record.input))}")
    yield from running.blocks(outcome)


def _summary(outcomes: list[tuple[Case, Outcome, list[str]]]) -> Iterator[Block]:
    yield Heading("Summary")
    yield Table(
        ("flow", "status", ">events", ">virtual", ">wall", "as documented"),
        tuple(
            Row(
                (
                    case.title,
                    outcome.record.status,
                    str(len(outcome.events)),
                    span(outcome.cloud_time),
                    f"{outcome.wall_time:.1f} ms",
                    "; ".join(wrong) or "yes",
                ),
                Tone.BAD if wrong else Tone.PLAIN,
            )
            for case, outcome, wrong in outcomes
        ),
    )
    wrong = sum(bool(deviation) for _, _, deviation in outcomes)
    if wrong:
        yield Line(f"{wrong} of {len(outcomes)} flows did not end as documented", Tone.BAD)
    else:
        yield Line("every flow ended as documented", Tone.GOOD)


def _data(case: Case, outcome: Outcome, wrong: list[str]) -> JsonObject:
    return {
        "title": case.title,
        "definition": outcome.record.definition,
        "input": running.parsed(outcome.record.input),
        **running.as_data(outcome),
        "deviations": wrong,
    }
