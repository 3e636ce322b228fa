"""Words of the expression languages: numbers, strings, names, roots and operators, each with its column."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

LONGEST = 10_000
"""Characters an expression may have. No limit is published; this one keeps hostile text cheap."""

_WORD = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<raw>`[^`]*`)
    | (?P<single>'(?:[^'\\]|\\.)*')
    | (?P<root>\$\w*)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>==|!=|<=|>=|&&|\|\||\.\.|[<>!()\[\]{}.,:?*-])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)

_HINTS = {
    "=": "compare with `==`",
    "&": "write `&&` for and",
    "|": "write `||` for or",
    '"': 'close the string with `"`',
    "'": 'close the string, in double quotes: `"text"`',
    "`": "close the string with a backquote",
    "+": "expressions have no arithmetic: compute the value in a task",
    "/": "expressions have no arithmetic: compute the value in a task",
    "%": "expressions have no arithmetic: compute the value in a task",
    "@": "filters `[?(@…)]` are not supported: select in a task",
}


class ExpressionError(ValueError):
    """An expression that cannot be read: a 1-based column, what is wrong there, and what to do about it."""

    def __init__(self, column: int, message: str, fix: str = "") -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column
        self.message = message
        self.fix = fix


class Token(NamedTuple):
    """One word; `kind` is number, string, raw, single, root, name, sign or end."""

    kind: str
    text: str
    column: int


def words(text: str) -> list[Token]:
    """The tokens of an expression, closed by one of kind `end`. Raises ExpressionError."""
    if len(text) > LONGEST:
        message = f"the expression has {len(text)} characters; at most {LONGEST} are read"
        raise ExpressionError(LONGEST + 1, message, "compute the decision in a task and test its result")
    tokens: list[Token] = []
    position = 0
    while not tokens or tokens[-1].kind != "end":
        match = _WORD.match(text, position)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, position)
        kind = match.lastgroup
        tokens.append(Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return tokens


def _unreadable(text: str, position: int) -> ExpressionError:
    start = len(text) - len(text[position:].lstrip())
    sign = text[start]
    what = "this string is not closed" if sign in "\"'`" else f"`{sign}` has no meaning here"
    return ExpressionError(start + 1, what, _HINTS.get(sign, ""))


def string(token: Token) -> str:
    """The text a string token stands for. Raises ExpressionError."""
    if token.kind == "raw":
        return token.text[1:-1]
    text = token.text
    if token.kind == "single":
        inner = text[1:-1].replace("\\'", "'")
        text = '"' + re.sub(r'\\.|"', lambda match: '\\"' if match[0] == '"' else match[0], inner) + '"'
    try:
        value = str(json.loads(text, strict=False))
        value.encode()
    except ValueError:
        hint = "use the escapes of JSON, or a string in backquotes"
        raise ExpressionError(token.column, f"{token.text} holds an escape that is not valid", hint) from None
    return value
