"""The properties of state machines, in the order in which they are written (cloudflow.md 1, 2, 5, 6)."""

from __future__ import annotations

FLOW = ("Type", "SpecVersion", "Name", "Description", "StartAt", "Timeout", "States")
SCOPE = ("StartAt", "States")

_COMMON = ("Type", "Name", "Description", "InputConstructor")
_OUTPUT = ("OutputConstructor", "GlobalConstructor")
_ONWARD = ("Next", "End")
_GUARD = ("Retry", "Catch")

STATES: dict[str, tuple[str, ...]] = {
    "Task": (
        *(*_COMMON, "Action", "TaskMode", "Parameters", "Timeout", "Timeout.$"),
        *(*_OUTPUT, *_GUARD, *_ONWARD),
    ),
    "Pass": (*_COMMON, *_OUTPUT, *_ONWARD),
    "Wait": (*_COMMON, "Seconds", "Seconds.$", *_OUTPUT, *_ONWARD),
    "Succeed": (*_COMMON, *_OUTPUT),
    # The vendor's own example ends a Fail with End (cloudflow.md 10, no. 5).
    "Fail": (*_COMMON, "Code", "Detail", "End"),
    "Choice": (*_COMMON, "Branches", "Default", "GlobalConstructor"),
    "Parallel": (*_COMMON, "Branches", *_OUTPUT, *_GUARD, *_ONWARD),
    "Map": (
        *(*_COMMON, "ItemsPath", "ItemConstructor", "MaxConcurrency", "MaxConcuccency", "ProcessorConfig"),
        *("ItemReader", "ItemBatcher", "ResultWriter", "MaxItems"),
        *("ToleratedFailureCount", "ToleratedFailurePercentage", "Processor", *_OUTPUT, *_GUARD, *_ONWARD),
    ),
}
"""State type -> its properties."""
NOT_SIMULATED = (
    *("ItemReader", "ItemBatcher", "ResultWriter", "MaxItems", "ToleratedFailureCount", "ToleratedFailurePercentage"),
)
"""What a distributed Map may have and is read without effect (cloudflow.md 2.11)."""

OPTION = ("Condition", "Next")
BRANCH = ("StartAt", "States")
RETRY = ("Errors", "MaxAttempts", "IntervalSeconds", "BackoffRate", "MaxBackoffSeconds", "Description")
CATCH = ("Errors", "OutputConstructor", "Next", "Description")

THROTTLING = ("FC.ResourceThrottled", "FC.ResourceExhausted")
"""Errors that pass with time (fdl.md 4.9)."""

MODES = ("RequestComplete", "WaitForSystemCallback", "WaitForCustomCallback")

LONGEST_TIMEOUT = 604_800
"""Seconds a task may take (cloudflow.md 5.1)."""
LONGEST_INTERVAL = 86_400
"""Seconds between retries (cloudflow.md 6)."""
LONGEST_WAIT = 300
"""Seconds, in Standard mode (cloudflow.md 2.5)."""
LONGEST_EXPRESS_WAIT = 20
"""Seconds, in Express mode."""
MOST_BRANCHES = 50
MOST_PARALLEL_ITEMS = 40
"""Iterations of an inline Map at a time (cloudflow.md 2.10)."""
MOST_CHILDREN = 100
"""Iterations of a distributed Map at a time (cloudflow.md 2.11)."""
DATA_BYTES = 64 * 1024
MOST_NESTED_CALLS = 10

MANY = 1_000
FUNCTIONS: dict[str, tuple[int, int]] = {
    "format": (1, MANY),
    "length": (1, 1),
    "regexMatchString": (2, 2),
    "split": (2, 2),
    "get": (2, 2),
    "intAdd": (2, 2),
    "randomInt": (2, 2),
    "uuid": (0, 0),
    "arrayContains": (2, 2),
    "arrayUnique": (1, 1),
    "toArray": (0, MANY),
    "mapKeys": (1, 1),
    "mapValues": (1, 1),
    "jsonMerge": (2, 2),
    "stringToJson": (1, 1),
    "fromJSON": (1, 1),
    "jsonToString": (1, 1),
    "fromBase64": (1, 1),
    "toBase64": (1, 1),
    "hash": (2, 2),
}
"""Built-in function -> the fewest and the most arguments it takes (cloudflow.md 4.2)."""

ADVICE: dict[str, str] = {
    "Catch": "only Task, Parallel and Map handle errors",
    "Retry": "only Task, Parallel and Map handle errors",
    "OutputConstructor": "a Choice or Fail has no output of its own: build it in a Pass",
    "Next": "a Choice goes on with the Next of its branches or its Default; Succeed and Fail end their scope",
    "End": "a Choice goes on with its branches; a Succeed or Fail needs no End to end",
    "Choices": "the options of a Choice are its Branches",
    "Iterator": "the states of a Map stand in its Processor",
    "ItemProcessor": "the states of a Map stand in its Processor",
    "Error": "a Fail has Code and Detail",
    "Cause": "a Fail has Code and Detail",
    "Resource": "write `Action: FC:InvokeFunction` and `Parameters: {resourceArn: …}`",
    "ResultPath": "write an OutputConstructor with jsonMerge($Input, …)",
    "InputPath": "write an InputConstructor",
    "Comment": "write Description",
    "Timestamp": "a Wait has Seconds only",
}
"""What to do about a property that stands where it is not allowed."""
