"""The name of the stack that a project would be, without compiling it."""

from __future__ import annotations

import re
from pathlib import Path

from fnfkit.cli.options import AWS
from fnfkit.cli.projects import ENTRY, project
from fnfkit.cli.refusal import Refusal

_CLOUDFORMATION = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}\Z")
"""Names that CloudFormation takes (API reference, CreateStack)."""


def stack_name(path: str, stack: str, stage: str, *, cloud: str) -> str:
    """The name given, else the App's own with the stage. Raises `Refusal`."""
    if stack:
        return stack_of("", stack, stage, cloud=cloud)
    given = Path(path)
    is_app = (given / ENTRY).is_file() if given.is_dir() else given.suffix == ".py" or ":" in path
    if not is_app:
        raise Refusal("NoStack", "a template has no stack of its own", "give it with --stack NAME")
    with project(path) as found:
        return stack_of(found.app.name, stack, stage, cloud=cloud)


def stack_of(app: str, stack: str, stage: str, *, cloud: str) -> str:
    """The name given, else that of an App with the stage, on AWS with hyphens for its underscores. Raises `Refusal` for
    what CloudFormation does not take: an emulator may, and the account would not."""
    own = f"{app}-{stage}" if stage else app
    if cloud != AWS:
        return stack or own
    name = stack or own.replace("_", "-").lstrip("-")
    if not _CLOUDFORMATION.match(name):
        told = (
            f"CloudFormation takes no stack named {name:.140}: a letter, then letters, digits and hyphens, 128 in all"
        )
        raise Refusal("InvalidStackName", told, "give it another name with --stack NAME")
    return name
