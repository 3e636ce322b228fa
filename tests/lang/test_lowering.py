"""What the places of FDL mean in the model (fdl.md 3.2, 3.3)."""

from __future__ import annotations

import textwrap

from fnfkit.lang.fdl import read
from fnfkit.model.expr import (
    EMPTY,
    EVERYTHING,
    INPUT,
    RESULT,
    SCOPE_INPUT,
    And,
    Compare,
    Comparison,
    Const,
    Key,
    List,
    Object,
    Path,
    Root,
    Wild,
)
from fnfkit.model.flow import Arm, Choice, Fail, Flow, Foreach, Parallel, Pass, Pattern, Retry, Task, Wait
from fnfkit.model.names import ActionRef, FunctionRef, QueueRef, Unresolved


def flow(steps: str, head: str = "") -> Flow:
    reading = read(f"version: v1\ntype: flow\n{textwrap.dedent(head)}steps:\n{textwrap.dedent(steps)}")
    assert reading.errors == ()
    assert reading.flow is not None
    return reading.flow


def at(root: Root, *keys: str) -> Path:
    return Path(root, tuple(map(Key, keys)))


def test_defaults() -> None:
    read_flow = flow("""
    - {type: pass, name: P}
    - {type: parallel, name: Q, branches: [{steps: [{type: pass, name: R}]}]}
    - {type: foreach, name: F, iterationMapping: {collection: $.x, item: y}, steps: [{type: pass, name: S}]}
    - {type: fail, name: X}
    """)
    assert read_flow == Flow(
        steps=(
            Pass(name="P", takes=EVERYTHING, gives=RESULT),
            Parallel(name="Q", branches=((Pass(name="R"),),), gives=EMPTY),
            Foreach(name="F", collection=at(Root.INPUT, "x"), item="y", steps=(Pass(name="S"),), gives=EMPTY),
            Fail(name="X", error="", cause=""),
        ),
        takes=SCOPE_INPUT,
        gives=RESULT,
    )


def test_local_is_the_scopes_before_a_step_and_its_own_after() -> None:
    (step,) = flow("""
    - type: pass
      name: P
      inputMappings:
        - {target: a, source: $input.x}
        - {target: b, source: $local.x}
        - {target: c, source: $context.task.token}
      outputMappings:
        - {target: a, source: $input.x}
        - {target: b, source: "$local[*].x"}
        - {target: c, source: $.x}
    """).steps
    assert step.takes == Object(
        (
            ("a", at(Root.SCOPE_INPUT, "x")),
            ("b", at(Root.SCOPE_LOCAL, "x")),
            ("c", at(Root.CONTEXT, "task", "token")),
        )
    )
    result = Path(Root.RESULT, (Wild(), Key("x")))
    assert step.gives == Object((("a", at(Root.INPUT, "x")), ("b", result), ("c", Const("$.x"))))


def test_flow_mappings() -> None:
    read_flow = flow(
        "- {type: pass, name: P}",
        """
        timeoutSeconds: 60
        inputMappings: [{target: a, source: $input.x}]
        outputMappings: [{target: b, source: $input.a}, {target: c, source: $local.d}]
        """,
    )
    assert read_flow.takes == Object((("a", at(Root.SCOPE_INPUT, "x")),))
    assert read_flow.gives == Object((("b", at(Root.INPUT, "a")), ("c", at(Root.RESULT, "d"))))
    assert read_flow.timeout == 60


def test_an_empty_list_is_not_the_default() -> None:
    (step,) = flow("- {type: pass, name: P, inputMappings: [], outputMappings: []}").steps
    assert (step.takes, step.gives) == (EMPTY, EMPTY)


def test_tasks() -> None:
    task, action, placeholder = flow("""
    - type: task
      name: T
      resourceArn: acs:mns:::/queues/q/messages
      pattern: waitForCallback
      timeoutSeconds: 5
      serviceParams: {MessageBody: $, Priority: 1, Nested: {a: [$.x], b: [1]}, Text: "$5"}
      errorMappings: [{target: e, source: $local.error}, {target: i, source: $input.x}]
      retry: [{errors: [A, B], multiplier: 1.5}]
      end: true
    - {type: task, name: A, action: "fnf:StartExecution"}
    - {type: task, name: U, resourceArn: "acs:fc:::services/<s>/functions/f"}
    """).steps
    assert task == Task(
        name="T",
        target=QueueRef("q"),
        pattern=Pattern.WAIT_FOR_CALLBACK,
        timeout=5,
        params=Object(
            (
                ("MessageBody", INPUT),
                ("Priority", Const(1)),
                ("Nested", Object((("a", List((at(Root.INPUT, "x"),))), ("b", Const([1]))))),
                ("Text", Const("$5")),
            )
        ),
        on_error=Object((("e", at(Root.RESULT, "error")), ("i", at(Root.INPUT, "x")))),
        retry=(Retry(("A", "B"), 1, 86400, 3, 1.5),),
        end=True,
    )
    assert isinstance(action, Task)
    assert action.target == ActionRef("fnf", "StartExecution")
    assert isinstance(placeholder, Task)
    assert placeholder.target == Unresolved("", "acs:fc:::services/<s>/functions/f")


def test_an_unresolved_tag_is_kept() -> None:
    (step,) = flow("- {type: task, name: T, resourceArn: !Ref S/F}").steps
    assert isinstance(step, Task)
    assert step.target == Unresolved("!Ref", "S/F")


def test_choices_and_waits() -> None:
    choice, fixed, dynamic = flow("""
    - type: choice
      name: C
      choices:
        - {condition: $.a > 1 && $.b == "x", goto: W}
      default: {steps: [{type: pass, name: D}]}
    - {type: wait, name: W, duration: 3}
    - {type: wait, name: V, timestamp: $.at}
    """).steps
    assert isinstance(choice, Choice)
    assert choice.options[0].condition == And(
        Comparison(Compare.GT, at(Root.INPUT, "a"), Const(1)),
        Comparison(Compare.EQ, at(Root.INPUT, "b"), Const("x")),
    )
    assert (choice.options[0].arm, choice.default) == (Arm(goto="W"), Arm(steps=(Pass(name="D"),)))
    assert fixed == Wait(name="W", seconds=Const(3))
    assert dynamic == Wait(name="V", until=at(Root.INPUT, "at"))


def test_qualified_functions() -> None:
    (step,) = flow("- {type: task, name: T, resourceArn: 'acs:fc:::services/s.online/functions/f'}").steps
    assert isinstance(step, Task)
    assert step.target == FunctionRef("f", "s", "online")
