"""The commands, and what becomes of everything that stops one of them."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from fnfkit import __version__
from fnfkit.cli import dev, executions, flows, queues, tasks, topics, worker
from fnfkit.cli import run as running
from fnfkit.cli.demo import demo
from fnfkit.cli.output import progress, refuse
from fnfkit.cli.refusal import BUG, DONE, INTERRUPTED, REFUSED, UNREACHABLE, Refusal, refusal_of
from fnfkit.ports.fault import Fault

USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]
"""What typer raises for wrong command lines, wherever this version of it keeps the class."""

app = typer.Typer(
    name="fnfkit",
    help="Serverless Workflow on your machine: run flows, serve an embedded account, drive any endpoint.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command("run")(running.run)
app.command("dev")(dev.dev)
app.add_typer(flows.app, name="flows")
app.command("start")(executions.start)
app.command("executions")(executions.executions)
app.command("history")(executions.show_history)
app.command("stop")(executions.stop)
app.add_typer(tasks.app, name="tasks")
app.add_typer(queues.app, name="queues")
app.add_typer(topics.app, name="topics")
app.add_typer(worker.app, name="worker")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"fnfkit {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Serverless Workflow on your machine: run flows, serve an embedded account, drive any endpoint."""


def run(words: list[str]) -> int:
    """Run one command line; returns the exit code. Whatever goes wrong becomes a message (see `refusal`)."""
    as_json = "--json" in words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _code(app(words, standalone_mode=False, prog_name="fnfkit"))
    except (KeyboardInterrupt, typer.Abort):
        progress("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough; keep the interpreter from complaining at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except Exception as error:
        refusal = _refusal(error)
        if refusal.exit == BUG and os.environ.get("FNFKIT_DEBUG"):
            raise
        refuse(refusal, as_json=as_json)
        return refusal.exit


def _code(returned: Any) -> int:
    return returned if isinstance(returned, int) else DONE


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Fault):
        return _refused_by_service(error)
    if isinstance(error, USAGE_ERROR):
        return _usage(error)
    hint = "this is a bug in fnfkit: set FNFKIT_DEBUG=1 to see where it happened"
    return Refusal("InternalError", f"{type(error).__name__}: {error}", hint, exit=BUG)


def _refused_by_service(fault: Fault) -> Refusal:
    if fault.status:
        return refusal_of(fault)
    hint = "is the endpoint right, and is `fnfkit dev` running there?"
    return Refusal(fault.code, _without_layers(fault.message), hint, exit=UNREACHABLE)


def _without_layers(message: str) -> str:
    """A connection error without the HTTP library's own names: what failed, and the reason at the end."""
    what, found, _ = message.partition(": HTTP")
    reason = message.rpartition(": ")[2].rstrip("')")
    return f"{what}: {reason}" if found else message


def _usage(error: Any) -> Refusal:
    context = error.ctx if hasattr(error, "ctx") else None
    command = context.command_path if context is not None else "fnfkit"
    message = error.format_message().strip()
    if message.startswith("Usage:"):  # typer puts the whole help into the error for a missing command
        message = f"name a command of {command}"
    return Refusal("UsageError", message, f"see {command} --help", exit=error.exit_code)
