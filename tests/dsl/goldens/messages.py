"""Queues, topics, callbacks, asynchronous calls, sub-flows, actions of handles."""

from dataclasses import dataclass

from fnfkit import App, TaskToken, context, elsewhere

app = App("orders", service="fnf-demo")
queue = app.queue("orders")
topic = app.topic("news")
audit = app.flow_ref("audit")


@dataclass
class Answer:
    approved: bool
    note: str | None


@app.function(code="functions/ask", handler="index.ask")
def ask(token: TaskToken, doc: str) -> Answer:
    elsewhere()


@app.function(name="encode-video", qualifier="prod", deployed=True)
def encode(job: str, video: str) -> Answer:
    elsewhere()


@app.function(service="")
def modern(doc: str) -> Answer:
    elsewhere()


@app.flow(name="child-flow")
def child(doc: str) -> dict[str, str]:
    return {"doc": doc}


@app.flow
def messages(doc: str, video: str) -> dict[str, object]:
    sent = queue.send({"doc": doc, "kind": "new"}, priority=1, delay=5)
    topic.publish(doc, tag="orders")
    decision = queue.timeout(3600).call({"token": context.task.token, "doc": doc}, returns=Answer)
    answer = ask.callback(token=context.task.token, doc=doc)
    encode.submit(job=doc, video=video)
    encoded = encode.at("2").stateful(task_id=doc).wait_for(job=doc, video=video)
    plain = modern.named("AskModern")(doc)
    inner = child(doc)
    child.start(doc)
    audit(doc=doc)
    return {
        "sent": sent.MessageId,
        "decided": decision.approved,
        "approved": answer.approved,
        "encoded": encoded.note,
        "plain": plain.approved,
        "inner": inner["doc"],
        "run": context.execution.name,
    }
