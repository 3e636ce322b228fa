"""Running a function as an asynchronous task: the documented step. `native.py` is the same flow as plain Python."""

from fnfkit import App, Steps, context, elsewhere, input, this

app = App("async-tasks")


@app.function(code="functions/worker")
def worker(id: str, seconds: int, fail: bool) -> dict[str, object]:
    """Takes its time, and may fail after that."""
    elsewhere()


@app.steps(name="async-tasks")
def async_tasks(f: Steps) -> None:
    """Starts an asynchronous task of a function without a service, and waits for its end."""
    f.task(
        "InvokeFunction",
        worker.at("LATEST"),
        pattern="sync",
        id=context.execution.name,
        seconds=input.seconds,
        fail=input.fail,
        params={"InvocationType": "Async", "StatefulAsyncInvocationID": this.id},
    )
