"""Schedules against another implementation, and through templates, restarts and changes of the clock (fdl.md 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st
from stack_texts import flow, schedule, template

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.lang.cron import parse
from fnfkit.ports import StackRecord

Settle = Callable[[str], StackRecord]


def field(low: int, high: int, *, star: bool = True) -> st.SearchStrategy[str]:
    """A field of the grammar both implementations share: stars, numbers, ranges, steps and lists."""
    number = st.integers(low, high)
    # A range of one number means every number to croniter.
    pairs = st.tuples(number, number).filter(lambda pair: pair[0] != pair[1])
    span = pairs.map(lambda pair: f"{min(pair)}-{max(pair)}")
    stepped = st.tuples(span, st.integers(1, 9)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    part = st.one_of(number.map(str), span, stepped) if star else st.one_of(number.map(str), span)
    listed = st.lists(part, min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), listed, st.integers(2, 9).map("*/{}".format)) if star else listed


DAYS = st.one_of(
    st.just(("*", "*")),
    field(1, 28, star=False).map(lambda day: (day, "*")),
    st.sampled_from(["MON-FRI", "SUN", "1,3,5", "0-2"]).map(lambda day: ("*", day)),
    st.tuples(field(1, 28, star=False), st.sampled_from(["MON", "2,4"])),
)
INSTANTS = st.integers(1_577_836_800, 1_893_456_000)


@settings(max_examples=100, deadline=None)
@given(
    second=st.integers(0, 59),
    minute=field(0, 59),
    hour=field(0, 23),
    month=st.one_of(st.just("*"), st.sampled_from(["JAN", "6-9", "2,12"])),
    days=DAYS,
    after=INSTANTS,
    zone=st.sampled_from(["UTC", "Asia/Shanghai", "Asia/Kolkata"]),
)
def test_firings_agree_with_croniter(
    second: int, minute: str, hour: str, month: str, days: tuple[str, str], after: int, zone: str
) -> None:
    text = f"{second} {minute} {hour} {days[0]} {month} {days[1]}"
    timetable = parse(f"CRON_TZ={zone} {text}")
    start = datetime.fromtimestamp(after, UTC).astimezone(ZoneInfo(zone))
    other = croniter(text, start, second_at_beginning=True)
    at = after * 1000
    for _ in range(3):
        at = timetable.next(at)
        assert at == other.get_next(datetime).timestamp() * 1000, text


@pytest.mark.parametrize(
    ("cron", "start", "expected"),
    [
        # New York moves from 02:00 to 03:00 on 8 March 2020: 02:30 does not exist that day.
        ("0 30 2 * * *", "2020-03-07T12:00", ["2020-03-09T06:30Z", "2020-03-10T06:30Z"]),
        # and from 02:00 back to 01:00 on 1 November: 01:30 exists twice.
        ("0 30 1 * * *", "2020-10-31T12:00", ["2020-11-01T05:30Z", "2020-11-01T06:30Z", "2020-11-02T06:30Z"]),
        # Times elsewhere in the day follow local time.
        ("0 0 12 * * *", "2020-03-07T00:00", ["2020-03-07T17:00Z", "2020-03-08T16:00Z"]),
    ],
)
def test_summer_time_through_a_schedule(cron: str, start: str, expected: list[str]) -> None:
    begun = int(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("America/New_York")).timestamp() * 1000)
    with Cloud(clock=VirtualClock(begun)) as cloud:
        text = template({"F": flow("f"), "S": schedule("f", CronExpression=f"CRON_TZ=America/New_York {cron}")})
        text = text.replace("FlowName: f", "FlowName: {Ref: F}")
        cloud.stacks.create_stack("s", text)
        cloud.run_until_idle()
        cloud.advance(72 * 3600)
        started = [item.started for item in cloud.flows.list_executions("f", limit=100).items]
        told = [datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ") for at in sorted(started)]
        assert told[: len(expected)] == expected


def test_no_firing_is_started_twice_by_restarts() -> None:
    store = MemoryStore(durable=True)
    seen: list[str] = []
    now = VirtualClock().now()
    for restart in range(6):
        with Cloud(clock=VirtualClock(now), store=store) as cloud:
            cloud.recover()
            if not restart:
                text = template({"F": flow("f"), "S": schedule({"Ref": "F"})})
                cloud.stacks.create_stack("s", text)
                cloud.run_until_idle()
            cloud.advance(60 * (restart + 1))
            seen = [item.name[:31] for item in cloud.flows.list_executions("f", limit=100).items]
            now = cloud.clock.now() + 30_000
    assert len(seen) == len(set(seen)) and len(seen) >= 15


def test_a_schedule_is_changed_by_its_template(cloud: Cloud, settle: Settle) -> None:
    def text(**properties: object) -> str:
        return template({"F": flow("f"), "S": schedule({"Ref": "F"}, **properties)})

    def count() -> int:
        return len(cloud.flows.list_executions("f", limit=100).items)

    settle(cloud.stacks.create_stack("s", text(Payload='{"a": 1}')))
    cloud.advance(121)
    assert count() == 2
    cloud.stacks.update_stack("s", text(Enable=False))
    settle("s")
    cloud.advance(600)
    assert count() == 2
    cloud.stacks.update_stack("s", text(CronExpression="@every 5m", Payload='{"a": 2}'))
    settle("s")
    cloud.advance(301)
    assert count() == 3
    assert '"payload":{"a":2}' in cloud.flows.list_executions("f", limit=100).items[0].input.replace(" ", "")
    cloud.stacks.update_stack("s", template({"F": flow("f")}))
    settle("s")
    cloud.advance(3600)
    assert count() == 3
