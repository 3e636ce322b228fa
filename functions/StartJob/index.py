"""Stands for the API call that starts a long-running job: answers with the id of a new one."""

import logging
import uuid

logger = logging.getLogger()


def handler(event, context):
    job_id = str(uuid.uuid4())
    logger.info("job %s started", job_id)
    return {"job_id": job_id}
