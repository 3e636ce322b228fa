"""The same polling flow step by step, and what only the builder can say."""

from dataclasses import dataclass

from fnfkit import App, FnF, Steps, catch, context, elsewhere, input, local, otherwise, retry, this, when

app = App("explicit", service="fnf-demo")


@dataclass
class Job:
    job_id: str


@app.function
def start_job() -> Job:
    elsewhere()


def each_file(f: Steps) -> None:
    f.task("Work", "acs:fc:::services/fnf-demo/functions/work", pattern="waitForCallback", token=context.task.token)
    f.pass_("Worked", gives={"done": True}, end=True)


def left(f: Steps) -> None:
    f.pass_("Left", takes={"more": local["my-key"]}, gives={"v": input.more[0]})


def right(f: Steps) -> None:
    f.pass_("Right")


@app.steps
def explicit(f: Steps) -> None:
    f.flow(takes={"delay": input.delay}, gives={"all": local, "delay": input.delay}, timeout=600)
    f.task(
        "StartJob",
        start_job.timeout(5),
        takes={},
        retry=[retry("FC.Unknown", times=1)],
        catch=[catch(FnF.TaskTimeout, go="JobFailed")],
        on_error={"why": local.error},
    )
    f.put("Init", try_count=0, asked=input.delay)
    f.wait("Wait", seconds=this.delay)
    f.task("Count", "oss:PutObject", params={"Bucket": "b", "Tags": {"job": this.job_id, "n": [1, 2]}}, gives={})
    f.choose(
        "Check",
        when((local.job_status == "success") & ~(this.try_count > 3)).go("Fan"),
        when(this.deep["a b"][0].x).do(left).go("Wait"),
        otherwise.do(right),
    )
    f.parallel("Fan", left_again, each_again, gives={"first": local[0].v, "all": local[...].v})
    f.foreach("EachFile", each_file, collection=this.files, item="file", index="i", takes={"files": local.all})
    f.succeed("Done", gives={"ok": True})
    f.fail("JobFailed", "JobFailed", "no result")


def left_again(f: Steps) -> None:
    f.pass_("LeftAgain")


def each_again(f: Steps) -> None:
    f.wait("Until", until="2030-01-31T08:00:00Z")
