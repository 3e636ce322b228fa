"""Wrong programs: mypy must complain in exactly the lines that say so."""

from dataclasses import dataclass

from fnfkit import App, Steps, elsewhere, parallel, poll_until, retry, saga, wait

app = App("jobs", service="demo")
queue = app.queue("jobs")


@dataclass
class Job:
    id: str
    done: bool


@app.function
def load(id: str, limit: int = 10) -> Job:
    elsewhere()


@app.flow
def child(id: str) -> Job:
    return load(id)


@app.flow
def wrong(id: str, ids: list[str]) -> Job:
    load(id, limits=3)  # E: call-arg
    load()  # E: call-arg
    load(3)  # E: arg-type
    load.retry(times=1)(id, limit="many")  # E: arg-type
    load.timeout(5)(ids)  # E: arg-type
    load.at("1").callback(idd=id)  # E: call-arg
    load.submit(1)  # E: arg-type
    load.retry(times="3")  # E: arg-type
    load.timeout("5")  # E: arg-type
    job = load(id)
    load(job.idd)  # E: attr-defined
    job["id"]  # E: index
    one, two = parallel(load("a"), child("b"))
    load(two.size)  # E: attr-defined
    one, two, three = parallel(load("a"), load("b"))  # E: misc
    load(one.id, three.limit)
    waited: str = load.wait_for(id)  # E: assignment
    load(waited)
    wait(seconds="10")  # E: arg-type
    queue.send({"id": id}, prio=1)  # E: call-arg
    answer = queue.call({"id": id}, returns=Job)
    load(answer.name)  # E: attr-defined
    poll_until(lambda: load(id), lambda found: found.ready)  # E: attr-defined
    with saga() as tx:
        done = tx.do(load("a"), undo=lambda done: load(done.name))  # E: attr-defined
        load(done.id)
    child(name=id)  # E: call-arg
    child.native(3)  # E: arg-type
    child.start(idd=id)  # E: call-arg
    return {"id": id}  # E: return-value


@app.steps
def explicit(f: Steps) -> None:
    f.task("Load")  # E: call-arg
    f.wait("Wait", seconds=10, ends=True)  # E: call-arg
    f.foreach("Each", lambda f: None, item="x")  # E: call-arg
    f.succeed("Done", end=True)  # E: call-arg
    f.task("Load", load, retry=[retry("A", count=3)])  # E: call-arg


@app.steps  # E: arg-type
def no_builder() -> None:
    pass


@app.function(folder="x")  # E: call-overload untyped-decorator
def unknown_setting(id: str) -> Job:
    elsewhere()
