import json

from common.rules import valid


def handler(event, context):
    order = json.loads(event)
    return json.dumps({"valid": valid(order)})
