"""Workloads on the embedded account, in process and on virtual time."""

from __future__ import annotations

import gc
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import flows
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fnf.core import Quotas
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_sqlite import SqliteStore
from fnfkit.engine import NO_LIMITS, Settings
from fnfkit.model.json import JsonObject

MANY = Quotas(running_executions=1_000_000)
TRANSACTION = Path(__file__).parents[1] / "templates" / "transaction" / "flow.fdl.yml"


def chain(length: int) -> float:
    """Steps per second; as many executions as make 20,000 steps."""
    executions = max(1, 20_000 // length)
    with Cloud() as cloud:
        cloud.flows.create_flow("chain", flows.chain(length), description="chain")
        return executions * length / _seconds(cloud, "chain", [{}] * executions)


def polling(polls: int) -> float:
    """Polls per second of ten executions one after the other; the event limit is off, 600 polls make 7,800 events."""
    with Cloud(settings=Settings(limits=NO_LIMITS)) as cloud:
        cloud.functions.stub("bench", "start", lambda event: {"count": 0})
        cloud.functions.stub("bench", "poll", lambda event: {"count": event["count"] + 1})
        cloud.flows.create_flow("polling", flows.polling(polls), description="polling")
        return sum(polls / _seconds(cloud, "polling", [{}]) for _ in range(10)) / 10


def each(items: int) -> float:
    """Items per second."""
    executions = max(1, 10_000 // items)
    with Cloud(settings=Settings(limits=NO_LIMITS)) as cloud:
        cloud.functions.stub("bench", "one", lambda event: {"item": event["item"]}, shares=True)
        cloud.flows.create_flow("each", flows.each(), description="each")
        payload = {"items": list(range(items))}
        return items * executions / _seconds(cloud, "each", [payload] * executions)


def saga(executions: int) -> float:
    """Executions per second, in memory."""
    with Cloud() as cloud:
        return _saga(cloud, executions)


def durable_saga(executions: int) -> float:
    """Executions per second, on SQLite."""
    return _durable(lambda cloud: _saga(cloud, executions))


def waiting(executions: int) -> float:
    """Executions per second, in memory: started, waiting, reported, ended."""
    with Cloud(quotas=MANY) as cloud:
        return _waiting(cloud, executions)


def durable_waiting(executions: int) -> float:
    """Executions per second, on SQLite."""
    return _durable(lambda cloud: _waiting(cloud, executions))


def waiting_bytes(executions: int) -> float:
    """Resident bytes one waiting execution costs, its history included."""
    with Cloud(quotas=MANY) as cloud:
        tokens: list[str] = []
        _ask(cloud, tokens)
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _start(cloud, "ask", executions)
        cloud.run_until(lambda: len(tokens) == executions)
        gc.collect()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / executions


def _durable(run: Callable[[Cloud], float]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store: Store = SqliteStore(Path(folder, "account.sqlite"))
        with Cloud(store=store, quotas=MANY) as cloud:
            return run(cloud)


def _saga(cloud: Cloud, executions: int) -> float:
    def operate(event: JsonObject) -> JsonObject:
        operation = event["operation"]
        if event.get(operation) is False:
            raise SystemExit
        return {operation: "success", f"{operation}_txnID": "42"}

    cloud.functions.stub("fnf-demo", "Operation", operate)
    cloud.flows.create_flow("saga", TRANSACTION.read_text("utf-8"), description="saga")
    good: JsonObject = {f"{what}_result": True for what in ("buy_train_ticket", "reserve_flight", "reserve_hotel")}
    bad = good | {"reserve_hotel_result": False}
    return executions / _seconds(cloud, "saga", [bad if number % 4 == 0 else good for number in range(executions)])


def _ask(cloud: Cloud, tokens: list[str]) -> None:
    def ask(event: JsonObject) -> JsonObject:
        tokens.append(event["token"])
        return {}

    cloud.functions.stub("bench", "ask", ask)
    cloud.flows.create_flow("ask", flows.callback(), description="ask")


def _waiting(cloud: Cloud, executions: int) -> float:
    tokens: list[str] = []
    _ask(cloud, tokens)
    begin = time.perf_counter()
    _start(cloud, "ask", executions)
    cloud.run_until(lambda: len(tokens) == executions)
    for token in tokens:
        cloud.flows.report_task_succeeded(token, "{}")
    cloud.run_until_idle()
    assert len(tokens) == executions
    return executions / (time.perf_counter() - begin)


def _start(cloud: Cloud, flow: str, executions: int) -> None:
    for number in range(executions):
        cloud.flows.start_execution(flow, name=f"e{number}", input="{}")


def _seconds(cloud: Cloud, flow: str, inputs: list[JsonObject]) -> float:
    begin = time.perf_counter()
    for number, payload in enumerate(inputs):
        cloud.flows.start_execution(flow, name=f"e{number}-{begin}".replace(".", "-"), input=json.dumps(payload))
    cloud.run_until_idle()
    return time.perf_counter() - begin
