"""Schedules as EventBridge Scheduler has them: `rate(5 minutes)`, or six fields without seconds and with a year."""

from __future__ import annotations

import json
from collections.abc import Iterable

from fnfkit.deploy.error import DeployError
from fnfkit.dsl.app import Schedule
from fnfkit.lang.cron import CronError, Timetable, parse

TIME = "<aws.scheduler.scheduled-time>"
"""What the service puts the time of a firing in place of, as 2024-05-01T12:00:00Z."""
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def timing(schedule: Schedule) -> tuple[str, str]:
    """The expression of a schedule and its time zone. Raises `DeployError` for what the service cannot do."""
    try:
        timetable = parse(schedule.cron)
    except CronError as error:
        raise DeployError("InvalidSchedule", f"schedule {schedule.name}: {error}") from error
    if timetable.every:
        return f"rate({timetable.every} minute{'s' if timetable.every > 1 else ''})", "UTC"
    if timetable.second:
        message = f"it fires at second {timetable.second}, and EventBridge Scheduler counts in whole minutes"
        raise _inexpressible(schedule, message, "write 0 for the seconds")
    return f"cron({_fields(timetable, schedule)})", timetable.zone


def input_of(schedule: Schedule) -> str:
    """The input of the executions that a schedule starts, as flows on schedule get it (fdl.md 7)."""
    given = {"payload": schedule.payload, "triggerName": schedule.name, "triggerTime": TIME}
    return json.dumps(given, ensure_ascii=False)


def _fields(timetable: Timetable, schedule: Schedule) -> str:
    every_day = len(timetable.days) == 31
    every_weekday = len(timetable.weekdays) == 7
    restricted = not timetable.any_day and not timetable.any_weekday
    if restricted and not every_day and not every_weekday:
        message = "it fires on days of the month or of the week, and a cron expression of AWS has only one of them"
        raise _inexpressible(schedule, message, "make two schedules of it")
    # Where both day fields are restricted a day that fits either fires, so one that holds every day decides.
    both = restricted or (every_day and every_weekday)
    minutes, hours = _listed(timetable.minutes, 60), _listed(timetable.hours, 24)
    months = _listed(timetable.months, 12)
    if both or every_weekday:
        days = "*" if both else _listed(timetable.days, 31)
        return f"{minutes} {hours} {days} {months} ? *"
    weekdays = ",".join(_DAYS[day] for day in sorted(timetable.weekdays))
    return f"{minutes} {hours} ? {months} {weekdays} *"


def _listed(values: frozenset[int], all: int) -> str:
    return "*" if len(values) == all else ",".join(_ranges(sorted(values)))


def _ranges(values: Iterable[int]) -> list[str]:
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def _inexpressible(schedule: Schedule, message: str, fix: str) -> DeployError:
    told = f"schedule {schedule.name} of flow {schedule.flow}, `{schedule.cron}`: {message}"
    return DeployError("Unsupported", told, fix)
