"""Conditions and paths: trees, precedence, notes, and the same parser under another dialect's table."""

from __future__ import annotations

import pytest

from fnfkit.lang.fdl.sources import OWN, TAKES
from fnfkit.lang.grammar import Grammar, parse, parse_path
from fnfkit.lang.lexer import ExpressionError
from fnfkit.lang.unparse import unparse
from fnfkit.model.expr import (
    And,
    Call,
    Compare,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    List,
    Negative,
    Not,
    Object,
    Or,
    Path,
    Root,
    Slice,
    Wild,
)

CLOUDFLOW = Grammar(
    {"$Input": Root.INPUT, "$Context": Root.CONTEXT},
    calls=True,
    literals=True,
    quotes=frozenset({"string", "raw", "single"}),
)


def at(*parts: str | int) -> Path:
    return Path(Root.INPUT, tuple(Index(part) if isinstance(part, int) else Key(part) for part in parts))


def eq(left: Expr, right: Expr) -> Expr:
    return Comparison(Compare.EQ, left, right)


A, B, C = at("a"), at("b"), at("c")


@pytest.mark.parametrize(
    ("text", "expr", "canonical"),
    [
        ("$.a||$.b&&$.c", Or(A, And(B, C)), "$.a || $.b && $.c"),
        ("($.a||$.b)&&$.c", And(Or(A, B), C), "($.a || $.b) && $.c"),
        ("$.a||$.b||$.c", Or(Or(A, B), C), "$.a || $.b || $.c"),
        ("$.a||($.b||$.c)", Or(A, Or(B, C)), "$.a || ($.b || $.c)"),
        ("!$.a == $.b", eq(Not(A), B), "!$.a == $.b"),
        ("!($.a == $.b)", Not(eq(A, B)), "!($.a == $.b)"),
        ("-$.a<-1", Comparison(Compare.LT, Negative(A), Const(-1)), "-$.a < -1"),
        ("-(1)", Negative(Const(1)), "-(1)"),
        ("!!$.a", Not(Not(A)), "!!$.a"),
        ("$.a>=2.750", Comparison(Compare.GE, A, Const(2.75)), "$.a >= 2.75"),
        ("$.a != `c:\\x`", Comparison(Compare.NE, A, Const("c:\\x")), '$.a != "c:\\\\x"'),
        ('$.a == "é\\u00e9\\n"', eq(A, Const("éé\n")), '$.a == "éé\\n"'),
        ("true", Const(True), "true"),
        ('$["a"]', A, "$.a"),
        ('$["my-key"][0].b', at("my-key", 0, "b"), '$["my-key"][0].b'),
        ("$.true.null", at("true", "null"), "$.true.null"),
        ("$", at(), "$"),
        ("$.a[*].*", Path(Root.INPUT, (Key("a"), Wild(), Wild())), "$.a[*][*]"),
        ("$.a[-1]", at("a", -1), "$.a[-1]"),
        ("1e3 == .5", eq(Const(1000.0), Const(0.5)), "1000.0 == 0.5"),
        ("9223372036854775807", Const(2**63 - 1), "9223372036854775807"),
    ],
)
def test_trees(text: str, expr: Expr, canonical: str) -> None:
    parsed = parse(text, OWN)
    assert parsed.expr == expr
    assert parsed.notes == ()
    assert unparse(expr, OWN) == canonical
    assert parse(canonical, OWN).expr == expr


@pytest.mark.parametrize(
    ("text", "expr", "notes"),
    [
        ("$.a == 'it\\'s \"x\"'", eq(A, Const('it\'s "x"')), [("W10", 8)]),
        ("$.a == null", eq(A, Const(None)), [("W10", 8)]),
        ("$.a < 1 < 2", Comparison(Compare.LT, Comparison(Compare.LT, A, Const(1)), Const(2)), [("W10", 9)]),
        ("$.a[1:]", Path(Root.INPUT, (Key("a"), Slice(1, None))), [("W13", 5)]),
        ("$['a'][:-2]", Path(Root.INPUT, (Key("a"), Slice(None, -2))), [("W10", 3), ("W13", 8)]),
    ],
)
def test_what_is_accepted_with_a_warning(text: str, expr: Expr, notes: list[tuple[str, int]]) -> None:
    parsed = parse(text, OWN)
    assert parsed.expr == expr
    assert [(note.id, note.column) for note in parsed.notes] == notes


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("   ", 4),
        ("$.a ==", 7),
        ("$.a == )", 8),
        ("(1", 3),
        ("1)", 2),
        ('$.a == "x', 8),
        ("$.a.", 5),
        ("$.[0]", 3),
    ],
)
def test_errors_know_their_column(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, OWN)
    assert caught.value.column == column
    assert str(caught.value).startswith(f"column {column}: ")


@pytest.mark.parametrize(
    "text", ["$.a", "$inputs.a", "input.a", "$input.a == 1", '"$input"', "$input.a.", "$input a", ""]
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_path(text, TAKES)


def test_another_dialect_has_calls_and_literals() -> None:
    text = 'jsonMerge({"a": $Input.x, "b": [1, \'two\']}, $Context.y) == uuid()'
    x, y = Path(Root.INPUT, (Key("x"),)), Path(Root.CONTEXT, (Key("y"),))
    merged = Call("jsonMerge", (Object((("a", x), ("b", List((Const(1), Const("two")))))), y))
    parsed = parse(text, CLOUDFLOW)
    assert parsed.expr == eq(merged, Call("uuid", ()))
    assert parsed.notes == ()
    assert parse(unparse(parsed.expr, CLOUDFLOW), CLOUDFLOW) == parsed


@pytest.mark.parametrize("text", ["uuid()", "[1]", '{"a": 1}', "uuid", "f(1"])
def test_fdl_has_neither(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, OWN)
