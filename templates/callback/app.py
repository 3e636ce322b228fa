"""Waiting for a callback: the documented step. `native.py` is the same flow as plain Python."""

from fnfkit import App, Steps, TaskToken, context, elsewhere, local

app = App("callback", service="fnf-demo")


@app.function(code="functions/echo")
def echo(taskToken: TaskToken) -> dict[str, str]:
    """Takes the task over; what it answers is not used."""
    elsewhere()


@app.steps
def callback(f: Steps) -> None:
    """Hands a task over and waits until somebody reports its end with the token."""
    f.task("mytask", echo, pattern="waitForCallback", taskToken=context.task.token, gives={"s": local.status})
