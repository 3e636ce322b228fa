"""The flow of `app.py` as plain Python."""

from typing import TypedDict

from fnfkit import App, context, elsewhere

app = App("async-tasks-native")

Done = TypedDict("Done", {"done": bool, "in": dict[str, object]})


@app.function(code="functions/worker")
def worker(id: str, seconds: int, fail: bool) -> Done:
    """Takes its time, and may fail after that."""
    elsewhere()


@app.flow(name="async-tasks-native")
def async_tasks_native(seconds: int, fail: bool) -> Done:
    """Starts an asynchronous task of a function without a service, and waits for its end."""
    name = context.execution.name
    return worker.at("LATEST").named("InvokeFunction").stateful(name).wait_for(id=name, seconds=seconds, fail=fail)
