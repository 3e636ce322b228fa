"""Greets, or fails in the way the event asks for.

`fail` is one of "busy" (raises ErrorNeedsRetry, at the first `times` calls of an instance), "crash" (ends the
process), "slow" (sleeps for two minutes) and "list" (answers with something that is no JSON object).
"""

import json
import time

busy_calls = {}


class ErrorNeedsRetry(Exception):
    """The work could not be done now and may well succeed later."""


def handler(event, context):
    request = json.loads(event)
    name = request.get("name", "world")
    match request.get("fail"):
        case "busy":
            busy_calls[name] = busy_calls.get(name, 0) + 1
            if busy_calls[name] <= request.get("times", 1):
                raise ErrorNeedsRetry(f"busy at call {busy_calls[name]}")
        case "crash":
            exit(1)
        case "slow":
            time.sleep(120)
        case "list":
            return ["hello", name]
    return {"greeting": f"hello {name}"}
