"""The flow of `app.py` as plain Python: the compiler makes the steps, the mappings and the jumps."""

from dataclasses import dataclass

from fnfkit import App, elsewhere, fail, wait

app = App("poll-native", service="fnf-demo")


@dataclass
class Job:
    """A job that was started."""

    job_id: str


@dataclass
class Status:
    """How a job is doing, and how often that was asked."""

    job_id: str
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


@app.flow(name="poll-native")
def poll_native(delay: int) -> Status:
    """Starts a job, then asks every ten seconds how it is doing: four times at most."""
    job = start_job()
    tries = 0
    while True:
        wait(seconds=10)
        status = get_job_status(job_id=job.job_id, delay=delay, try_count=tries)
        tries = status.try_count
        if status.job_status == "success":
            return status
        if tries > 3 or status.job_status != "running":
            fail("JobFailed", "the job has not succeeded within four polls")
