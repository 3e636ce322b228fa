"""Calling functions asynchronously: the documented steps."""

from fnfkit import App, Steps, context, elsewhere, local, this

app = App("async-invocation", service="fnf-demo")


@app.function(code="functions/worker")
def worker(**details: object) -> dict[str, object]:
    """Takes a minute."""
    elsewhere()


@app.steps(name="async-invocation")
def async_invocation(f: Steps) -> None:
    """The three ways to wait for an asynchronous function: not at all, until it has ended, until somebody reports."""
    f.task("FireAndForget", worker, params={"InvocationType": "Async"})
    f.task(
        "WaitForItsEnd",
        worker,
        pattern="sync",
        id=context.execution.name,
        params={"InvocationType": "Async", "StatefulAsyncInvocationID": this.id},
        gives={"done": local.done},
    )
    f.task(
        "WaitForAReport",
        worker,
        pattern="waitForCallback",
        taskToken=context.task.token,
        params={"InvocationType": "Async"},
        gives={"status": local.status},
    )
