"""The fields of the Amazon States Language that are read, in the order in which they are written."""

from __future__ import annotations

FLOW = ("Comment", "StartAt", "TimeoutSeconds", "QueryLanguage", "Version", "States")
BRANCH = ("StartAt", "States", "Comment")
SCOPE = (*BRANCH, "ProcessorConfig")

_COMMON = ("Type", "Comment", "InputPath", "OutputPath")
_ONWARD = ("Next", "End")
_RESULT = ("ResultPath", "Parameters", "ResultSelector")
_GUARD = ("Retry", "Catch")

STATES: dict[str, tuple[str, ...]] = {
    "Task": (
        *(*_COMMON, "Resource", *_RESULT, "TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds"),
        *(*_GUARD, *_ONWARD),
    ),
    "Pass": (*_COMMON, "Result", "ResultPath", "Parameters", *_ONWARD),
    "Wait": (*_COMMON, "Seconds", "SecondsPath", "Timestamp", "TimestampPath", *_ONWARD),
    "Succeed": _COMMON,
    "Fail": ("Type", "Comment", "Error", "Cause"),
    "Choice": (*_COMMON, "Choices", "Default"),
    "Parallel": (*_COMMON, "Branches", *_RESULT, *_GUARD, *_ONWARD),
    "Map": (
        *(*_COMMON, "ItemsPath", "MaxConcurrency", "ItemSelector", "ItemProcessor", "Iterator", *_RESULT),
        *(*_GUARD, *_ONWARD),
    ),
}
"""State type -> its fields. HeartbeatSeconds is reported: nothing sends heartbeats here."""

RETRY = ("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment")
CATCH = ("ErrorEquals", "ResultPath", "Next", "Comment")

ERRORS = {
    "States.ALL": "FnF.ALL",
    "States.Timeout": "FnF.TaskTimeout",
    "States.Runtime": "FnF.RuntimeError",
}
"""Reserved error names and what the model calls them."""

RESERVED = (
    *("States.ALL", "States.BranchFailed", "States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold"),
    *("States.HeartbeatTimeout", "States.Http.Socket", "States.IntrinsicFailure", "States.ItemReaderFailed"),
    *("States.NoChoiceMatched", "States.ParameterPathFailure", "States.Permissions", "States.ResultPathMatchFailure"),
    *("States.ResultWriterFailed", "States.Runtime", "States.TaskFailed", "States.Timeout"),
)
"""The error names that the language keeps for itself."""

REGION, ACCOUNT = "us-east-1", "123456789012"
"""What is written where a resource names neither, and read as neither."""

INTRINSICS = {
    "Format": "format",
    "StringToJson": "stringToJson",
    "JsonToString": "jsonToString",
    "Array": "toArray",
    "ArrayPartition": "arrayPartition",
    "ArrayContains": "arrayContains",
    "ArrayRange": "arrayRange",
    "ArrayGetItem": "get",
    "ArrayLength": "length",
    "ArrayUnique": "arrayUnique",
    "Base64Encode": "toBase64",
    "Base64Decode": "fromBase64",
    "Hash": "hash",
    "JsonMerge": "jsonMerge",
    "MathRandom": "randomInt",
    "MathAdd": "intAdd",
    "StringSplit": "tokens",
    "UUID": "uuid",
}
"""Intrinsic function, without `States.`, and the model's function."""

ADVICE: dict[str, str] = {
    "Retry": "only Task, Parallel and Map handle errors",
    "Catch": "only Task, Parallel and Map handle errors",
    "Next": "a Choice goes on with the Next of its rules or its Default; Succeed and Fail end their scope",
    "End": "a Choice goes on with its rules; a Succeed or Fail needs no End to end",
    "InputConstructor": "write Parameters",
    "OutputConstructor": "write a ResultSelector, or a Pass behind the state",
    "Processor": "the states of a Map stand in its ItemProcessor",
    "Code": "a Fail has Error and Cause",
    "Detail": "a Fail has Error and Cause",
    "Action": "write the `Resource` that is called",
    "Description": "write Comment",
    "Assign": "variables are not supported: pass data from state to state",
    "Output": "JSONata is not supported: write `QueryLanguage: JSONPath`",
    "Arguments": "JSONata is not supported: write `QueryLanguage: JSONPath`",
    "ErrorPath": "write the `Error` itself",
    "CausePath": "write the `Cause` itself",
    "ItemReader": "distributed maps are not supported",
    "ItemBatcher": "distributed maps are not supported",
    "ResultWriter": "distributed maps are not supported",
    "HeartbeatSecondsPath": "nothing sends heartbeats here",
    "Credentials": "roles are given to the state machine",
}
