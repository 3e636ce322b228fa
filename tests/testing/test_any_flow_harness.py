"""Whatever flow there is, in either language: coverage takes only what there is, and histories replay."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fnfkit.lang import cloudflow
from fnfkit.lang.translate import replacing
from fnfkit.model.flow import Flow
from fnfkit.ports import EventRecord
from fnfkit.testing import play, replay
from fnfkit.testing.arms import arms
from fnfkit.testing.choices import menu
from fnfkit.testing.player import Played
from fnfkit.testing.roles import is_state_machine
from fnfkit.testing.schedule import Answer, Error, Schedule, TimedOut
from fnfkit.testing.taken import located, taken
from tests.lang.flow_strategies import flows

RELAXED = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
INPUT = {"a": 1, "b": [1, 2], "c": {"d": "e"}}


def machine_of(flow: Flow) -> str:
    """The flow as a state machine, where there is one."""
    translation = replacing(flow, "any")
    writing = cloudflow.write(translation.flow)
    assume(not translation.unsupported and not writing.unsupported)
    assume(not cloudflow.read(writing.text).errors)
    return writing.text


@st.composite
def schedules(draw: st.DrawFn, flow: Flow) -> Schedule:
    """What happens to a few calls of the flow."""
    options = [
        Answer(step, number, outcome)
        for step, outcomes in menu(flow, only=(Error, TimedOut)).outcomes.items()
        for number in (1, 2)
        for outcome in outcomes
    ]
    return tuple(draw(st.lists(st.sampled_from(options), max_size=3, unique=True))) if options else ()


def records(played: Played) -> list[EventRecord]:
    return [
        EventRecord(
            id=one.id, scheduled_by=one.scheduled_by, type=one.type, step=one.step, time=one.at, detail=one.detail
        )
        for one in played.history
    ]


def check(flow: Flow, played: Played) -> None:
    there = {arm.key for arm in arms(flow)}
    found = list(taken(flow, played.history))
    assert {arm.key for arm in found} <= there
    entered = [event.step for event, _ in located(flow, played.history) if event.step in played.path]
    assert set(entered) >= set(played.path)
    assert sorted(arm.step for arm in found if arm.kind == "step") == sorted(played.path)
    options = [arm for arm in found if arm.kind == "option"]
    edges = [arm for arm in found if arm.kind == "edge"]
    assert len(options) + len(edges) <= 3 * len(played.path)


@RELAXED
@given(st.data(), flows())
def test_flows_of_fdl(data: st.DataObject, flow: Flow) -> None:
    played = play(flow, data.draw(schedules(flow)), input=INPUT)
    check(flow, played)
    assert replay(records(played), flow) is None


@RELAXED
@given(st.data(), flows())
def test_state_machines(data: st.DataObject, flow: Flow) -> None:
    text = machine_of(flow)
    machine = cloudflow.read(text).flow
    assert machine is not None
    played = play(text, data.draw(schedules(machine)), input=INPUT)
    assert is_state_machine(played.history)
    check(machine, played)
    assert replay(records(played), text) is None
