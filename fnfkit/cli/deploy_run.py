"""What deploy, rollback and destroy share: acting on a stack while it is watched, and noting what became of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import click

from fnfkit.cli import deploy_progress
from fnfkit.cli.blocks import Block, Line, Tone
from fnfkit.cli.deploy_source import refused
from fnfkit.cli.deploy_target import Target
from fnfkit.cli.output import progress
from fnfkit.cli.refusal import USAGE, Refusal
from fnfkit.cli.wiring import stack_watcher
from fnfkit.deploy import Book, DeployError, Deployment, Executor, Outcome, book
from fnfkit.deploy.record import DESTROYED, DONE, FAILED, STARTED
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import Template
from fnfkit.ports import Fault, StackRecord

_LOCAL_SECONDS = 0.05
_REAL_SECONDS = 2.0


@contextmanager
def held(folder: Path, target: Target) -> Iterator[Book]:
    """The record of a stage, kept from other deployments. Raises `Refusal`."""
    kept = book(folder, target.name)
    with ExitStack() as stack:
        try:
            stack.enter_context(kept.held())
        except OSError as error:
            hint = "the record of deployments is kept there"
            raise Refusal("Unwritable", f"{kept.path}: {error.strerror or error}", hint) from error
        except DeployError as error:
            raise refused(error) from error
        try:
            yield kept
        except DeployError as error:
            raise refused(error) from error


def confirm(target: Target, question: str, *, yes: bool) -> None:
    """Asks before a real account is changed; never off a terminal, where --yes has to say so. Raises `Refusal`."""
    if not target.real or yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refusal("NotConfirmed", f"{question} Nobody can be asked here", "say --yes", exit=USAGE)
    click.confirm(question, abort=True, err=True)


@contextmanager
def executor(target: Target, stack: str, *, again: str, quiet: bool) -> Iterator[Executor]:
    """What acts on stacks, watched on standard error unless `quiet`. Ctrl-C says how to go on."""
    watching = stack_watcher(terminal=sys.stderr.isatty()) if not quiet else deploy_progress.silent
    seconds = _REAL_SECONDS if target.real else _LOCAL_SECONDS
    try:
        with watching(stack) as watch:
            yield Executor(target.stacks(), watch, lambda: time.sleep(seconds))
    except KeyboardInterrupt:
        progress(f"the stack {stack} goes on without this command; to take it up again: fnfkit {again}")
        raise


def carry_out(
    kept: Book, target: Target, stack: str, template: str, parameters: Mapping[str, str], *, public: Template
) -> Callable[[Callable[[], Outcome]], Outcome]:
    """Runs a deployment and notes in the record that it began and how it ended. Secret parameters are left out."""
    secret = {parameter.name for parameter in public.parameters if parameter.no_echo}
    begun = kept.start(
        Deployment(
            number=0,
            at=int(time.time() * 1000),
            stack=stack,
            state=STARTED,
            target=target.place,
            template=template,
            parameters={name: value for name, value in parameters.items() if name not in secret},
        )
    )

    def run(act: Callable[[], Outcome]) -> Outcome:
        try:
            outcome = act()
        except (DeployError, Fault):
            kept.finish(replace(begun, state=FAILED))
            raise
        kept.finish(replace(begun, state=DONE, stack_id=outcome.record.id))
        return outcome

    return run


def note_destroyed(kept: Book, target: Target, stack: str) -> None:
    """Writes down that a stack is gone."""
    at = int(time.time() * 1000)
    kept.start(Deployment(number=0, at=at, stack=stack, state=DESTROYED, target=target.place))


def outcome_data(outcome: Outcome) -> JsonObject:
    """A stack after a deployment, for scripts."""
    record = outcome.record
    return {
        "stack": record.name,
        "id": record.id,
        "status": record.status,
        "changed": outcome.changed,
        "outputs": {output.name: output.value for output in record.outputs},
    }


def outcome_blocks(outcome: Outcome) -> Iterator[Block]:
    """A stack after a deployment, for people."""
    said = outcome.record.status if outcome.changed else "has nothing to update"
    yield Line(f"stack {outcome.record.name} {said}", Tone.GOOD)
    yield from output_blocks(outcome.record)


def output_blocks(record: StackRecord) -> Iterator[Block]:
    """The outputs of a stack."""
    for output in record.outputs:
        yield Line(f"  {output.name} = {output.value}")
