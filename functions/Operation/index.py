"""One step of a booking, or the step that undoes it.

The event names the operation. A key of that name tells how it ends: `false` or "fail" crashes the process, the way a
real function dies, and anything else lets it succeed with a transaction id of its own.
"""

import json
import logging
import uuid

logger = logging.getLogger()


def handler(event, context):
    order = json.loads(event)
    operation = order.get("operation", "operation")
    if order.get(operation) in (False, "fail"):
        logger.error("%s failed", operation)
        exit()
    transaction = str(uuid.uuid4())
    logger.info("%s succeeded as %s", operation, transaction)
    return {operation: "success", f"{operation}_txnID": transaction}
