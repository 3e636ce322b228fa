"""Correct programs: none of this may be an error."""

from dataclasses import dataclass
from typing import TypedDict

from fnfkit import (
    FC,
    App,
    CloudError,
    FnF,
    Steps,
    TaskToken,
    approval,
    caught,
    context,
    elsewhere,
    fail,
    input,
    local,
    native,
    otherwise,
    parallel,
    part,
    poll_until,
    saga,
    this,
    wait,
    when,
)

app = App("jobs", service="demo")
queue = app.queue("jobs")
topic = app.topic("news")


class OutOfStock(CloudError):
    pass


@dataclass
class Job:
    id: str
    done: bool
    size: int


class Row(TypedDict):
    key: str


@app.function
def load(id: str, limit: int = 10) -> Job:
    return Job(id, True, limit)


@app.function(name="row", code="functions/row")
def row(key: str) -> Row:
    elsewhere()


@app.function(deployed=True, service="other", qualifier="prod")
def ask(token: TaskToken, doc: str) -> Job:
    elsewhere()


@part
def twice(id: str) -> Job:
    first = load(id)
    return load(first.id, limit=first.size)


@app.flow(timeout=60)
def child(id: str) -> Job:
    return load(id)


@app.flow
def everything(id: str, ids: list[str], maybe: str | None, count: int = 3) -> dict[str, object]:
    job = load.retry(FC.Unknown, OutOfStock, times=3, every=1, factor=1.5).timeout(30).at("prod").named("Load")(id)
    while not job.done:
        wait(seconds=10)
        job = load(job.id, limit=count)
    first, second = parallel(load(id="a"), row(key="b"))
    size: int = first.size
    key: str = second["key"]
    jobs: list[Job] = [twice(one) for one in ids]
    try:
        answer = ask.callback(context.task.token, doc=id)
        load.submit(id)
        waited = load.stateful(task_id=id).wait_for(id)
    except (OutOfStock, FnF.TaskTimeout):
        fail("Failed", "for a reason")
    except Exception as error:
        row(caught(error).error)
        fail("Failed")
    with saga("TripFailed") as tx:
        booked = tx.do(load("a"), undo=lambda done: load(done.id))
    polled = poll_until(lambda: load(id), lambda found: found.done, every=5)
    decision = approval(queue.timeout(60), {"id": id})
    sent = queue.send({"id": id}, priority=1)
    topic.publish(id, tag="a")
    worker = queue.call({"token": context.task.token}, returns=Job)
    sub = child(id)
    if maybe is not None:
        load(maybe)
    return {
        "ids": {"a": answer.id, "w": waited.id, "b": booked.id, "p": polled.id},
        "more": {"s": sent.MessageId, "w": worker.id, "c": sub.id, "k": key},
        "size": size,
        "jobs": [one.size for one in jobs],
        "approved": decision.approved,
    }


def test_calling_is_running() -> None:
    job: Job = load("a", limit=3)
    with native(stubs={"load": lambda event: {"id": "a", "done": True, "size": 1}}) as run:
        output: Job = child.native("a")
    assert (job, output, len(run.calls)) and child.input(id="a")


def body(f: Steps) -> None:
    f.pass_("Inner", gives={"v": 1})


@app.steps
def explicit(f: Steps) -> None:
    f.task("Load", load, id=input.id, limit=local.more)
    f.choose("Check", when(local.n > 3).go("Done"), when((this.a == "x") | ~this.b).do(body), otherwise.go("Load"))
    f.foreach("Each", body, collection=this.ids, item="id", gives={"all": local[...].v})
    f.succeed("Done")
