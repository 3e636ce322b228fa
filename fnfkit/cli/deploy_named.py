"""The name of the stack that a project would be, without compiling it."""

from __future__ import annotations

from pathlib import Path

from fnfkit.cli.projects import ENTRY, project
from fnfkit.cli.refusal import Refusal


def stack_name(path: str, stack: str, stage: str) -> str:
    """The name given, else the App's own with the stage. Raises `Refusal`."""
    if stack:
        return stack
    given = Path(path)
    is_app = (given / ENTRY).is_file() if given.is_dir() else given.suffix == ".py" or ":" in path
    if not is_app:
        raise Refusal("NoStack", "a template has no stack of its own", "give it with --stack NAME")
    with project(path) as found:
        return f"{found.app.name}-{stage}" if stage else found.app.name
