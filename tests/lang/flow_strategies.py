"""Strategies for what FDL can express: paths, conditions, constants and whole flows."""

from __future__ import annotations

from hypothesis import strategies as st

from fnfkit.model.expr import (
    EMPTY,
    EVERYTHING,
    RESULT,
    SCOPE_INPUT,
    And,
    Compare,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    Negative,
    Not,
    Object,
    Or,
    Path,
    Root,
    Slice,
    Wild,
)
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Pattern,
    Retry,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, TopicRef, Unresolved

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12),
    st.sampled_from(
        ("", "yes", "0", "~", "null", "1e5", "a: b", "# x", "- y", "\t", "a\nb", "é\u2028\x85", "$x", "<<<")
    ),
)
IDENTIFIER = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
SCALAR = st.none() | st.booleans() | WHOLE | FLOAT | TEXT
CONSTANT = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=6,
)
SMALL = st.integers(-3, 3)
PART = st.one_of(
    IDENTIFIER.map(Key),
    TEXT.map(Key),
    SMALL.map(Index),
    st.just(Wild()),
    st.builds(Slice, st.none() | SMALL, st.none() | SMALL),
)


def paths(*roots: Root) -> st.SearchStrategy[Path]:
    return st.builds(Path, st.sampled_from(roots), st.lists(PART, max_size=4).map(tuple))


def _wider(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(Comparison, st.sampled_from(Compare), inner, inner),
        st.builds(And, inner, inner),
        st.builds(Or, inner, inner),
        st.builds(Not, inner),
        st.builds(Negative, inner),
    )


CONDITION: st.SearchStrategy[Expr] = st.recursive(paths(Root.INPUT) | SCALAR.map(Const), _wider, max_leaves=12)


def _is_text_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("$input", "$local", "$context"))


def mappings(*roots: Root) -> st.SearchStrategy[Expr]:
    source = paths(*roots) | CONSTANT.filter(lambda value: not _is_text_path(value)).map(Const)
    return st.lists(st.tuples(TEXT, source), max_size=3).map(lambda fields: Object(tuple(fields)))


TAKES = st.just(EVERYTHING) | mappings(Root.SCOPE_INPUT, Root.SCOPE_LOCAL, Root.CONTEXT)
OUTPUT = mappings(Root.INPUT, Root.RESULT, Root.CONTEXT)
GIVES = st.just(RESULT) | OUTPUT
ERRORS = st.lists(TEXT, min_size=1, max_size=2).map(tuple)
RETRY = st.builds(
    Retry,
    ERRORS,
    st.integers(1, 86400),
    st.integers(1, 86400),
    st.integers(0, 20),
    st.integers(1, 5) | st.floats(1, 100),
)
TARGET = st.one_of(
    st.just(FunctionRef("f", "s")),
    st.just(FunctionRef("f", "s", "online", "cn-hangzhou", "123")),
    st.just(FunctionRef("f", "", "LATEST")),
    st.just(FlowRef("child")),
    st.just(QueueRef("q")),
    st.just(TopicRef("t", account="1")),
    st.just(ActionRef("fnf", "StartExecution")),
    st.just(Unresolved("!Ref", "A/B")),
    st.just(Unresolved("", "<arn>")),
)
PARAMS = st.dictionaries(
    TEXT, paths(Root.INPUT) | SCALAR.filter(lambda v: not str(v).startswith("$")).map(Const), max_size=3
)


class Names:
    """Names that no other step of the flow has, some of them awkward."""

    def __init__(self) -> None:
        self.count = 0

    def next(self, text: str) -> str:
        self.count += 1
        return f"{text}{self.count}"


@st.composite
def sequences(draw: st.DrawFn, names: Names, depth: int) -> tuple[Step, ...]:
    """Steps whose jumps reach their neighbours only."""
    own = [names.next(draw(TEXT)) for _ in range(draw(st.integers(1, 3)))]
    return tuple(draw(_step(name, own, names, depth)) for name in own)


@st.composite
def _step(draw: st.DrawFn, name: str, siblings: list[str], names: Names, depth: int) -> Step:
    kinds = ["task", "pass", "wait", "succeed", "fail"] + ["choice", "parallel", "foreach"] * (depth > 0)
    kind = draw(st.sampled_from(kinds))
    takes, gives, end = draw(TAKES), draw(GIVES), draw(st.booleans())
    container = gives if gives != RESULT else EMPTY
    match kind:
        case "task":
            return draw(_task(name, siblings, takes, gives, end=end))
        case "wait":
            seconds = draw(st.none() | st.integers(0, 172800).map(Const) | paths(Root.INPUT))
            until = draw(st.just(Const("2030-01-31T08:00:00Z")) | paths(Root.INPUT)) if seconds is None else None
            return Wait(name=name, seconds=seconds, until=until, takes=takes, gives=gives, end=end)
        case "choice":
            options = draw(st.lists(_option(siblings, names, depth), min_size=1, max_size=2))
            default = draw(st.none() | _arm(siblings, names, depth))
            return Choice(name=name, options=tuple(options), default=default, takes=takes, gives=gives, end=end)
        case "parallel":
            branches = draw(st.lists(sequences(names, depth - 1), min_size=1, max_size=2))
            return Parallel(name=name, branches=tuple(branches), takes=takes, gives=container, end=end)
        case "foreach":
            collection, index = draw(paths(Root.INPUT)), draw(st.none() | TEXT)
            body = draw(sequences(names, depth - 1))
            item = draw(TEXT)
            return Foreach(
                name=name,
                collection=collection,
                item=item,
                index=index,
                steps=body,
                takes=takes,
                gives=container,
                end=end,
            )
        case "succeed":
            return Succeed(name=name, takes=takes, gives=gives)
        case "fail":
            return Fail(name=name, error=draw(TEXT), cause=draw(TEXT), takes=takes, gives=gives)
        case _:
            return Pass(name=name, takes=takes, gives=gives, end=end)


@st.composite
def _task(draw: st.DrawFn, name: str, siblings: list[str], takes: Expr, gives: Expr, *, end: bool) -> Task:
    target = draw(TARGET)
    patterns = {ActionRef: [Pattern.REQUEST_RESPONSE]}.get(
        type(target), [Pattern.REQUEST_RESPONSE, Pattern.WAIT_FOR_CALLBACK]
    )
    return Task(
        name=name,
        target=target,
        pattern=draw(st.sampled_from(patterns)),
        params=draw(st.none() | PARAMS.map(lambda fields: Object(tuple(fields.items())))),
        timeout=draw(st.none() | st.integers(1, 10**6)),
        retry=tuple(draw(st.lists(RETRY, max_size=2))),
        catch=tuple(draw(st.lists(st.builds(Catch, ERRORS, st.sampled_from(siblings)), max_size=2))),
        on_error=draw(st.none() | OUTPUT),
        takes=takes,
        gives=gives,
        end=end,
    )


@st.composite
def _arm(draw: st.DrawFn, siblings: list[str], names: Names, depth: int) -> Arm:
    steps = draw(st.just(()) | sequences(names, depth - 1))
    return Arm(steps=steps, goto=draw(st.none() | st.sampled_from(siblings)))


@st.composite
def _option(draw: st.DrawFn, siblings: list[str], names: Names, depth: int) -> When:
    return When(condition=draw(CONDITION), arm=draw(_arm(siblings, names, depth)))


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Correct flows that FDL can express."""
    return Flow(
        steps=draw(sequences(Names(), 2)),
        takes=draw(st.just(SCOPE_INPUT) | mappings(Root.SCOPE_INPUT, Root.CONTEXT)),
        gives=draw(GIVES),
        timeout=draw(st.none() | st.integers(1, 10**6)),
    )
