"""The flow of `app.py` as plain Python: the call gives what is reported."""

from dataclasses import dataclass
from typing import TypedDict

from fnfkit import App, TaskToken, context, elsewhere

app = App("callback-native", service="fnf-demo")


@dataclass
class Report:
    """What is reported on the token."""

    status: str


class Output(TypedDict):
    """What the flow gives."""

    s: str


@app.function(code="functions/echo")
def echo(taskToken: TaskToken) -> Report:
    """Takes the task over; what it answers is not used."""
    elsewhere()


@app.flow(name="callback-native")
def callback_native() -> Output:
    """Hands a task over and waits until somebody reports its end with the token."""
    report = echo.named("mytask").callback(taskToken=context.task.token)
    return {"s": report.status}
