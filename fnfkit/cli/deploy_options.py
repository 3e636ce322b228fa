"""The options that the commands about stacks share."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TypeVar

import click

from fnfkit.cli.options import connection, target_cloud
from fnfkit.cli.refusal import Refusal
from fnfkit.model.json import Json

C = TypeVar("C", bound=Callable[..., object])

_PATH = "A project (FILE.py, FILE.py:APP, MODULE:APP), a template file, or a folder with either."


@dataclass(frozen=True, slots=True)
class Where:
    """What a command about a stack was pointed at: a project or template, a stack, and the account they are for."""

    path: str = "."
    stack: str = ""
    stage: str = ""
    cloud: str | None = None
    endpoint: str = ""
    region: str = ""
    profile: str = ""

    def again(self, command: str, stack: str = "") -> str:
        """The words that repeat the command, with the name of the stack where it has turned out by now."""
        options = (("--stack", stack or self.stack), ("--stage", self.stage), ("--target", self.cloud))
        return shlex.join([command, self.path, *(word for name, value in options if value for word in (name, value))])


def pointed(taking: Callable[..., int]) -> Callable[..., int]:
    """The project, the stack, the stage and the connection, as the `Where` that the command takes as `where`."""

    @wraps(taking)
    def run(**given: Json) -> int:
        place = Where(**{one.name: given.pop(one.name) for one in fields(Where)})
        return taking(where=place, **given)

    command = target_cloud(connection(run))
    told = "Stage in fnfkit.toml; an embedded account on this machine without one."
    command = click.option("--stage", default="", show_default=False, metavar="S", help=told)(command)
    told = "Name of the stack; the App's own name if left out."
    command = click.option("--stack", default="", show_default=False, metavar="NAME", help=told)(command)
    return click.argument("path", metavar="[PROJECT|TEMPLATE]", default=".", help=_PATH)(command)


def parameters(command: C) -> C:
    """`--parameter K=V`, any number of them, as `parameter`."""
    told = "Value of a template parameter; those not given keep the value they have."
    return click.option("--parameter", multiple=True, metavar="K=V", help=told)(command)


def yes(command: C) -> C:
    """`--yes`, as `yes`."""
    return click.option("--yes", is_flag=True, help="Do not ask before acting on a real account.")(command)


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """Parameters by name. Raises `Refusal`."""
    found = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not name or not equals:
            raise Refusal("UsageError", f"--parameter {item} has no value", "write --parameter NAME=VALUE")
        found[name] = value
    return found
