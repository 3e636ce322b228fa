"""Schedules as text: six-field cron and `@every` (fdl.md 7), and when they fire next.

Around daylight saving the rules are those of the Go library whose syntax this is (inferred): a local time that is
skipped does not fire, one that is repeated fires both times. `@every` counts from the moment asked about.
"""

from __future__ import annotations

import calendar
import datetime
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass

_ZONE = re.compile(r"CRON_TZ=(\S+)\s+(.*)\Z", re.DOTALL)
_EVERY = re.compile(r"@every\s+([0-9]{1,9})m\Z")
_STEP = re.compile(r"[0-9]{1,4}\Z")
_YEARS = 9
"""Years searched for a date: 29 February may be eight years away."""

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_DAY = datetime.timedelta(days=1)


class CronError(ValueError):
    """A schedule that is none; the message says which field, why, and what is allowed."""


@dataclass(frozen=True, slots=True)
class _Field:
    """What one field allows (fdl.md 7)."""

    name: str
    low: int
    high: int
    signs: str
    names: Mapping[str, int]


_FIELDS = (
    _Field("second", 0, 59, "", {}),
    _Field("minute", 0, 59, ",-*/", {}),
    _Field("hour", 0, 23, ",-*/", {}),
    _Field("day of month", 1, 31, ",-*?/", {}),
    _Field("month", 1, 12, ",-*/", _MONTHS),
    _Field("day of week", 0, 7, ",-*?", _DAYS),
)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a schedule fires. Either `every` minutes, or at the local times the other fields hold.

    Days of the week count from Sunday = 0 (inferred). `any_day` and `any_weekday` tell `*` or `?` from a list: if both
    day fields are restricted, a day that fits either fires.
    """

    every: int = 0
    second: int = 0
    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = True
    any_weekday: bool = True
    zone: str = "UTC"

    def next(self, after_ms: int) -> int:
        """The first firing strictly after an instant; both in milliseconds since 1970, UTC.

        Raises CronError if there is none within nine years.
        """
        if self.every:
            return (after_ms // 1000 + self.every * 60) * 1000
        try:
            return self._search(after_ms)
        except (OverflowError, ValueError):
            raise CronError(f"no date within {_YEARS} years of this one fits day of month and month") from None

    def _search(self, after_ms: int) -> int:
        zone = zoneinfo.ZoneInfo(self.zone)
        second = after_ms // 1000 + 1
        horizon = second + _YEARS * 366 * 86400
        while second < horizon:
            found = self._advance(second, datetime.datetime.fromtimestamp(second, zone))
            if found == second:
                return second * 1000
            second = found
        raise ValueError

    def _advance(self, second: int, local: datetime.datetime) -> int:
        """The instant itself if it fires, else a later one before which nothing fires."""
        if not self._fits(local.date()):
            return max(self._next_day(local), second + 1)
        past = local.minute * 60 + local.second
        if local.hour not in self.hours:
            return second + 3600 - past
        fitting = [minute * 60 + self.second for minute in self.minutes]
        ahead = [offset for offset in fitting if offset >= past]
        return second - past + (min(ahead) if ahead else 3600)

    def _fits(self, day: datetime.date) -> bool:
        if day.month not in self.months:
            return False
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def _next_day(self, local: datetime.datetime) -> int:
        """Midnight of the next day that fits, by local time, or of a day beyond the horizon."""
        day = local.date() + _DAY
        for _ in range(_YEARS * 366):
            if self._fits(day):
                break
            day += _DAY
        return int(datetime.datetime(day.year, day.month, day.day, tzinfo=local.tzinfo).timestamp())


def parse(text: str) -> Timetable:
    """The timetable a schedule's CronExpression spells. Raises CronError."""
    stripped = text.strip()
    if len(stripped) > 1000:
        raise CronError(f"the expression has {len(stripped)} characters; at most 1000 are read")
    if stripped.startswith("@"):
        return _every(stripped)
    zone, fields = "UTC", stripped
    if match := _ZONE.match(stripped):
        zone, fields = _zone(match[1]), match[2]
    timetable = _timetable(fields.split(), zone)
    timetable.next(0)
    return timetable


def _every(text: str) -> Timetable:
    match = _EVERY.match(text)
    if match is None or int(match[1]) == 0:
        raise CronError(f"`{text:.60}` is not `@every <N>m` with N of at least 1: minutes are the only unit")
    return Timetable(every=int(match[1]))


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise CronError(f"`{name:.60}` is not a time zone; write an IANA name such as CRON_TZ=Asia/Shanghai") from None
    return name


def _timetable(fields: list[str], zone: str) -> Timetable:
    if len(fields) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise CronError(f"a cron expression has six fields ({names}), this one has {len(fields)}")
    second, minutes, hours, days, months, weekdays = (
        _values(text, field) for text, field in zip(fields, _FIELDS, strict=True)
    )
    return Timetable(
        second=min(second),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        any_day=fields[3][0] in "*?" and "/" not in fields[3],
        any_weekday=fields[5][0] in "*?",
        zone=zone,
    )


def _values(text: str, field: _Field) -> frozenset[int]:
    for sign in ",-*?/":
        if sign in text and sign not in field.signs:
            hint = "; schedules fire once a minute at most" if not field.signs else ""
            raise CronError(f"{field.name} `{text:.60}`: `{sign}` is not allowed in this field{hint}")
    return frozenset(value for part in text.split(",") for value in _range(part, field))


def _range(part: str, field: _Field) -> range:
    body, slash, step = part.partition("/")
    if slash and not (_STEP.match(step) and int(step)):
        raise CronError(f"{field.name} `{part:.60}`: the step after `/` must be a number above 0")
    low_text, dash, high_text = body.partition("-")
    if body in ("*", "?"):
        low, high = field.low, min(field.high, 6) if field.names is _DAYS else field.high
    else:
        low = _value(low_text, field)
        high = _value(high_text, field) if dash else (field.high if slash else low)
    if low > high:
        raise CronError(f"{field.name} `{part:.60}`: the range begins after its end")
    return range(low, high + 1, int(step) if slash else 1)


def _value(text: str, field: _Field) -> int:
    if (named := field.names.get(text.upper())) is not None:
        return named
    if re.fullmatch("[0-9]{1,4}", text) and field.low <= int(text) <= field.high:
        return int(text)
    names = f" or {', '.join(field.names)}" if field.names else ""
    raise CronError(f"{field.name} `{text:.60}` is not a number from {field.low} to {field.high}{names}")
