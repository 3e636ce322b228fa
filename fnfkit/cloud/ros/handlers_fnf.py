"""ALIYUN::FNF::Flow and ALIYUN::FNF::Schedule (ros.md 7)."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from fnfkit.cloud.ros.handling import Account, Built, Order, quiet
from fnfkit.cloud.ros.handling import found as is_found
from fnfkit.model.json import Json
from fnfkit.ports import FlowRecord, ScheduleRecord

_NO_FLOW, _NO_SCHEDULE = "FlowNotExists", "ScheduleNotExists"
DESCRIPTION = "Created by Resource Orchestration"
"""The service wants a description, the resource type does not (ros.md 14): this stands in (inferred)."""


class FlowHandler:
    """A flow; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._flows = account.flows

    def exists(self, order: Order) -> bool:
        return is_found(lambda: self._flows.describe_flow(order.text("Name")), _NO_FLOW)

    def create(self, order: Order) -> Built:
        return _flow(
            self._flows.create_flow(
                order.text("Name"),
                _definition(order.properties.get("Definition")),
                description=order.text("Description") or DESCRIPTION,
                role_arn=order.text("RoleArn"),
                external_storage_location=order.text("ExternalStorageLocation"),
                execution_mode=order.text("ExecutionMode"),
            )
        )

    def update(self, order: Order) -> Built:
        return _flow(
            self._flows.update_flow(
                order.physical,
                definition=_definition(order.properties.get("Definition")),
                description=order.text("Description") or DESCRIPTION,
                role_arn=order.text("RoleArn"),
            )
        )

    def delete(self, order: Order) -> None:
        quiet(lambda: self._flows.delete_flow(order.physical or order.text("Name")), _NO_FLOW)


class ScheduleHandler:
    """A schedule of a flow. Its physical ID is blank, as the console shows it (ros.md 6.1)."""

    def __init__(self, account: Account) -> None:
        self._flows = account.flows

    def exists(self, order: Order) -> bool:
        flow, name = order.text("FlowName"), order.text("ScheduleName")
        return is_found(lambda: self._flows.describe_schedule(flow, name), _NO_FLOW, _NO_SCHEDULE)

    def create(self, order: Order) -> Built:
        return _schedule(
            self._flows.create_schedule(
                order.text("FlowName"),
                order.text("ScheduleName"),
                order.text("CronExpression"),
                description=order.text("Description"),
                payload=order.text("Payload"),
                enabled=_enabled(order),
            )
        )

    def update(self, order: Order) -> Built:
        return _schedule(
            self._flows.update_schedule(
                order.text("FlowName"),
                order.text("ScheduleName"),
                cron=order.text("CronExpression"),
                description=order.text("Description"),
                payload=order.text("Payload"),
                enabled=_enabled(order),
            )
        )

    def delete(self, order: Order) -> None:
        flow, name = order.text("FlowName"), order.text("ScheduleName")
        quiet(lambda: self._flows.delete_schedule(flow, name), _NO_FLOW, _NO_SCHEDULE)


def _enabled(order: Order) -> bool:
    """On unless switched off: the default of another tool for the same API (ros.md 7, inferred)."""
    return order.flag("Enable") is not False


def _definition(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _flow(record: FlowRecord) -> Built:
    times = {"CreatedTime": _stamp(record.created), "LastModifiedTime": _stamp(record.modified)}
    return Built(record.name, {"Name": record.name, "Id": record.id, **times})


def _schedule(record: ScheduleRecord) -> Built:
    return Built("", {"FlowName": record.flow, "ScheduleId": record.id, "ScheduleName": record.name})


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
