"""Why a text is no document, in an author's words: bad characters, bad YAML, too much of something."""

from __future__ import annotations

import yaml

from fnfkit.model.problem import Mark, Problem

LONGEST = 32 * 1024 * 1024
"""Characters a document may have."""
ID = "E00"
"""The id of all problems about a text that is not a document."""


class Unreadable(Exception):
    """Ends a loading: the problem that says why."""

    def __init__(self, message: str, fix: str, line: int, column: int) -> None:
        super().__init__(message)
        self.problem = Problem(ID, (), message, fix, mark=Mark(line + 1, column + 1))


def check_characters(text: str) -> None:
    if len(text) > LONGEST:
        raise Unreadable(f"the text has {len(text)} characters; at most {LONGEST} are read", "split the flow", 0, 0)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line, column = _place(text, error.start)
        message = f"the character U+{ord(text[error.start]):04X} is half of a pair and not text"
        raise Unreadable(message, "save the file as UTF-8", line, column) from None


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)


def syntax_problem(text: str, error: yaml.MarkedYAMLError) -> Problem:
    what = str(error.problem or error.context or "it does not parse")
    at_end = "stream end" in what or "end of stream" in what  # then what was opened is of interest
    mark = (at_end and error.context_mark) or error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    where = f" {error.context}" if error.context and error.problem else ""
    return Problem(
        ID, (), f"the text is not YAML: {what}{where}", _hint(text, what, line), mark=Mark(line + 1, column + 1)
    )


def _hint(text: str, what: str, line: int) -> str:
    lines = text.splitlines()
    if line < len(lines) and "\t" in lines[line]:
        return "indent with spaces: YAML allows no tabs there"
    if "mapping values are not allowed" in what:
        return "put text that holds `: ` into double quotes, and check the indentation"
    return "check indentation, quotes and brackets at this place"


def stream_problem(text: str, error: yaml.YAMLError) -> Problem:
    offset = getattr(error, "position", 0)
    offset = len(text.encode()[:offset].decode(errors="ignore")) if isinstance(offset, int) else 0
    line, column = _place(text, offset)
    reason = getattr(error, "reason", "unreadable")
    return Problem(ID, (), f"the text is not YAML: {reason}", "remove the character", mark=Mark(line + 1, column + 1))
