"""Durable workflows on DBOS with SQLite: the strongest durable peer that installs offline."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def _launched() -> Iterator[Any]:
    from dbos import DBOS

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'dbos.sqlite')}"
        DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})
        yield DBOS
        DBOS.destroy()


def saga(executions: int) -> float:
    """Executions per second: three bookings, one in four fails at the last and compensates two."""
    with _launched() as DBOS:

        @DBOS.step()
        def book(what: str, works: bool) -> str:
            if not works:
                raise RuntimeError(what)
            return what

        @DBOS.step()
        def cancel(what: str) -> str:
            return what

        @DBOS.workflow()
        def order(works: bool) -> str:
            book("train", True)
            book("flight", True)
            try:
                book("hotel", works)
            except Exception:
                cancel("flight")
                cancel("train")
                return "failed"
            return "succeeded"

        DBOS.launch()
        return _rate(executions, lambda: [order(number % 4 != 0) for number in range(executions)])


def waiting(executions: int) -> float:
    """Executions per second: each waits for a message, then all are sent one."""
    with _launched() as DBOS:

        @DBOS.workflow()
        def waiter() -> str:
            return str(DBOS.recv("done", timeout_seconds=120))

        DBOS.launch()

        def run() -> None:
            handles = [DBOS.start_workflow(waiter) for _ in range(executions)]
            for handle in handles:
                DBOS.send(handle.workflow_id, "x", "done")
            for handle in handles:
                handle.get_result()

        return _rate(executions, run)


def _rate(count: int, run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return count / (time.perf_counter() - begin)
