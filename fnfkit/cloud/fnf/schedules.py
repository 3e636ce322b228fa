"""Time-based schedules (fdl.md 7): each starts executions of its flow when its timetable says so.

A schedule's timer is a background timer: virtual time does not pass for schedules alone, it has to be advanced. After
a restart the firings of the time in between are not made up for, and none that was committed happens again.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from functools import partial

import orjson

from fnfkit.cloud.clock import Timer
from fnfkit.cloud.fnf.check import DESCRIPTION_CHARS, check_length, check_limit, check_name, check_object
from fnfkit.cloud.fnf.core import Core, utc
from fnfkit.cloud.fnf.executions import Executions
from fnfkit.lang.cron import CronError, Timetable, parse
from fnfkit.ports import Fault, InvalidArgument, Page, ScheduleAlreadyExists, ScheduleNotExists, ScheduleRecord

_LARGEST_PAGE = 1000

_log = logging.getLogger("fnfkit.schedules")


class _Schedule:
    __slots__ = ("flow_id", "last", "record", "timer", "timetable")

    def __init__(self, flow_id: str, record: ScheduleRecord, last: int) -> None:
        self.flow_id = flow_id
        self.record = record
        self.last = last
        """When it fired last; before that, since when it counts."""
        self.timetable: Timetable = parse(record.cron)
        self.timer: Timer | None = None

    @property
    def key(self) -> str:
        return f"{self.flow_id}/{self.record.name}"


class Schedules:
    """The schedules of the account's flows."""

    def __init__(self, core: Core, executions: Executions) -> None:
        self._core = core
        self._executions = executions
        self._schedules: dict[str, dict[str, _Schedule]] = {}
        """By flow id and name."""

    def create(self, record: ScheduleRecord) -> ScheduleRecord:
        """Stores a schedule and sets its timer; id and times of the record are set here.

        Raises InvalidArgument, EntityTooLarge, FlowNotExists, ScheduleAlreadyExists.
        """
        _check_names(record.flow, record.name)
        _check(record.cron, record.description, record.payload)
        core = self._core
        with core.lock:
            flow = core.registry.get(record.flow)
            schedules = self._schedules.setdefault(flow.id, {})
            if record.name in schedules:
                raise ScheduleAlreadyExists(f"The schedule {record.name} already exists in flow {record.flow}.")
            now = core.clock.now()
            record = replace(record, id=core.ids.uuid(), created=now, modified=now)
            schedule = schedules[record.name] = _Schedule(flow.id, record, now)
            self._save(schedule)
            core.store.commit()
            self._arm(schedule)
            return record

    def update(
        self,
        flow: str,
        name: str,
        *,
        cron: str | None,
        description: str | None,
        payload: str | None,
        enabled: bool | None,
    ) -> ScheduleRecord:
        """Changes the fields that are given; a new timetable counts from now.

        Raises InvalidArgument, EntityTooLarge, FlowNotExists, ScheduleNotExists.
        """
        with self._core.lock:
            schedule = self._find(flow, name)
            old = schedule.record
            changed = replace(
                old,
                cron=old.cron if cron is None else cron,
                description=old.description if description is None else description,
                payload=old.payload if payload is None else payload,
                enabled=old.enabled if enabled is None else enabled,
                modified=self._core.clock.now(),
            )
            _check(changed.cron, changed.description, changed.payload)
            schedule.record = changed
            if changed.cron != old.cron or changed.enabled != old.enabled:
                schedule.timetable = parse(changed.cron)
                schedule.last = changed.modified
            self._save(schedule)
            self._core.store.commit()
            self._arm(schedule)
            return changed

    def describe(self, flow: str, name: str) -> ScheduleRecord:
        """A schedule. Raises InvalidArgument, FlowNotExists, ScheduleNotExists."""
        with self._core.lock:
            return self._find(flow, name).record

    def list(self, flow: str, next_token: str | None, limit: int | None) -> Page[ScheduleRecord]:
        """Schedules by name (the order is inferred); the token is the name to start from.

        Raises InvalidArgument, FlowNotExists.
        """
        check_name(flow, "FlowName")
        size = check_limit(limit, _LARGEST_PAGE)
        start = check_name(next_token, "NextToken") if next_token else ""
        with self._core.lock:
            schedules = self._schedules.get(self._core.registry.get(flow).id, {})
            names = sorted(name for name in schedules if name >= start)
            following = names[size] if len(names) > size else None
            return Page(tuple(schedules[name].record for name in names[:size]), following)

    def delete(self, flow: str, name: str) -> None:
        """Removes a schedule. Raises InvalidArgument, FlowNotExists, ScheduleNotExists."""
        with self._core.lock:
            schedule = self._find(flow, name)
            del self._schedules[schedule.flow_id][name]
            _disarm(schedule)
            self._core.store.delete("schedule", schedule.key)
            self._core.store.commit()

    def forget(self, flow_id: str) -> None:
        """Drops the schedules of a deleted flow."""
        for schedule in self._schedules.pop(flow_id, {}).values():
            _disarm(schedule)

    def recover(self) -> int:
        """Takes up the stored schedules; returns when the last of them fired."""
        latest = 0
        for key, row in list(self._core.store.scan("schedule")):
            fields, last = orjson.loads(row)
            flow_id, _, name = key.partition("/")
            self._schedules.setdefault(flow_id, {})[name] = _Schedule(flow_id, ScheduleRecord(**fields), last)
            latest = max(latest, last)
        return latest

    def arm_all(self) -> None:
        """Sets the timers of recovered schedules, once the clock is where it was."""
        for schedules in self._schedules.values():
            for schedule in schedules.values():
                self._arm(schedule)

    def _find(self, flow: str, name: str) -> _Schedule:
        _check_names(flow, name)
        schedule = self._schedules.get(self._core.registry.get(flow).id, {}).get(name)
        if schedule is None:
            raise ScheduleNotExists(f"The schedule {name} for flow {flow} does not exist.")
        return schedule

    def _arm(self, schedule: _Schedule) -> None:
        _disarm(schedule)
        if not schedule.record.enabled:
            return
        now, due = self._core.clock.now(), schedule.last
        while due <= max(schedule.last, now - 1):
            try:
                due = schedule.timetable.next(due if schedule.timetable.every else max(due, now - 1))
            except CronError as error:
                _log.warning("schedule %s does not fire any more: %s", schedule.record.name, error)
                return
        schedule.timer = self._core.clock.call_at(due, partial(self._fire, schedule, due), background=True)

    def _fire(self, schedule: _Schedule, due: int) -> None:
        core, record = self._core, schedule.record
        with core.lock:
            if schedule.timer is None:  # cancelled while this call was on its way
                return
            schedule.last = due
            self._save(schedule)
            name = f"scheduled-exec-{utc(due).replace('-', '').replace(':', '')}-{core.ids.uuid()}"
            try:
                self._executions.start(record.flow, name, _input(record, due))
            except Fault as fault:
                _log.warning("schedule %s could not start flow %s: %s", record.name, record.flow, fault)
            core.store.commit()
            self._arm(schedule)

    def _save(self, schedule: _Schedule) -> None:
        if self._core.archive.durable:
            self._core.store.put("schedule", schedule.key, orjson.dumps([asdict(schedule.record), schedule.last]))


def _disarm(schedule: _Schedule) -> None:
    if schedule.timer is not None:
        schedule.timer.cancel()
        schedule.timer = None


def _input(record: ScheduleRecord, due: int) -> str:
    # What an absent payload becomes is not documented; the product's template has null (fdl.md 7, inferred).
    payload = orjson.loads(record.payload) if record.payload else None
    return orjson.dumps({"payload": payload, "triggerName": record.name, "triggerTime": utc(due)}).decode()


def _check_names(flow: str, name: str) -> None:
    check_name(flow, "FlowName")
    check_name(name, "ScheduleName")


def _check(cron: str, description: str, payload: str) -> None:
    check_length(cron, "CronExpression", 1000, 1)
    check_length(description, "Description", DESCRIPTION_CHARS)
    if payload:
        check_object(payload, "Payload")
    try:
        parse(cron)
    except CronError as error:
        raise InvalidArgument(f"CronExpression: {error}.") from None
