"""Stands for the API call that asks how a job is doing.

The job counts as done once this instance of the function has been loaded for more than `delay` seconds, so the first
poll starts the clock, not StartJob.
"""

import json
import logging
import time

logger = logging.getLogger()
loaded_at = int(time.time())


def handler(event, context):
    job = json.loads(event)
    elapsed = int(time.time()) - loaded_at
    status = "success" if elapsed > job.get("delay", 60) else "running"
    try_count = job.get("try_count", 0) + 1
    logger.info("job %s is %s after %d s, poll %d", job["job_id"], status, elapsed, try_count)
    return {"job_id": job["job_id"], "job_status": status, "try_count": try_count}
