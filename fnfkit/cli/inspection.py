"""What `fnfkit check` looks at: the files a path stands for, and the findings of one definition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fnfkit.cli.files import parted, read_text
from fnfkit.cli.refusal import Refusal
from fnfkit.lang.dialect import Reading
from fnfkit.lang.dialects import DIALECTS, language_of
from fnfkit.lint import Checked, Options, check, check_text
from fnfkit.model.flow import Flow

DEFINITIONS = (".yml", ".yaml", ".json")
PYTHON = ".py"
OTHER_ROLES = "(roles of tests)"
"""Stands for the name of a flow where findings are about roles that no flow here asks for."""
_A_FLOW = re.compile(
    r"""^(?:\{\s*|\s*")?["']?(?:type["']?\s*:\s*["']?flow|Type["']?\s*:\s*["']?StateMachine)\b""", re.MULTILINE
)
_A_STACK = re.compile(r"""^[\s{]*["']?ROSTemplateFormatVersion["']?\s*:""", re.MULTILINE)
_AN_APP = re.compile(r"^\w+\s*(?::\s*\w+\s*)?=\s*(?:\w+\.)?App\(", re.MULTILINE)
_SKIPPED = ("node_modules", "__pycache__", "site-packages")


@dataclass(frozen=True, slots=True)
class Inspected:
    """One flow with its findings; `flow` is None if there was nothing to be understood."""

    checked: Checked
    flow: Flow | None
    name: str


def inspect_definition(path: Path, options: Options) -> Inspected:
    """The findings of a definition in any language. Raises `Refusal` for a file that cannot be read."""
    text = read_text(path, "definition")
    dialect = language_of(text)
    if dialect is DIALECTS["fdl"]:
        reading, findings = check_text(text, options)
    else:
        # The rules are about FDL's own ways with $local; of state machines only what their reader says is known.
        reading = dialect.read(text)
        findings = check(Reading(None, reading.problems, reading.marks), options, source=text)
    return Inspected(Checked(str(path), text, findings), reading.flow, path.name)


def is_python(given: str) -> bool:
    """Whether FILE.py, FILE.py:NAME or MODULE:NAME is meant rather than a definition."""
    return given.endswith(PYTHON) or parted(given) is not None


def expand(given: str) -> list[str]:
    """What a path stands for: itself, or all flows and projects below a folder. Raises `Refusal`."""
    path = Path(given)
    if not path.is_dir():
        return [given]
    found = [str(file) for file in sorted(_files(path)) if _is_one(file)]
    if not found:
        raise Refusal("NothingToCheck", f"there are no flows in {path}", "flows are .yml, .yaml, .json and .py files")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for child in folder.iterdir():
        if child.name.startswith(".") or child.name in _SKIPPED or (child / "pyvenv.cfg").is_file():
            continue
        if child.is_dir():
            yield from _files(child)
        elif child.suffix in (*DEFINITIONS, PYTHON):
            yield child


def _is_one(file: Path) -> bool:
    """Whether a file of a folder is a flow or a project; a stack template or a test file is none."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    if file.suffix == PYTHON:
        return "fnfkit" in text and _AN_APP.search(text) is not None
    return ".fdl." in file.name or (_A_FLOW.search(text) is not None and _A_STACK.search(text) is None)
