"""The commands, and what becomes of everything that stops one of them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from fnfkit import __version__
from fnfkit.cli.output import progress, refuse
from fnfkit.cli.refusal import BUG, DONE, INTERRUPTED, REFUSED, UNREACHABLE, Refusal, refusal_of
from fnfkit.ports.fault import Fault


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, as MODULE:NAME in this package, and the first sentence of its help."""

    where: str
    help: str


COMMANDS: dict[str, Entry] = {
    "init": Entry("init:init", "Copy a template project into a folder, or list the templates."),
    "check": Entry("check:check", "Find mistakes in flows, in FDL and in Python alike."),
    "build": Entry(
        "build:build", "Compile the flows of a project in Python to FDL, or a project to a template for AWS."
    ),
    "import": Entry("importing:import_flow", "Turn a flow in FDL into Python that compiles back to it."),
    "migrate": Entry("migrate:migrate", "Translate a flow between FDL and CloudFlow, and show that both behave alike."),
    "graph": Entry("graph:graph", "Draw a flow as SVG or as Mermaid text."),
    "schema": Entry("schema:schema", "Print the JSON Schema of FDL, for editors."),
    "demo": Entry("demo:demo", "Run the documented flows in virtual time and compare them with their documentation."),
    "run": Entry("run:run", "Run a flow on an embedded account and print its history, status and output."),
    "dev": Entry("dev:dev", "Serve an embedded account until SIGINT or SIGTERM."),
    "diff": Entry("diff:diff", "Show what `fnfkit deploy` would do, and what has drifted; nothing happens."),
    "deploy": Entry(
        "deploy:deploy", "Deploy a project or a template file, to an embedded account unless a stage names another."
    ),
    "destroy": Entry(
        "destroy:destroy", "Delete the stack of a project or a template, and everything in it, if there is one."
    ),
    "rollback": Entry("rollback:rollback", "Deploy again what was deployed from this folder before."),
    "outputs": Entry("outputs:outputs", "Print the outputs of a deployed stack."),
    "doctor": Entry("doctor:doctor", "Check credentials, region, endpoint, permissions and the clock."),
    "flows": Entry("flows:app", "The flows of an account."),
    "start": Entry("executions:start", "Start an execution of a flow."),
    "executions": Entry("executions:executions", "List the executions of a flow."),
    "history": Entry("executions:show_history", "Show the event history of an execution."),
    "stop": Entry("executions:stop", "Stop a running execution."),
    "replay": Entry(
        "replay:replay",
        "Play a flow with the answers of a recorded execution, and name the first thing it does differently.",
    ),
    "tests": Entry("generated:tests", "Write pytest tests for the paths of a flow that no test takes."),
    "tasks": Entry("tasks:app", "Tasks that wait for a callback, and asynchronous tasks of functions."),
    "functions": Entry("functions:app", "The functions of an account."),
    "queues": Entry("queues:app", "The message queues of an account."),
    "topics": Entry("topics:app", "The topics of an account."),
    "worker": Entry("worker:app", "Work on tasks from a queue."),
}
"""The commands, in the order of the help page, which needs none of their modules."""


class Commands(click.Group):
    """The commands of the table, each imported when it is named: none waits for the imports of another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None if there is none."""
        if (entry := COMMANDS.get(cmd_name)) is None:
            return None
        module, _, name = entry.where.partition(":")
        command: click.Command = getattr(import_module(f"fnfkit.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table as the help page shows it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group("fnfkit", cls=Commands, no_args_is_help=True, context_settings={"show_default": True})
@click.version_option(__version__, "--version", "-V", message="fnfkit %(version)s", help="Print the version.")
def app() -> None:
    """Serverless Workflow on your machine: run flows, serve an embedded account, drive any endpoint."""


def run(words: list[str]) -> int:
    """Run one command line; returns the exit code. Whatever goes wrong becomes a message (see `refusal`)."""
    as_json = "--json" in words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _code(app(words or ["--help"], standalone_mode=False, prog_name="fnfkit"))
    except (KeyboardInterrupt, click.Abort):
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
    if isinstance(error, click.UsageError):
        return _usage(error)
    hint = "this is a bug in fnfkit: set FNFKIT_DEBUG=1 to see where it happened"
    return Refusal("InternalError", f"{type(error).__name__}: {error}", hint, exit=BUG)


def _refused_by_service(fault: Fault) -> Refusal:
    if fault.status:
        return refusal_of(fault)
    told = "look at the region and the endpoint" in fault.message  # as faults of AWS say
    hint = "" if told else "is the endpoint right, and is `fnfkit dev` running there?"
    return Refusal(fault.code, _without_layers(fault.message), hint, exit=UNREACHABLE)


def _without_layers(message: str) -> str:
    """A connection error without the HTTP library's own names: what failed, and the reason at the end."""
    what, found, _ = message.partition(": HTTP")
    reason = message.rpartition(": ")[2].rstrip("')")
    return f"{what}: {reason}" if found else message


def _usage(error: click.UsageError) -> Refusal:
    command = error.ctx.command_path if error.ctx is not None else "fnfkit"
    message = error.format_message().strip()
    if message.startswith("Usage:"):  # click puts the whole help into the error for a missing command
        message = f"name a command of {command}"
    return Refusal("UsageError", message, f"see {command} --help", exit=error.exit_code)
