"""Definitions that the contract suite runs."""

PASS = """\
version: v1
type: flow
steps:
  - type: pass
    name: hello
    outputMappings:
      - target: greeting
        source: hello
      - target: name
        source: $input.name
"""

NOTHING = """\
version: v1
type: flow
steps:
  - type: pass
    name: nothing
"""

WAIT = """\
version: v1
type: flow
steps:
  - type: wait
    name: rest
    duration: 30
"""

FAIL = """\
version: v1
type: flow
steps:
  - type: fail
    name: sorry
    error: Sorry
    cause: as asked
"""

CALLBACK = """\
version: v1
type: flow
steps:
  - type: task
    name: mytask
    resourceArn: acs:fc:::services/fnf-demo/functions/echo
    pattern: waitForCallback
    inputMappings:
      - target: taskToken
        source: $context.task.token
    outputMappings:
      - target: s
        source: $local.status
"""
