"""`time` and `datetime` on the cloud's clock, as modules for the code of one function instance.

The platform's machines run on UTC (inferred: it is the runtimes' default), so local time is UTC too.
"""

from __future__ import annotations

import calendar
import datetime
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fnfkit.model.json import Json

Now = Callable[[], int]
"""Unix milliseconds on the cloud's clock."""


def copy_of(module: ModuleType) -> ModuleType:
    """A module of the same name and contents, to be changed freely."""
    copy = ModuleType(module.__name__, module.__doc__)
    vars(copy).update(vars(module))
    return copy


def time_module(now: Now, sleep: Callable[[float], None]) -> ModuleType:
    """The `time` module: every clock is the cloud's, and `sleep` lets its time pass."""

    def seconds() -> float:
        return now() / 1000

    def nanoseconds() -> int:
        return now() * 1_000_000

    def gmtime(secs: float | None = None) -> time.struct_time:
        return time.gmtime(seconds() if secs is None else secs)

    def strftime(format: str, t: Json = None) -> str:
        return time.strftime(format, gmtime() if t is None else t)

    def asctime(t: Json = None) -> str:
        return time.asctime(gmtime() if t is None else t)

    module = copy_of(time)
    vars(module).update(
        dict.fromkeys(("time", "monotonic", "perf_counter"), seconds),
        **dict.fromkeys(("time_ns", "monotonic_ns", "perf_counter_ns"), nanoseconds),
        **dict.fromkeys(("gmtime", "localtime"), gmtime),
        sleep=sleep,
        strftime=strftime,
        asctime=asctime,
        ctime=lambda secs=None: time.asctime(gmtime(secs)),
        mktime=lambda t: float(calendar.timegm(t)),
        timezone=0,
        altzone=0,
        daylight=0,
        tzname=("UTC", "UTC"),
    )
    return module


class _Like(type):
    """Makes a class stand for the standard one it extends in isinstance and issubclass."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _standard(cls))

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _standard(cls))


def _standard(cls: type) -> type:
    return next(base for base in cls.__mro__ if base in (datetime.datetime, datetime.date))


def datetime_module(now: Now) -> ModuleType:
    """The `datetime` module: `now`, `utcnow` and `today` are the cloud's."""
    utc = datetime.UTC
    standard = datetime.datetime

    class CloudDate(datetime.date, metaclass=_Like):
        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(now() / 1000)

        @classmethod
        def fromtimestamp(cls, timestamp: float, /) -> Any:
            day = standard.fromtimestamp(timestamp, utc)
            return cls(day.year, day.month, day.day)

        def __reduce_ex__(self, protocol: Any) -> Any:
            return datetime.date(self.year, self.month, self.day).__reduce_ex__(protocol)

    class CloudDatetime(datetime.datetime, metaclass=_Like):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(now() / 1000, tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now()

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def fromtimestamp(cls, timestamp: float, tz: datetime.tzinfo | None = None) -> Any:
            moment = super().fromtimestamp(timestamp, tz or utc)
            return moment if tz else moment.replace(tzinfo=None)

        def timestamp(self) -> float:
            return standard.timestamp(self if self.tzinfo else self.replace(tzinfo=utc))

        def __reduce_ex__(self, protocol: Any) -> Any:
            return standard.combine(self.date(), self.timetz()).__reduce_ex__(protocol)

    module = copy_of(datetime)
    for kind, name in ((CloudDate, "date"), (CloudDatetime, "datetime")):
        kind.__name__ = kind.__qualname__ = name
        kind.__module__ = "datetime"
        setattr(module, name, kind)
    return module
