"""Starts a job and polls it, with typed results."""

from dataclasses import dataclass

from fnfkit import App, elsewhere, fail, wait

app = App("jobs", service="fnf-demo")


@dataclass
class Job:
    job_id: str


@dataclass
class Status:
    job_status: str
    try_count: int


@app.function
def start_job() -> Job:
    elsewhere()


@app.function
def get_job_status(job_id: str, delay: int = 60, try_count: int = 0) -> Status:
    elsewhere()


@app.flow
def poll_job(delay: int = 60) -> Status:
    job = start_job()
    tries = 0
    while True:
        wait(seconds=10)
        status = get_job_status(job_id=job.job_id, delay=delay, try_count=tries)
        tries = status.try_count
        if status.job_status == "success":
            return status
        if tries > 3:
            fail("JobFailed", "no result after four polls")
