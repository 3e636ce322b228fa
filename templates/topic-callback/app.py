"""Publishing to a topic, and waiting for a callback: the documented step. `native.py` is the same as plain Python."""

from fnfkit import App, Steps, context, input, local, this

app = App("topic-callback", service="fnf-demo")
topic = app.topic("fnf-demo")


@app.steps(name="topic-callback")
def topic_callback(f: Steps) -> None:
    """Publishes a message with a task token and waits until a subscriber of the topic reports the token."""
    f.task(
        "mns-topic-task",
        topic,
        pattern="waitForCallback",
        timeout=600,
        messageBody=input.messageBody,
        taskToken=context.task.token,
        params={"MessageBody": this},
        gives={"status": local.status},
    )
