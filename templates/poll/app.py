"""Polling for the status of a job: the documented steps, one call each.

`native.py` is the same flow as plain Python.
"""

from typing import TypedDict

from fnfkit import App, Steps, elsewhere, input, local, otherwise, this, when

app = App("poll", service="fnf-demo")


class Job(TypedDict):
    """A job that was started."""

    job_id: str


class Status(Job):
    """How a job is doing, and how often that was asked."""

    job_status: str
    try_count: int


@app.function(name="StartJob", code="functions/StartJob")
def start_job() -> Job:
    """Starts a job."""
    elsewhere()


@app.function(name="GetJobStatus", code="functions/GetJobStatus")
def get_job_status(job_id: str, delay: int, try_count: int) -> Status:
    """Asks about a job, which takes `delay` seconds from the first poll on."""
    elsewhere()


@app.steps
def poll(f: Steps) -> None:
    """Starts a job, then asks every ten seconds how it is doing: four times at most."""
    f.task("StartJob", start_job)
    f.put("Init", try_count=0)
    f.wait("Wait10s", seconds=10)
    f.task("GetJobStatus", get_job_status, job_id=local.job_id, delay=input.delay, try_count=local.try_count)
    f.choose(
        "CheckJobComplete",
        when(this.status == "success").go("JobSucceeded"),
        when(this.try_count > 3).go("JobFailed"),
        when(this.status == "running").go("Wait10s"),
        otherwise.go("JobFailed"),
        takes={"status": local.job_status, "try_count": local.try_count},
    )
    f.succeed("JobSucceeded")
    f.fail("JobFailed", "JobFailed", "the job has not succeeded within four polls")
