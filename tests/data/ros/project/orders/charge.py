import json
import os


def handler(event, context):
    order = json.loads(event)
    return json.dumps({"charged": f"{order['amount']} {os.environ['CURRENCY']}"})
