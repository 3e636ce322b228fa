"""Tasks in a queue, for workers of your own: the documented steps. `native.py` is the same flow as plain Python."""

from fnfkit import App, Steps, context, this

app = App("queue-worker", service="fnf-demo")
queue = app.queue("fnf-demo")


@app.steps(name="queue-worker")
def queue_worker(f: Steps) -> None:
    """Three tasks, one after the other, each done by a worker that takes its message and reports the token."""
    for name in ("Task_1", "Task_2", "Task_3"):
        f.task(
            name,
            queue,
            pattern="waitForCallback",
            task_token=context.task.token,
            key="value",
            params={"MessageBody": this, "Priority": 1},
        )
