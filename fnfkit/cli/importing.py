"""`fnfkit import`: existing flows as Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

import click

from fnfkit.cli.files import write_text
from fnfkit.cli.flow_source import flow_of
from fnfkit.cli.options import FILE
from fnfkit.cli.output import progress
from fnfkit.cli.refusal import REFUSED, Refusal
from fnfkit.lang.python import write
from fnfkit.model.flow import ANY_ERROR, Catch, Choice, Fail, Flow, Step, Task, Wait

WIDTH = 118
"""Characters of a comment's line."""


@click.command("import")
@click.argument("flow", metavar="FLOW.yml", type=FILE, help="Definition of the flow.")
@click.option("--name", default="", show_default=False, help="Name of the flow; after the file if left out.")
@click.option("--out", type=FILE, help="Write to a file instead of standard output.")
def import_flow(flow: Path, name: str, out: Path | None) -> int:
    """Turn a flow in FDL into Python that compiles back to it.

    The Python is the explicit builder, one call per step; comments say where plain Python would be shorter.
    """
    title, found = flow_of(flow)
    writing = write(found, re.sub(r"[^A-Za-z0-9_-]", "-", name or title) or "flow")
    if writing.unsupported:
        lost = "\n".join(f"{item.feature} at {'/'.join(map(str, item.path))}" for item in writing.unsupported)
        raise Refusal("Unsupported", f"{flow}: the builder cannot express\n{lost}", exit=REFUSED)
    text = _advised(writing.text, found)
    if out is None:
        print(text, end="")
    else:
        write_text(out, text)
        progress(f"{out} written")
    return 0


def _advised(text: str, flow: Flow) -> str:
    """The text with what was recognised in front of the flow."""
    found = [*poll_loops(flow.steps), *sagas(flow.steps)]
    # Names of steps may hold anything; wrapping makes line ends spaces, so that they stay in the comment.
    comments = "".join(f"# {line}\n" for one in found for line in wrap(one, WIDTH))
    front, decorator, rest = text.rpartition("@app.steps")
    return front + comments + decorator + rest


def poll_loops(steps: tuple[Step, ...]) -> Iterator[str]:
    """Loops that wait, ask and go back: `while True` in plain Python."""
    places = {step.name: position for position, step in enumerate(steps)}
    for position, step in enumerate(steps):
        if not isinstance(step, Choice):
            continue
        arms = [*(option.arm for option in step.options), *([step.default] if step.default else [])]
        backs = sorted(places[arm.goto] for arm in arms if arm.goto in places and places[arm.goto] < position)
        loop = steps[backs[0] : position] if backs else ()
        if any(isinstance(inner, Wait) for inner in loop) and any(isinstance(inner, Task) for inner in loop):
            yield f"{loop[0].name} to {step.name} poll: plain Python says `while True:` with a wait(...) inside."


def sagas(steps: tuple[Step, ...]) -> Iterator[str]:
    """Chains of catches that lead to compensations in reverse order and then to a failure: `saga` in plain Python."""
    places = {step.name: position for position, step in enumerate(steps)}
    booked = [
        (step, places[catch.goto])
        for step in steps
        if isinstance(step, Task)
        for catch in step.catch[:1]
        if catch.goto in places
    ]
    targets = [target for _, target in booked]
    chain = steps[min(targets, default=0) : max(targets, default=0) + 1]
    if len(booked) < 3 or targets != sorted(set(targets), reverse=True) or not isinstance(chain[-1], Fail):
        return
    if all(isinstance(step, Task) and not step.end for step in chain[:-1]):
        names = ", ".join(task.name for task, _ in booked)
        yield f"{names} are undone in reverse order: plain Python says `with saga(...) as tx:`{_narrow(booked[0][0])}."


def _narrow(task: Task) -> str:
    """A saga undoes after every error; a chain that catches fewer is not quite one."""
    catch: Catch = task.catch[0]
    return (
        ""
        if ANY_ERROR in catch.errors
        else f", which undoes after any error and not only after {', '.join(catch.errors)}"
    )
