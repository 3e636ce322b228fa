"""Answers that it has run, and which published version of it."""

import logging

logger = logging.getLogger()


def handler(event, context):
    logger.info(
        "version %s, %s start", context.function.version_id or "LATEST", "cold" if context.cold_start else "warm"
    )
    return {"success": True}
