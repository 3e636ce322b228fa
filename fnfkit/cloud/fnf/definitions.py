"""Flows: create, update, describe, list and delete."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from fnfkit.cloud.fnf.check import (
    DESCRIPTION_CHARS,
    check_choice,
    check_definition,
    check_length,
    check_limit,
    check_name,
    check_reading,
    check_role,
    shown,
)
from fnfkit.cloud.fnf.core import Core
from fnfkit.cloud.fnf.run import Revision, StoredFlow, program_of
from fnfkit.engine import Program
from fnfkit.lang import dialects
from fnfkit.ports import FlowAlreadyExists, FlowRecord, InvalidArgument, Page, ResourceThrottled

_LARGEST_PAGE = 1000
_MODES = ("", "Standard", "Express")


class Definitions:
    """The flows of the account."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def create(self, record: FlowRecord) -> FlowRecord:
        """Stores a new flow; id and times of the record are set here.

        Raises InvalidArgument, EntityTooLarge, FlowAlreadyExists, ResourceThrottled.
        """
        check_name(record.name, "Name")
        check_choice(record.type, "Type", ("FDL",))
        check_choice(record.execution_mode, "ExecutionMode", _MODES)
        check_length(record.description, "Description", DESCRIPTION_CHARS)
        check_length(record.external_storage_location, "ExternalStorageLocation", 1024)
        check_role(record.role_arn)
        mode = record.execution_mode or "Standard"
        program = _accept(record.definition, record.name, mode)
        core = self._core
        with core.lock:
            if record.name in core.registry.flows:
                raise FlowAlreadyExists(f"Flow {record.name} already exists.")
            self._check_quota()
            now = core.clock.now()
            record = replace(record, id=core.ids.uuid(), execution_mode=mode, created=now, modified=now)
            flow = StoredFlow(record, Revision(1, record.definition, program, mode=mode), core.settings)
            core.registry.flows[record.name] = flow
            core.archive.save_flow(flow)
            core.store.commit()
            return record

    def update(
        self, name: str, *, definition: str | None, description: str | None, type: str | None, role_arn: str | None
    ) -> FlowRecord:
        """Changes the fields that are given; running executions keep their definition (api-fnf.md 6).

        Raises InvalidArgument, EntityTooLarge, FlowNotExists.
        """
        check_name(name, "Name")
        check_choice("FDL" if type is None else type, "Type", ("FDL",))
        if description is not None:
            check_length(description, "Description", DESCRIPTION_CHARS)
        check_role(role_arn or "")
        definition = check_definition(definition) if definition is not None else None
        core = self._core
        with core.lock:
            flow = core.registry.get(name)
            old = flow.record
            mode = old.execution_mode
            program = _accept(definition, name, mode) if definition is not None else None
            flow.record = replace(
                old,
                definition=old.definition if definition is None else definition,
                description=old.description if description is None else description,
                role_arn=old.role_arn if role_arn is None else role_arn,
                modified=core.clock.now(),
            )
            flow.settings = replace(flow.settings, role=flow.record.role_arn)
            if program is not None:
                flow.revision = Revision(flow.revision.number + 1, flow.record.definition, program, mode=mode)
                flow.revisions[flow.revision.number] = flow.revision
            core.archive.save_flow(flow)
            core.store.commit()
            return flow.record

    def describe(self, name: str) -> FlowRecord:
        """A flow. Raises InvalidArgument, FlowNotExists."""
        check_name(name, "Name")
        with self._core.lock:
            return self._core.registry.get(name).record

    def list(self, next_token: str | None, limit: int | None) -> Page[FlowRecord]:
        """Flows by name (the order is inferred); the token is the name to start from. Raises InvalidArgument."""
        size = check_limit(limit, _LARGEST_PAGE)
        if next_token:
            check_name(next_token, "NextToken")
        with self._core.lock:
            flows = self._core.registry.flows
            names = sorted(flows)
            first = bisect_left(names, next_token) if next_token else 0
            page = names[first : first + size]
            following = names[first + size : first + size + 1]
            return Page(tuple(flows[name].record for name in page), following[0] if following else None)

    def delete(self, name: str) -> StoredFlow:
        """Removes a flow; its running executions stop after their current step (api-fnf.md 6).

        Raises InvalidArgument, FlowNotExists.
        """
        check_name(name, "Name")
        core = self._core
        with core.lock:
            flow = core.registry.get(name)
            del core.registry.flows[name]
            flow.retired = True
            core.archive.retire_flow(flow)
            flow.runs = {name: run for name, run in flow.runs.items() if not run.ended}
            if flow.runs or flow.express:
                core.registry.retired.append(flow)
                core.runner.retire(flow)
            core.store.commit()
            return flow

    def _check_quota(self) -> None:
        most = self._core.quotas.flows
        if most is not None and len(self._core.registry.flows) >= most:
            # No page names the code for a quota; this one means "not now" (inferred).
            raise ResourceThrottled(f"This account has {most} flows, its quota; delete some.")


def _accept(definition: str, name: str, mode: str) -> Program:
    """The program of a definition that is right for the flow's name and mode (cloudflow.md 1, 7)."""
    reading = dialects.read(check_definition(definition))
    check_reading(reading)
    if reading.flow is None:
        raise InvalidArgument("Definition: it is not a flow.")
    title = reading.flow.title
    if not reading.flow.accumulates and title != name:
        raise InvalidArgument(f"Definition: its Name is {shown(title)}; it must be the flow's own, {name}.")
    try:
        return program_of(reading, mode)
    except ValueError as error:
        raise InvalidArgument(f"Definition: {error}.") from None
