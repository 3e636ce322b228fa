"""What the store keeps of flows and executions, and how it is found again.

| table | key | holds |
|---|---|---|
| flow, retired | flow name, flow id | the flow, and the number of its newest revision |
| revision | flow id / number | a definition |
| live | flow id / execution name | how a running execution was started; its journal is the stream of the same key |
| ended | flow id / execution name | an ended execution and its history |
| order | flow id / start order, newest first | the name of an ended execution |
| callback | flow id / execution name | a report that is still to be made for an ended execution |
| schedule | flow id / schedule name | a schedule, and when it fired last |

What is left in `live` of an execution that is in `ended` is garbage: it is collected in bulk, since that touches fewer
pages of a file. Under `order`, the key flow id / 0 tells when an execution ended last, so that virtual time does not
fall back after a crash; it is there because the page it is on is written anyway.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

import orjson

from fnfkit.cloud.fnf.journal import decode_history, encode_history
from fnfkit.cloud.fnf.run import AnyRun, Ended, Revision, Run, StoredFlow
from fnfkit.cloud.store import Store
from fnfkit.engine.history import HistoryEvent
from fnfkit.engine.settings import Settings
from fnfkit.model.json import Json
from fnfkit.ports import ExecutionRecord, FlowRecord

_LAST = 10**15
"""Start orders count down from here in keys, so that the newest comes first."""
_GARBAGE = 256
"""Ended executions whose start and journal are left in the store until they are removed together."""
_HISTORIES = 8
"""Histories kept decoded, for callers who page through one."""


class Archive:
    """Flows and executions in a store. Callers hold the cloud's lock, and commit."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._histories: OrderedDict[str, list[HistoryEvent]] = OrderedDict()
        self._garbage: list[str] = []
        self._ends: dict[str, int] = {}
        """By flow id, what was last written of when an execution of the flow ended last."""
        self.durable = store.durable

    def save_flow(self, flow: StoredFlow) -> None:
        """Writes a flow and its newest revision."""
        if self.durable:
            row = orjson.dumps([asdict(flow.record), flow.revision.number])
            self._store.put(*_place(flow), row)
            self._store.put("revision", _revision_key(flow, flow.revision.number), flow.revision.definition.encode())

    def load_flows(self) -> Iterator[StoredFlow]:
        """Every flow the store has, the deleted ones that still have running executions included."""
        for table in ("flow", "retired"):
            for _, row in list(self._store.scan(table)):
                fields, number = orjson.loads(row)
                record = FlowRecord(**fields)
                flow = StoredFlow(
                    record, Revision(number, record.definition, mode=record.execution_mode), self._settings
                )
                flow.retired = table == "retired"
                yield flow

    def retire_flow(self, flow: StoredFlow) -> None:
        """Forgets everything about a flow that was marked as retired but its running executions."""
        if not self.durable:
            return
        self._collect()
        self._ends.pop(flow.id, None)
        self._store.delete("flow", flow.record.name)
        if any(not run.ended for run in flow.runs.values()):
            self.save_flow(flow)
        else:
            self.bury_flow(flow)
        prefix = f"{flow.id}/"
        for table in ("ended", "order", "schedule", "callback"):
            for key, _ in list(self._store.scan(table, prefix)):
                self._store.delete(table, key)

    def bury_flow(self, flow: StoredFlow) -> None:
        """Removes the last traces of a deleted flow, once none of its executions runs."""
        if self.durable:
            self._store.delete("retired", flow.id)
            for key, _ in list(self._store.scan("revision", f"{flow.id}/")):
                self._store.delete("revision", key)

    def revision(self, flow: StoredFlow, number: int) -> Revision:
        """A revision of a flow, from memory or from the store."""
        revision = flow.revisions.get(number)
        if revision is None:
            text = self._store.get("revision", _revision_key(flow, number)) or b""
            revision = flow.revisions[number] = Revision(number, text.decode(), mode=flow.record.execution_mode)
        return revision

    def open(self, run: Run) -> None:
        """Writes how an execution was started."""
        flow = run.flow
        flow.runs[run.name] = run
        if self.durable:
            row = [run.sequence, run.name, run.revision.number, run.input, run.started, run.callback, run.origin]
            self._store.put("live", run.key, orjson.dumps(row))

    def live(self, flow: StoredFlow) -> list[Json]:
        """How the running executions of a flow were started, in start order."""
        rows = list(self._store.scan("live", f"{flow.id}/"))
        self._garbage += [key for key, _ in rows if self._store.get("ended", key) is not None]
        garbage = set(self._garbage)
        self._collect()
        return sorted(orjson.loads(row) for key, row in rows if key not in garbage)

    def close(self, run: Run) -> None:
        """Writes how an execution ended, with its whole history."""
        if not self.durable:
            if run.flow.retired:
                del run.flow.runs[run.name]
            return
        del run.flow.runs[run.name]
        store, key = self._store, run.key
        self._garbage.append(key)
        if run.flow.retired:
            self._collect()
            return
        row = orjson.dumps(_ended_row(run))
        store.put("ended", key, len(row).to_bytes(4) + row + encode_history(run.execution.history))
        store.put("order", _order_key(run.flow, run.sequence), run.name.encode())
        ended = run.execution.ended_at or 0
        if self._ends.get(run.flow.id) != ended:
            self._ends[run.flow.id] = ended
            store.put("order", f"{run.flow.id}/0", b"%d" % ended)
        if len(self._garbage) >= _GARBAGE:
            self._collect()

    def _collect(self) -> None:
        for key in self._garbage:
            self._store.delete("live", key)
            self._store.drop(key)
        self._garbage.clear()

    def latest_end(self, flow: StoredFlow) -> int:
        """When an execution of a flow ended last, 0 if none has."""
        return int(self._store.get("order", f"{flow.id}/0") or 0)

    def last_sequence(self, flow: StoredFlow) -> int:
        """The start order of the newest ended execution of a flow, 0 if it has none."""
        for key, _ in self._store.scan("order", f"{flow.id}/", f"{flow.id}/1"):
            return _LAST - int(key.rpartition("/")[2])
        return 0

    def find(self, flow: StoredFlow, name: str) -> AnyRun | None:
        """An execution by name."""
        run = flow.runs.get(name)
        if run is not None or not self.durable:
            return run
        row = self._store.get("ended", f"{flow.id}/{name}")
        return self._ended(flow, orjson.loads(_head(row))) if row is not None else None

    def newest_first(self, flow: StoredFlow, start: AnyRun | None) -> Iterator[AnyRun]:
        """The executions of a flow, from `start` on."""
        in_memory = (run for run in reversed(flow.runs.values()) if start is None or run.sequence <= start.sequence)
        return heapq.merge(in_memory, self._stored(flow, start), key=_age)

    def _stored(self, flow: StoredFlow, start: AnyRun | None) -> Iterator[AnyRun]:
        first = _order_key(flow, start.sequence) if start else f"{flow.id}/1"
        for _, name in self._store.scan("order", f"{flow.id}/", first):
            run = self.find(flow, name.decode())
            if run is not None:
                yield run

    def _ended(self, flow: StoredFlow, row: Json) -> Ended:
        sequence, name, number, input, started, origin, status, output, stopped, error, cause = row
        record = ExecutionRecord(
            flow=flow.record.name,
            name=name,
            definition=self.revision(flow, number).definition,
            input=input,
            output=output,
            status=status,
            started=started,
            stopped=stopped,
        )
        history = partial(self._history, f"{flow.id}/{name}")
        return Ended(flow, record, (sequence, origin, error, cause), history)

    def _history(self, key: str) -> list[HistoryEvent]:
        history = self._histories.get(key)
        if history is None:
            row = self._store.get("ended", key) or b""
            history = decode_history(row[4 + len(_head(row)) :])
            self._histories[key] = history
            if len(self._histories) > _HISTORIES:
                self._histories.popitem(last=False)
        return history


def _ended_row(run: Run) -> Json:
    record = run.record()
    return [
        *(run.sequence, run.name, run.revision.number, run.input, run.started, run.origin),
        *(record.status, record.output, record.stopped, run.error, run.cause),
    ]


def _place(flow: StoredFlow) -> tuple[str, str]:
    return ("retired", flow.id) if flow.retired else ("flow", flow.record.name)


def _head(row: bytes) -> bytes:
    """The record of an ended execution, which its history follows."""
    return row[4 : 4 + int.from_bytes(row[:4])]


def _age(run: AnyRun) -> int:
    return -run.sequence


def _order_key(flow: StoredFlow, sequence: int) -> str:
    return f"{flow.id}/{_LAST - sequence:015d}"


def _revision_key(flow: StoredFlow, number: int) -> str:
    return f"{flow.id}/{number:09d}"
