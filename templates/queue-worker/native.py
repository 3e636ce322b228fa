"""The flow of `app.py` as plain Python: each call gives what its worker reports."""

from dataclasses import dataclass

from fnfkit import App, context

app = App("queue-worker-native", service="fnf-demo")
queue = app.queue("fnf-demo")


@dataclass
class Report:
    """What the worker reports on the token."""

    key: str


@app.flow(name="queue-worker-native")
def queue_worker_native() -> Report:
    """Three tasks, one after the other, each done by a worker that takes its message and reports the token."""
    queue.named("Task_1").call({"task_token": context.task.token, "key": "value"}, priority=1)
    queue.named("Task_2").call({"task_token": context.task.token, "key": "value"}, priority=1)
    return queue.named("Task_3").call({"task_token": context.task.token, "key": "value"}, returns=Report, priority=1)
