"""Schedules: what is one, and when it fires (fdl.md 7)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnfkit.lang.cron import CronError, Timetable, parse

LONG = 40 if os.environ.get("FNFKIT_TEST_LONG") else 1


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def firings(text: str, after: str, count: int = 3) -> list[str]:
    timetable, moment, found = parse(text), ms(after), []
    for _ in range(count):
        moment = timetable.next(moment)
        found.append(datetime.fromtimestamp(moment / 1000, UTC).strftime("%m-%dT%H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 * * * * *", ["01-31T12:01:00", "01-31T12:02:00", "01-31T12:03:00"]),
        ("30 0 * * * *", ["01-31T12:00:30", "01-31T13:00:30", "01-31T14:00:30"]),
        ("0 30 6 * * MON-FRI", ["02-01T06:30:00", "02-04T06:30:00", "02-05T06:30:00"]),
        ("0 0 0 * * sun,3", ["02-03T00:00:00", "02-06T00:00:00", "02-10T00:00:00"]),
        ("0 0 0 * * 7", ["02-03T00:00:00", "02-10T00:00:00", "02-17T00:00:00"]),
        ("0 0 0 * * 5-7", ["02-01T00:00:00", "02-02T00:00:00", "02-03T00:00:00"]),
        ("0 0 0 31 * ?", ["03-31T00:00:00", "05-31T00:00:00", "07-31T00:00:00"]),
        ("0 0 0 29 FEB ?", ["02-29T00:00:00"] * 3),
        ("0 0 0 1 * MON", ["02-01T00:00:00", "02-04T00:00:00", "02-11T00:00:00"]),
        ("0 0 0 */10 * MON", ["02-01T00:00:00", "02-04T00:00:00", "02-11T00:00:00"]),
        ("0 5/20 10-12/2 * JAN,MAR ?", ["01-31T12:05:00", "01-31T12:25:00", "01-31T12:45:00"]),
        ("0 0,30 9 * 12-12 *", ["12-01T09:00:00", "12-01T09:30:00", "12-02T09:00:00"]),
        ("CRON_TZ=Asia/Shanghai 0 0 2 1 * ?", ["01-31T18:00:00", "02-29T18:00:00", "03-31T18:00:00"]),
        ("CRON_TZ=UTC   0  0 0 1 1 *", ["01-01T00:00:00"] * 3),
        ("@every 15m", ["01-31T12:15:00", "01-31T12:30:00", "01-31T12:45:00"]),
        ("  @every 1m ", ["01-31T12:01:00", "01-31T12:02:00", "01-31T12:03:00"]),
    ],
)
def test_firings(text: str, expected: list[str]) -> None:
    start = "2030-01-31T12:00:00+00:00" if "FEB" in text or "1 1" in text else "2019-01-31T12:00:00+00:00"
    if "Shanghai" in text:
        start = "2024-01-31T12:00:00+00:00"
    found = firings(text, start)
    assert found == expected


def test_a_firing_is_strictly_later() -> None:
    timetable = parse("0 0 * * * *")
    moment = ms("2030-01-31T12:00:00+00:00")
    assert timetable.next(moment) == moment + 3_600_000
    assert timetable.next(moment - 1) == moment
    assert timetable.next(moment + 1) == moment + 3_600_000


def test_a_skipped_local_time_does_not_fire_and_a_repeated_one_fires_twice() -> None:
    """New York, 2024: 02:30 is missing on 10 March, 01:30 is there twice on 3 November."""
    text = "CRON_TZ=America/New_York 0 30 1,2 * * *"
    assert firings(text, "2024-03-09T12:00:00+00:00") == ["03-10T06:30:00", "03-11T05:30:00", "03-11T06:30:00"]
    assert firings(text, "2024-11-03T00:00:00+00:00") == ["11-03T05:30:00", "11-03T06:30:00", "11-03T07:30:00"]


def test_half_hour_shifts() -> None:
    """Lord Howe Island goes back half an hour, from 02:00 to 01:30, on 7 April 2024 at 15:00 UTC of the 6th."""
    text = "CRON_TZ=Australia/Lord_Howe 0 */15 1 * * *"
    found = firings(text, "2024-04-06T13:59:00+00:00", 7)
    assert found == [
        *("04-06T14:00:00", "04-06T14:15:00", "04-06T14:30:00", "04-06T14:45:00"),
        *("04-06T15:00:00", "04-06T15:15:00", "04-07T14:30:00"),
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "six fields"),
        ("* * * * *", "six fields"),
        ("0 0 0 * * ? 2030", "six fields"),
        ("* * * * * *", "once a minute at most"),
        ("0,30 * * * * *", "once a minute at most"),
        ("*/10 * * * * *", "once a minute at most"),
        ("60 * * * * *", "second `60` is not a number from 0 to 59"),
        ("0 60 * * * *", "minute `60`"),
        ("0 0 24 * * *", "hour `24`"),
        ("0 0 0 0 * *", "day of month `0`"),
        ("0 0 0 * 13 *", "JAN, FEB"),
        ("0 0 0 * * 8", "SUN, MON"),
        ("0 ? * * * *", "`?` is not allowed"),
        ("0 0 0 * ? *", "`?` is not allowed"),
        ("0 0 0 * * */2", "`/` is not allowed"),
        ("0 */0 * * * *", "the step after `/`"),
        ("0 */x * * * *", "the step after `/`"),
        ("0 1, * * * *", "minute `` is not a number"),
        ("0 1-2-3 * * * *", "minute `2-3`"),
        ("0 30-10 * * * *", "begins after its end"),
        ("0 0 0 * * FRI-MON", "begins after its end"),
        ("0 0 0 30 2 ?", "no date within 9 years"),
        ("0 0 0 31 APR,JUN ?", "no date within 9 years"),
        ("0 ١ * * * *", "minute `١`"),
        ("@every 5s", "minutes are the only unit"),
        ("@every 0m", "at least 1"),
        ("@every 1.5m", "`@every 1.5m` is not"),
        ("@every m", "is not"),
        ("@daily", "`@daily` is not"),
        ("CRON_TZ=Mars/Base 0 0 0 * * *", "`Mars/Base` is not a time zone"),
        ("CRON_TZ=../../etc/passwd 0 0 0 * * *", "is not a time zone"),
        ("CRON_TZ=Asia 0 0 0 * * *", "is not a time zone"),
        ("TZ=Asia/Tokyo 0 0 0 * * *", "six fields"),
        ("0 " * 3000, "at most 1000"),
    ],
)
def test_what_is_no_schedule(text: str, part: str) -> None:
    with pytest.raises(CronError) as caught:
        parse(text)
    assert part in str(caught.value)


def test_the_end_of_time() -> None:
    with pytest.raises(CronError):
        parse("0 0 0 1 1 *").next(ms("9999-12-31T00:00:00+00:00"))


FIELDS = st.tuples(
    st.sampled_from(("*", "0", "*/7", "5-9", "1,59")),
    st.sampled_from(("*", "0", "1,2", "*/5", "23")),
    st.sampled_from(("*", "?", "1", "31", "*/9", "10-20")),
    st.sampled_from(("*", "JAN", "2-4", "*/6", "12")),
    st.sampled_from(("*", "?", "MON", "0,6", "1-5")),
)
ZONES = st.sampled_from(("UTC", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Shanghai"))


def fits(timetable: Timetable, moment: datetime) -> bool:
    """The definition itself, minute by minute."""
    day, weekday = moment.day in timetable.days, moment.isoweekday() % 7 in timetable.weekdays
    both = day and weekday if timetable.any_day or timetable.any_weekday else day or weekday
    return (
        both
        and moment.month in timetable.months
        and moment.hour in timetable.hours
        and moment.minute in timetable.minutes
        and moment.second == timetable.second
    )


@settings(max_examples=60 * LONG, deadline=None, database=None, derandomize=LONG == 1)
@given(FIELDS, ZONES, st.integers(ms("2015-01-01T00:00:00+00:00"), ms("2030-01-01T00:00:00+00:00")))
def test_next_agrees_with_the_definition(fields: tuple[str, ...], zone: str, after: int) -> None:
    timetable = parse(f"CRON_TZ={zone} 0 {' '.join(fields)}")
    found = timetable.next(after)
    assert found > after
    tz = ZoneInfo(zone)
    assert fits(timetable, datetime.fromtimestamp(found / 1000, tz))
    minute = datetime.fromtimestamp(after // 60_000 * 60 + 60, tz).astimezone(UTC)
    for _ in range(3000):
        if minute.timestamp() * 1000 >= found:
            break
        assert not fits(timetable, minute.astimezone(tz))
        minute += timedelta(minutes=1)


def test_every_minute_of_a_day_of_change() -> None:
    timetable, moment = parse("CRON_TZ=America/New_York 0 * * * * *"), ms("2024-11-02T12:00:00+00:00")
    found = []
    for _ in range(2 * 24 * 60):
        moment = timetable.next(moment)
        found.append(moment)
    assert {later - earlier for earlier, later in pairwise(found)} == {60_000}
