"""A job that takes its time: sleeps for `seconds` (60 unless the event says otherwise) and answers with its event.

With `fail` set it raises JobFailed after that, so that it is retried.
"""

import json
import logging
import time

logger = logging.getLogger()


class JobFailed(Exception):
    """The job could not be done."""


def handler(event, context):
    job = json.loads(event)
    time.sleep(job.get("seconds", 60))
    if job.get("fail"):
        raise JobFailed("the job could not be done")
    logger.info("job %s is done", context.request_id)
    return {"done": True, "in": job}
