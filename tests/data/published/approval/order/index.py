import json
import logging
import os

logger = logging.getLogger()
ready = False


def initializer(context):
    global ready
    ready = True
    logger.info("initializing")


def handler(event, context):
    order = json.loads(event)
    return {"order": {"id": 1, "ready": ready, "level": os.environ["LOG_LEVEL"], "in": order}}
