"""One flow of the demonstration in all the languages it is kept in, and in what its runs are alike."""

from __future__ import annotations

import json as codec
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fnfkit.cli import assets, interpreting, running, wiring
from fnfkit.cli.blocks import Block, Heading, Line, Row, Table, Tone
from fnfkit.cli.files import read_text
from fnfkit.cli.moments import span
from fnfkit.cli.running import Outcome
from fnfkit.cli.sources import deploy_functions, read_object
from fnfkit.cloud.targets import TaskCall
from fnfkit.lang import asl
from fnfkit.model.json import Json, JsonObject

TEMPLATE, INPUT = "transaction", "input-hotel-fails.json"
TITLE = "One flow on all three languages: a transaction whose hotel has no room"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Language:
    """A language, the file that has the flow in it, and what runs it here."""

    name: str
    file: str
    runs: str


LANGUAGES = (
    Language("FDL v1", "flow.fdl.yml", "the embedded account"),
    Language("CloudFlow", "flow.cloudflow.yml", "the embedded account"),
    Language("Amazon States Language", "flow.asl.json", "the same engine"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A run of the flow in one language, with its calls in order."""

    language: Language
    outcome: Outcome
    calls: tuple[Json, ...]

    @property
    def compared(self) -> dict[str, Json]:
        """What must be the same in every language."""
        record = self.outcome.record
        return {
            "calls": list(self.calls),
            "status": record.status,
            "error": running.failure(self.outcome)[0],
            "output": running.parsed(record.output),
            "virtual time": self.outcome.cloud_time,
        }


def run_all() -> list[Told]:
    """Runs the flow in every language, each time on an account of its own."""
    return [_run(language) for language in LANGUAGES]


def _run(language: Language) -> Told:
    folder = assets.template(TEMPLATE)
    text = read_text(folder / language.file, "definition")
    given = read_object(f"@{folder / INPUT}", "input")
    calls: list[Json] = []

    def carry(call: TaskCall, deliver: Callable[[TaskCall], None]) -> None:
        calls.append([str(call.target), call.input])
        deliver(call)

    with wiring.embedded() as cloud:
        deploy_functions(cloud, assets.functions())
        cloud.targets.carry = carry
        reading = asl.read(text) if language.file.endswith(".asl.json") else None
        if reading is None or reading.flow is None:
            outcome = running.run_flow(cloud, text, given, name=TEMPLATE)
        else:
            outcome = interpreting.interpret(cloud, reading.flow, text, given, name=TEMPLATE)
    return Told(language, outcome, tuple(map(_numbered(), calls)))


def _numbered() -> Callable[[Json], Json]:
    """Replaces the ids that functions draw by the order in which they turn up, so that runs can be compared."""
    seen: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return seen.setdefault(match[0], f"id {len(seen) + 1}")

    return lambda call: codec.loads(_UUID.sub(number, codec.dumps(call)))


def deviations(runs: list[Told]) -> list[str]:
    """In what the runs are not alike."""
    first, *others = runs
    return [
        f"{what} in {other.language.name}: {found!s:.300}; in {first.language.name}: {first.compared[what]!s:.300}"
        for other in others
        for what, found in other.compared.items()
        if found != first.compared[what]
    ]


def blocks(runs: list[Told]) -> Iterator[Block]:
    """The runs side by side."""
    yield Heading(TITLE)
    yield Line(f"input {codec.dumps(running.parsed(runs[0].outcome.record.input))}")
    yield Table(
        ("language", "definition", ">lines", "run by", "status", "error", ">calls", ">virtual"),
        tuple(Row(_cells(told)) for told in runs),
    )
    for told in runs[:1]:
        for number, call in enumerate(told.calls, 1):
            yield Line(f"call {number}  {_called(call)}", Tone.QUIET)
    wrong = deviations(runs)
    for deviation in wrong:
        yield Line(deviation, Tone.BAD)
    if not wrong:
        yield Line("the same calls with the same input, the same end after the same time", Tone.GOOD)


def _cells(told: Told) -> tuple[str, ...]:
    language, outcome = told.language, told.outcome
    return (
        language.name,
        f"templates/{TEMPLATE}/{language.file}",
        str(len(outcome.record.definition.splitlines())),
        language.runs,
        outcome.record.status,
        running.failure(outcome)[0],
        str(len(told.calls)),
        span(outcome.cloud_time),
    )


def _called(call: Json) -> str:
    target, given = call
    return f"{target}  {codec.dumps(given)}"


def as_data(runs: list[Told]) -> list[JsonObject]:
    """The runs for scripts."""
    return [
        {
            "language": told.language.name,
            "definition": told.outcome.record.definition,
            **running.as_data(told.outcome),
            "calls": list(told.calls),
        }
        for told in runs
    ]
