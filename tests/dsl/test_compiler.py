"""Qualities of compiled flows beyond what they compute: names, lines, what is left out, and keys that may lack."""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Callable

import pytest

from fnfkit import CompileError, FlowFailed, caught, native, part
from fnfkit.dsl.flow import PythonFlow
from fnfkit.engine import Invoke
from fnfkit.lang.fdl.write import write
from fnfkit.model.flow import Choice, Pass, Task
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Mark
from tests.dsl.constructs import Construct, flow_of
from tests.dsl.test_goldens import app_of
from tests.engine.driver import Fails, run

INPUT = {"id": "a", "count": 1, "flag": True, "ids": [], "maybe": None, "data": {"kind": "x"}}


def flow(body: str) -> PythonFlow[..., Json]:
    return flow_of(Construct("", textwrap.dedent(body).strip()))


def names(body: str) -> list[str]:
    return [step.name for step in flow(body).compile().flow.steps]


def test_names_are_what_a_person_would_choose() -> None:
    compiled = app_of("poll_job").flows["poll_job"].compile()
    assert [step.name for step in compiled.flow.steps] == [
        *("Defaults", "CheckDelayGiven", "StartJob", "Wait10s", "GetJobStatus", "CheckJobStatus", "JobFailed", "Done"),
    ]
    trip = app_of("book_trip").flows["book_trip"].compile().flow
    assert [step.name for step in trip.steps] == [
        *("Book", "BookFlight", "BookHotel", "CancelFlight", "CancelTrain", "OrderFailed"),
    ]


def test_names_stay_under_unrelated_edits() -> None:
    before = names("item = load(id)\nwait(5)\nif item.ready:\n    save(item)")
    after = names("ask.submit(token='t', doc='d')\nitem = load(id)\nwait(5)\nwait(7)\nif item.ready:\n    save(item)")
    assert [name for name in after if name in before] == before


def test_every_step_and_condition_has_its_line() -> None:
    compiled = app_of("poll_job").flows["poll_job"].compile()
    text = linecache.getlines(compiled.file)
    lines = {place: text[mark.line - 1].strip() for place, mark in compiled.marks.items()}
    assert lines["steps", 2] == "job = start_job()"
    assert lines["steps", 4].startswith("status = get_job_status(")
    assert lines["steps", 5, "choices", 0] == 'if status.job_status == "success":'
    assert lines["steps", 5, "choices", 1] == "if tries > 3:"
    assert lines["steps", 6].startswith('fail("JobFailed"')


def test_steps_of_a_part_from_another_file_are_marked_with_its_call() -> None:
    made = flow("\nfound = poll_until(lambda: load(id), lambda item: item.ready)\nsave(found)").compile()
    call = made.marks["steps", 0]
    assert isinstance(call, Mark)
    assert linecache.getlines(made.file)[call.line - 1].strip().startswith("found = poll_until(")


def test_assignments_join_the_step_before() -> None:
    steps = (
        flow("item = load(id)\nsize = item.size\nn = 3\nload(item.id, limit=size)\nload(id, limit=n)")
        .compile()
        .flow.steps
    )
    assert [type(step) for step in steps] == [Task, Task, Task]


def test_ifs_in_a_row_are_one_choice() -> None:
    steps = flow("if count > 3:\n    fail('A')\nif flag:\n    fail('B')\nload(id)").compile().flow.steps
    assert isinstance(steps[0], Choice) and len(steps[0].options) == 2


def test_a_swap_reads_before_it_writes() -> None:
    made = flow("a = 'x'\nload(id)\nb = id\na, b = b, a\nreturn {'a': a, 'b': b}")
    with native(stubs=STUBS):
        natively = made.native(**INPUT)
    assert outcome(made, INPUT) == natively == {"a": "a", "b": "x"}


def test_a_constant_condition_leaves_no_step_behind() -> None:
    assert names("if True:\n    load(id)\nelse:\n    save(load('x'))") == ["Load"]


def test_a_missing_key_fails_in_a_condition_as_in_python() -> None:
    made = flow("if data['kind'] == 'x' and data['more'] == 'y':\n    load(id)\nreturn {}")
    assert outcome(made, {**INPUT, "data": {"kind": "other"}}) == {}
    assert outcome(made, INPUT) == "FnF.RuntimeError"
    with native(stubs=STUBS), pytest.raises(KeyError):
        made.native(**INPUT)


def test_defaults_count_when_the_key_is_absent_and_not_when_it_is_null() -> None:
    source = "fnfkit.dsl: defaults"
    made = defaults(source)
    assert outcome(made, {}) == {"n": 3, "w": None} == made.native()
    assert outcome(made, {"n": None, "w": "x"}) == {"n": None, "w": "x"} == made.native(n=None, w="x")
    assert [step.name for step in made.compile().flow.steps][:1] == ["Defaults"]


def defaults(file: str) -> PythonFlow[..., Json]:
    text = "def f(n: int | None = 3, w: str | None = None, unused: int = 1) -> dict:\n    return {'n': n, 'w': w}\n"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    made: JsonObject = {}
    exec(compile(text, file, "exec", dont_inherit=True), made)
    app = app_of("poll_job")
    app.flows.pop("f", None)
    return app.flow(made["f"])


def test_an_unused_default_costs_no_step() -> None:
    steps = defaults("fnfkit.dsl: unused").compile().flow.steps
    passes = [step for step in steps if isinstance(step, Pass)]
    assert "unused" not in str(passes)


def test_all_complaints_are_told_at_once_in_order() -> None:
    with pytest.raises(CompileError) as error:
        flow("x = count + 1\nload(x)\nfor i in ids:\n    load(i)\nload(limits=2)").compile()
    lines = [diagnostic.line for diagnostic in error.value.diagnostics]
    assert lines == sorted(lines) and len(lines) == 3


def test_a_function_without_source_is_told() -> None:
    made: JsonObject = {}
    exec("def f() -> None:\n    pass\n", made)
    with pytest.raises(CompileError, match="the source of f cannot be read"):
        app_of("poll_job").flow(name="without-source")(made["f"]).compile()
    app_of("poll_job").flows.pop("without-source")


@pytest.mark.parametrize("n", [100, 1000])
def test_long_flows_and_long_chains_compile(n: int) -> None:
    calls = "\n".join(f"r{i} = load(id, limit={i})\nif r{i}.size > {i}:\n    save(r{i})" for i in range(n))
    made = flow(f"{calls}\nreturn {{'id': r{n - 1}.id}}").compile().flow
    assert len(made.steps) == 3 * n + (1 if made.steps[-1].name == "Done" else 0)
    assert not write(made).unsupported
    chain = "if count == 0:\n    load('0')\n" + "".join(f"elif count == {i}:\n    load('{i}')\n" for i in range(1, 80))
    assert flow(chain).compile().flow.steps


STUBS = {
    "load": lambda event: {"id": event["id"], "size": 1, "ready": True, "owner": None, "tags": []},
    "save": lambda event: event["item"],
}


def outcome(made: PythonFlow[..., Json], input: JsonObject) -> Json:
    """The output on the engine, or the error's name."""
    mocks = {name: (lambda invoke, stub=stub: stub(invoke.input)) for name, stub in STUBS.items()}
    execution = run(made.compile().flow, input, mocks)
    return execution.output if execution.status == "Succeeded" else execution.error


def test_a_failing_flow_fails_alike() -> None:
    made = flow("if flag:\n    fail('Stopped', 'by flag')\nload(id)")
    assert outcome(made, INPUT) == "Stopped"
    with pytest.raises(FlowFailed, match="Stopped: by flag"):
        made.native(**INPUT)


def test_constants_can_be_looked_into() -> None:
    made = flow("x = {'a': 1, 'b': [2, 3]}\ny = x['a']\nz = x['b'][1]\nload(id)\nreturn {'y': y, 'z': z}")
    with native(stubs=STUBS):
        assert outcome(made, INPUT) == made.native(**INPUT) == {"y": 1, "z": 3}


def failing(made: PythonFlow[..., Json], **errors: type[Exception]) -> tuple[Json, Json]:
    """The outputs natively and on the engine where some functions fail."""

    def stub(name: str) -> Callable[[JsonObject], Json]:
        def answer(event: JsonObject) -> Json:
            if name in errors:
                raise errors[name]("broken")
            return {**STUBS["load"]({"id": name}), **event}

        return answer

    def mock(name: str) -> Callable[[Invoke], Json]:
        def answer(invoke: Invoke) -> Json:
            try:
                return stub(name)(invoke.input)
            except Exception as error:
                return Fails(caught(error).error, caught(error).cause)

        return answer

    with native(stubs={name: stub(name) for name in ("load", "save", "anything", "ask")}):
        natively = made.native(**INPUT)
    mocks = {name: mock(name) for name in ("load", "save", "anything", "ask")}
    return natively, run(made.compile().flow, INPUT, mocks).output


def test_the_inner_except_comes_first() -> None:
    body = """
    try:
        try:
            load(id)
        except OutOfStock:
            return {"by": "inner"}
    except Exception:
        return {"by": "outer"}
    return {"by": "none"}
    """
    made = flow(body)
    assert failing(made, load=made.body.__globals__["OutOfStock"]) == ({"by": "inner"}, {"by": "inner"})
    assert failing(made, load=ValueError) == ({"by": "outer"}, {"by": "outer"})
    assert failing(made) == ({"by": "none"}, {"by": "none"})


def test_an_except_catches_what_is_derived() -> None:
    made = flow("try:\n    load(id)\nexcept OutOfStock:\n    return {'by': 'name'}\nreturn {'by': 'none'}")
    derived = type("Rarer", (made.body.__globals__["OutOfStock"],), {})
    assert failing(made, load=derived) == ({"by": "name"}, {"by": "name"})


def test_an_argument_of_a_part_is_computed_once() -> None:
    made = flow("found = doubled(anything(n=count))\nreturn {'a': found['a'], 'b': found['b']}")
    made.body.__globals__["doubled"] = doubled
    assert failing(made) == ({"a": "anything", "b": 1}, {"a": "anything", "b": 1})


@part
def doubled(event: dict[str, object]) -> dict[str, object]:
    first = event["id"]
    second = event["n"]
    return {"a": first, "b": second}


def test_an_exception_of_python_stands_for_those_derived_from_it() -> None:
    made = flow("try:\n    load(id)\nexcept LookupError:\n    load('b')").compile().flow
    task = made.steps[0]
    assert isinstance(task, Task)
    assert set(task.catch[0].errors) == {"LookupError", "IndexError", "KeyError"}


def test_a_name_that_is_static_and_reads_as_a_path_is_refused_too() -> None:
    for body in ("load('$in' + 'put.id')", "wait(until='$.x')", "load.stateful('$.id').submit('x')"):
        with pytest.raises(CompileError, match="FDL reads a text that begins like this as a path"):
            flow(body).compile()


def test_what_the_context_holds_is_not_known_in_advance() -> None:
    for body in ("load.timeout(context.step.eventId)(id)", "load(id, limit=context.step.eventId + 1)"):
        with pytest.raises(CompileError):
            flow(body).compile()
    names = flow("anything(names={'run': context.execution.name})").compile().flow
    assert "$context.execution.name" in write(names).text
