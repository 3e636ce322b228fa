"""Work that a state machine waits for: doubles the number it is given."""

import json


def handler(event, context):
    return {"doubled": 2 * json.loads(event)["n"]}
