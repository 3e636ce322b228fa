"""Generated flows as FDL, as CloudFlow and as ASL on our engine, and as ASL on moto: all must do the same.

Compared are the calls in order with their events, with it retry counts, tokens and the order in which branches are
joined; back-offs and waits; the steps that are entered in order, which shows where catches and jumps lead; the status,
the output and the error. What flows written by hand show, and moto's defects there, is in `test_states_agree.py`.

A run ends with its seeds; FNFKIT_SEED is the first of them, and FNFKIT_TEST_LONG makes them 1,000.

What was found on the way and is left out of the comparison, by name:

MOTO_PARALLEL_ORDER   moto runs branches in threads, so only the order of calls within each function is compared where
                      a flow has a Parallel; and functions inside branches never fail (`generated.ALWAYS_WELL`), since
                      what the other branches have done by then is a matter of luck.
MOTO_RETRIED_TOKEN    moto keeps the outcome of a token: when a state that waits for its token is retried, the second
                      attempt sees the report of the first one, and its own report is refused. Flows with such a state
                      are run on our engine only.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from fnfkit.lang import asl, cloudflow, fdl
from fnfkit.lang.translate import accumulating, replacing
from fnfkit.model.flow import Flow, Parallel, Pattern, Step, Task, bodies
from fnfkit.model.names import FunctionRef
from tests.differential.generated import answer, made_flow, made_input
from tests.differential.moto_states import MotoStates, moto_states
from tests.differential.ours import run

FLOWS = 1_000 if os.environ.get("FNFKIT_TEST_LONG") else 40
FIRST = int(os.environ.get("FNFKIT_SEED", "1"))
TOGETHER = 10
"""Flows per test."""


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoStates]:
    with moto_states() as states:
        yield states


def forms(flow: Flow) -> tuple[dict[str, Flow], str]:
    """The flow as each language has it after writing and reading, and its ASL text for moto."""
    writing = fdl.write(flow)
    forward = replacing(flow, "flow")
    machine, states = cloudflow.write(forward.flow), asl.write(forward.flow)
    assert (*writing.unsupported, *forward.unsupported, *machine.unsupported, *states.unsupported) == ()
    readings = {
        "FDL": fdl.read(writing.text),
        "CloudFlow": cloudflow.read(machine.text),
        "ASL": asl.read(states.text),
    }
    flows: dict[str, Flow] = {}
    for name, reading in readings.items():
        assert reading.errors == ()
        assert reading.flow is not None
        flows[name] = reading.flow
    return flows, re.sub(r'"MaxConcurrency": \d+', '"MaxConcurrency": 1', states.text)


def has_parallel(steps: tuple[Step, ...]) -> bool:
    return any(isinstance(step, Parallel) or any(map(has_parallel, bodies(step))) for step in steps)


def retries_a_token(steps: tuple[Step, ...]) -> bool:
    return any(
        (isinstance(step, Task) and step.pattern is Pattern.WAIT_FOR_CALLBACK and bool(step.retry))
        or any(map(retries_a_token, bodies(step)))
        for step in steps
    )


@pytest.mark.parametrize("first", range(FIRST, FIRST + FLOWS, TOGETHER))
def test_flows_agree_on_all_engines(
    moto: MotoStates, first: int, record_property: Callable[[str, object], None]
) -> None:
    record_property("seeds", [first, first + TOGETHER - 1])
    for seed in range(first, first + TOGETHER):
        flow, input = made_flow(seed), made_input(seed)
        flows, text = forms(flow)
        ordered = not has_parallel(flow.steps)  # MOTO_PARALLEL_ORDER
        expected = run(flow, input, seed)
        for name, form in flows.items():
            assert run(form, input, seed).alike(ordered=True) == expected.alike(ordered=True), (name, seed)
        if retries_a_token(flow.steps):  # MOTO_RETRIED_TOKEN
            continue
        theirs = moto.run(text, input, seed)
        apart = zip(theirs.alike(ordered=ordered), expected.alike(ordered=ordered), strict=True)
        assert [pair for pair in apart if pair[0] != pair[1]] == [], f"seed {seed}"


def test_generated_flows_show_what_is_compared() -> None:
    """Of the flows of a long run: none of the things that are compared is rare among them."""
    shown: Counter[str] = Counter()
    for seed in range(1, 1_001):
        flow = made_flow(seed)
        done = run(flow, made_input(seed), seed)
        steps = {step.name: step for step in all_steps(flow.steps)}
        entered = [steps[name] for name in done.entered]
        shown[done.status] += 1
        shown["joins"] += any(isinstance(step, Parallel) and len(step.branches) > 1 for step in entered)
        shown["tokens"] += any(isinstance(step, Task) and step.pattern is Pattern.WAIT_FOR_CALLBACK for step in entered)
        shown["iterations"] += any(name.startswith("foreach") for name in done.entered)
        shown["choices"] += any(name.startswith("choice") for name in done.entered)
        asked = Counter(name for name, _ in done.calls)
        shown["retries"] += any(count > 1 for count in asked.values())
        given = {name: answer(seed, name, count - 1) for name, count in asked.items()}
        failed = {name for name, last in given.items() if isinstance(last, str)}
        shown["catches"] += any(
            isinstance(step, Task) and step.catch and str(step.target.function) in failed
            for step in entered
            if isinstance(step, Task) and isinstance(step.target, FunctionRef)
        )
    assert {name for name, count in shown.items() if count < 40} == set(), shown
    assert {*shown} >= {"Succeeded", "Failed", "joins", "tokens", "iterations", "choices", "retries", "catches"}


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for body in bodies(step):
            yield from all_steps(body)


@pytest.mark.parametrize("first", range(FIRST, FIRST + FLOWS * 2, TOGETHER))
def test_there_and_back_again(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        flow, input = made_flow(seed), made_input(seed)
        machine = cloudflow.read(cloudflow.write(replacing(flow, "flow").flow).text)
        assert machine.flow is not None
        back = accumulating(machine.flow)
        if back.unsupported:
            continue
        again = fdl.read(fdl.write(back.flow).text)
        assert again.errors == ()
        assert again.flow is not None
        assert run(again.flow, input, seed) == run(flow, input, seed), seed
