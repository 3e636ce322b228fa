"""What commands are given: definitions, JSON texts and folders of functions, each checked before it is used."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fnfkit.cli.files import read_text
from fnfkit.cli.output import progress
from fnfkit.cli.refusal import Refusal
from fnfkit.cli.wiring import json_reader, reader
from fnfkit.model.problem import Problem, Severity
from fnfkit.ports.fault import Fault

if TYPE_CHECKING:
    from fnfkit.cloud.cloud import Cloud
    from fnfkit.lang.dialect import Reading

ANY_SERVICE = "*"
ENTRY = "index.py"

MOST_PROBLEMS = 20
"""Problems of one definition that are printed; the first ones tend to cause the rest."""


def read_definition(path: Path, *, check: bool = True) -> str:
    """The text of a flow definition, after a check that prints warnings and raises `Refusal` on errors."""
    text = read_text(path, "definition")
    if check:
        reading = reader()(text)
        for problem in reading.problems:
            if problem.severity is Severity.WARNING:
                progress("warning: " + complaint(path, text, reading, problem))
        refuse_errors(path, text, reading)
    return text


def refuse_errors(path: Path, text: str, reading: Reading) -> None:
    """Raises `Refusal` with every error of a reading, if there is any."""
    if not reading.errors:
        return
    shown = reading.errors[:MOST_PROBLEMS]
    complaints = [complaint(path, text, reading, problem) for problem in shown]
    rest = len(reading.errors) - len(shown)
    if rest:
        complaints.append(f"... and {rest} more")
    raise Refusal("InvalidDefinition", "\n".join(complaints))


def complaint(path: Path, text: str, reading: Reading, problem: Problem) -> str:
    """A problem with its place, and the line it is in with a caret."""
    mark = reading.mark(problem)
    place = f"{path}:{mark.line}:{mark.column}" if mark else str(path)
    message = f"{place}: {problem.id} {problem.message}" + (f" ({problem.fix})" if problem.fix else "")
    lines = text.splitlines()
    if mark is None or not 1 <= mark.line <= len(lines):
        return message
    line = lines[mark.line - 1]
    shown, column = _window(line, mark.column - 1)
    return f"{message}\n    {shown}\n    {' ' * column}^"


def _window(line: str, column: int, width: int = 100) -> tuple[str, int]:
    """At most so many characters of a line, around a column, with the column's place in them."""
    start = max(0, column - width // 2) if len(line) > width else 0
    # A tab takes one place in the caret's line too.
    return line[start : start + width].replace("\t", " "), max(0, min(column - start, width))


def title_of(definition: str) -> str:
    """The name that a definition gives itself, as state machines do; it has to be the flow's."""
    flow = reader()(definition).flow
    return "" if flow is None else flow.title


def read_object(given: str, what: str) -> str:
    """A JSON object as text, given as JSON, as @FILE, or as - for standard input. Raises `Refusal`."""
    if given == "-":
        text, source = sys.stdin.read(), "standard input"
    elif given.startswith("@"):
        text, source = read_text(Path(given[1:]), what), given[1:]
    else:
        text, source = given, f"--{what}"
    try:
        value = json_reader()(text)
    except json.JSONDecodeError as error:
        where = f"{source}:{error.lineno}:{error.colno}"
        raise Refusal("InvalidJson", f"{where}: {what} is not JSON: {error.msg}", _quotes(text)) from None
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise Refusal("InvalidJson", f"{source}: {what} must be a JSON object, not {kind}", 'for example {"delay": 20}')
    return text


def _quotes(text: str) -> str:
    return 'JSON texts have double quotes: {"delay": 20}' if "'" in text else 'for example {"delay": 20}'


def deploy_functions(cloud: Cloud, folder: Path) -> list[str]:
    """Deploy every function of a folder; returns their names as service/function. Raises `Refusal`."""
    if not folder.is_dir():
        fault = "is not a folder" if folder.exists() else "does not exist"
        raise Refusal("FolderNotFound", f"functions folder {folder} {fault}")
    found = sorted(_functions(folder))
    if not found:
        raise Refusal(
            "NoFunctions",
            f"functions folder {folder} holds no functions",
            "functions are at SERVICE/FUNCTION/index.py, or at FUNCTION/index.py for any service",
        )
    for service, function, code in found:
        try:
            cloud.functions.deploy(service, function, code=code)
        except Fault as fault:
            raise Refusal(fault.code, f"{code}: {fault.message}", "rename the folder") from fault
    return [f"{service}/{function}" for service, function, _ in found]


def _functions(folder: Path) -> Iterator[tuple[str, str, Path]]:
    for child in _folders(folder):
        if (child / ENTRY).is_file():
            yield ANY_SERVICE, child.name, child
        else:
            yield from ((child.name, code.name, code) for code in _folders(child) if (code / ENTRY).is_file())


def _folders(folder: Path) -> Iterator[Path]:
    return (child for child in folder.iterdir() if child.is_dir() and not child.name.startswith((".", "__")))
