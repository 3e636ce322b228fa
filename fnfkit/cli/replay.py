"""`fnfkit replay`: a recorded history against a flow."""

from __future__ import annotations

from pathlib import Path

import click

from fnfkit.cli import events
from fnfkit.cli.blocks import Block, Line, Tone
from fnfkit.cli.files import read_text
from fnfkit.cli.flow_source import flow_named
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.model.json import Json
from fnfkit.ports import EventRecord
from fnfkit.testing.replaying import Divergence
from fnfkit.testing.replaying import replay as play_again
from fnfkit.testing.trace import NotAHistory, final, read_history


@click.command("replay")
@click.argument("file", type=FILE, help="JSON of GetExecutionHistory, or of `fnfkit history --json`.")
@click.option("--against", metavar="FLOW", help="Definition, FILE.py, MODULE:APP, or a folder with an app.py.")
@click.option("--flow", "name", metavar="NAME", help="Which flow of a project that has several.")
@as_json
def replay(file: Path, against: str | None, name: str | None, json: bool) -> int:
    """Play a flow with the answers of a recorded execution, and name the first thing it does differently.

    Without --against the history is shown. Exit code 1 if the flow diverges.
    """
    recorded = _history(file)
    if against is None:
        result({"events": [events.as_data(event) for event in recorded]}, _shown(recorded), as_json=json)
        return DONE
    _, flow = flow_named(against, name)
    found = play_again(recorded, flow)
    result({"events": len(recorded), "divergence": _data(found)}, [_line(found, len(recorded))], as_json=json)
    return DONE if found is None else REFUSED


def _history(file: Path) -> list[EventRecord]:
    try:
        return read_history(read_text(file, "history"))
    except NotAHistory as error:
        hint = "save what GetExecutionHistory answers, or run: fnfkit history FLOW EXECUTION --json"
        raise Refusal("NotAHistory", f"{file}: {error}", hint) from error


def _shown(recorded: list[EventRecord]) -> list[Block]:
    end = final(recorded)
    told = f"{len(recorded)} events, {end.type if end else 'not ended'}"
    return [events.table(recorded), Line(f"{told}; give --against FLOW to play it again")]


def _line(found: Divergence | None, count: int) -> Line:
    if found is None:
        return Line(f"the flow does again what was recorded: {count} events", Tone.GOOD)
    return Line(str(found), Tone.BAD)


def _data(found: Divergence | None) -> Json:
    if found is None:
        return None
    pair = {"recorded": found.recorded, "replayed": found.replayed}
    shown = {name: None if event is None else events.as_data(event) for name, event in pair.items()}
    return {"what": found.what, **shown}
