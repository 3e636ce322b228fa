"""The flow of `app.py` as plain Python: the call gives what is reported."""

from dataclasses import dataclass

from fnfkit import App, context

app = App("topic-callback-native", service="fnf-demo")
topic = app.topic("fnf-demo")


@dataclass
class Report:
    """What is reported on the token."""

    status: str


patient = topic.named("mns-topic-task").timeout(600)


@app.flow(name="topic-callback-native")
def topic_callback_native(messageBody: str) -> Report:
    """Publishes a message with a task token and waits until a subscriber of the topic reports the token."""
    return patient.call({"messageBody": messageBody, "taskToken": context.task.token}, returns=Report)
