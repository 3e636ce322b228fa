"""`fnfkit migrate`: a flow in the other language of the service, with proof that it behaves alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.equivalence import Difference, differences
from fnfkit.cli.files import read_text, write_text
from fnfkit.cli.flow_source import flow_of
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.lang import asl, cloudflow, fdl
from fnfkit.lang.dialect import Reading, Unsupported, Writing
from fnfkit.lang.dialects import language_of
from fnfkit.lang.translate import Translation, accumulating, replacing
from fnfkit.model.flow import Flow
from fnfkit.model.names import NAME

FDL, CLOUDFLOW, ASL = "fdl", "cloudflow", "asl"

KNOWN_DIFFERENCES = (
    "data may be 64 KiB per state, not 32 KiB for a step's input, local and output together; the envelope takes part",
    "a function result that is no object fails as FnF.RuntimeError once, not as FnF.InvalidLocal with retries",
    "histories show states, also those that carry the envelope",
)
"""What no generated input shows, for flows that were written in FDL (cloudflow.md 9)."""

KNOWN_DIFFERENCES_BACK = (
    "a step's input, local and output together may be 32 KiB, not 64 KiB for each input and output",
    "a function result that is no object fails as FnF.InvalidLocal",
    "up to 100 iterations run at a time, not 40",
    "histories show steps, also those that only build data; so do causes that the service makes",
)
"""The same, for flows that were written as state machines."""

KNOWN_DIFFERENCES_AWS = (
    "where a rule of a Choice reads a path that is missing, Step Functions fails, and here the rule is not taken",
    "States.ALL does not take States.Runtime on Step Functions, as FnF.ALL takes every error here",
    "an index out of range is null here, and no path on Step Functions; States.MathAdd rounds there what is not whole",
)
"""The same, where one of the two flows runs on Step Functions; `tests/differential` shows them against moto."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migrated flow: its text, what could not be carried, and the trials that went apart."""

    text: str
    flow: Flow | None
    unsupported: tuple[Unsupported, ...]
    differences: tuple[Difference, ...] = ()


def migrate_flow(flow: Flow, to: str, name: str, *, trials: int, seed: int) -> Migrated:
    """Translate a flow and run both. What could not be carried is left out, so then nothing is run."""
    translation, writing = _translated(flow, to, name)
    unsupported = (*translation.unsupported, *writing.unsupported)
    reading = _READERS[to](writing.text)
    if unsupported or reading.flow is None or reading.errors:
        said = tuple(Unsupported(problem.message, problem.path) for problem in reading.errors)
        return Migrated(writing.text, reading.flow, unsupported or said)
    # Queues of the other cloud know no priority.
    without = frozenset({"Priority"} if to == ASL else ())
    found = tuple(differences(flow, reading.flow, trials=trials, seed=seed, without=without))
    return Migrated(writing.text, reading.flow, (), found)


def _translated(flow: Flow, to: str, name: str) -> tuple[Translation, Writing]:
    if to == FDL:
        back = accumulating(flow)
        return back, fdl.write(back.flow)
    forward = replacing(flow, name)
    return forward, (cloudflow.write if to == CLOUDFLOW else asl.write)(forward.flow)


_READERS: dict[str, Callable[[str], Reading]] = {FDL: fdl.read, CLOUDFLOW: cloudflow.read, ASL: asl.read}


@click.command("migrate")
@click.argument("flow", type=FILE)
@click.option("--to", type=click.Choice([CLOUDFLOW, FDL, ASL]), required=True, help="The language to write.")
@click.option(
    "--name",
    default="",
    show_default=False,
    help="The flow's name, which a state machine states; from the file if left out.",
)
@click.option("--out", type=FILE, help="File to write; standard output if left out.")
@click.option("--trials", type=click.IntRange(0), default=200, help="Generated inputs on which both flows are run.")
@click.option("--seed", type=int, default=1, help="Of the first generated input.")
@as_json
def migrate(flow: Path, to: str, name: str, out: Path | None, trials: int, seed: int, json: bool) -> int:
    """Translate a flow between FDL and CloudFlow, and show that both behave alike.

    Amazon States Language can be written and read too; there, comparisons of values of different types do not coerce.

    What has no counterpart is listed, and then nothing is checked. Otherwise both flows are run on generated inputs
    and generated answers; calls, outputs and errors must agree. Exit code 1 if something cannot be carried or differs.
    """
    title, source = flow_of(flow)
    language = language_of(read_text(flow, "definition")).name
    if language == to:
        raise Refusal("AlreadyThere", f"{flow} is written in {to} already")
    migrated = migrate_flow(source, to, _name(name or title), trials=trials, seed=seed)
    if out is not None:
        write_text(out, migrated.text)
    elif not json:
        print(migrated.text, end="")
    known = KNOWN_DIFFERENCES_BACK if to == FDL else KNOWN_DIFFERENCES
    known = (*known, *KNOWN_DIFFERENCES_AWS) if ASL in (language, to) else known
    _tell(migrated, known, trials, seed)
    data = {
        "definition": migrated.text,
        "unsupported": [{"path": list(entry.path), "feature": entry.feature} for entry in migrated.unsupported],
        "trials": 0 if migrated.unsupported else trials,
        "differences": [str(difference) for difference in migrated.differences],
    }
    shown = [Line(f"{out} written", Tone.GOOD)] if out else []
    result(data, shown, as_json=json)
    return REFUSED if migrated.unsupported or migrated.differences else DONE


def _name(wish: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]", "-", wish)
    return name if NAME.match(name) else "flow"


def _tell(migrated: Migrated, known: tuple[str, ...], trials: int, seed: int) -> None:
    for entry in migrated.unsupported:
        progress(f"cannot be carried: {'/'.join(map(str, entry.path)) or 'the flow'}: {entry.feature}")
    for difference in migrated.differences[:3]:
        progress(f"differs: {difference}")
    if migrated.unsupported:
        progress("nothing was run, since the translation is not whole")
    elif migrated.differences:
        progress(f"{len(migrated.differences)} of {trials} runs differ (seed {seed})")
    else:
        progress(f"{trials} runs on generated inputs agree (seed {seed})")
        for said in known:
            progress(f"known difference: {said}")
