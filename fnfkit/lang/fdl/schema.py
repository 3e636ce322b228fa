"""The properties of FDL, in the order in which they are written (fdl.md 1.1, 2.1)."""

from __future__ import annotations

VERSIONS = ("v1", "v1beta1")
FLOW = ("version", "type", "timeoutSeconds", "inputMappings", "steps", "outputMappings")
TOLERATED = ("name",)
"""Root keys that are read and ignored (fdl.md 1)."""

_COMMON = ("type", "name", "end", "inputMappings", "outputMappings")
_ENDING = ("type", "name", "inputMappings", "outputMappings")
_CALL = ("resourceArn", "action", "pattern", "serviceParams", "timeoutSeconds", "errorMappings", "retry", "catch")

STEPS: dict[str, tuple[str, ...]] = {
    "task": (*_COMMON, *_CALL),
    "pass": _COMMON,
    "wait": (*_COMMON, "duration", "timestamp"),
    "choice": (*_COMMON, "choices", "default"),
    "parallel": (*_COMMON, "branches"),
    "foreach": (*_COMMON, "iterationMapping", "steps"),
    "succeed": _ENDING,
    "fail": (*_ENDING, "error", "cause"),
}
"""Step type -> its properties. The undocumented `loop` is not among them (fdl.md 2.1)."""

OPTION = ("condition", "steps", "goto")
DEFAULT = ("steps", "goto")
BRANCH = ("steps",)
ITERATION = ("collection", "item", "index")
MAPPING = ("target", "source")
RETRY = ("errors", "intervalSeconds", "maxIntervalSeconds", "maxAttempts", "multiplier")
CATCH = ("errors", "goto")

LONGEST_WAIT = 172_800
"""Seconds: two days (fdl.md 2.4)."""
LONGEST_INTERVAL = 86_400
"""Seconds between retries (fdl.md 4.6)."""
MOST_BRANCHES = 100
"""Branches of a parallel step (fdl.md 2.8)."""

ADVICE: dict[str, str] = {
    **dict.fromkeys(
        ("retry", "catch", "errorMappings"),
        "only tasks handle errors: put the step into a flow of its own and catch at the task that calls it",
    ),
    "timeoutSeconds": "only tasks and the flow itself have a timeout",
    "pattern": "only tasks have a pattern",
    "serviceParams": "only tasks have serviceParams",
    "durationPath": "write `duration: $.path`",
    "timestampPath": "write `timestamp: $.path`",
    "goto": "only the options of a choice and the catches of a task jump",
    "parameters": "serviceParams hold the parameters of the service",
    "comment": "write a YAML comment: `# …`",
    "description": "write a YAML comment: `# …`",
    "end": "succeed and fail steps always end their sequence",
}
"""What to do about a property that stands where it is not allowed."""
