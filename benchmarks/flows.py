"""The definitions the workloads run, as FDL text."""

FUNCTION = "acs:fc:::services/bench/functions/"


def chain(length: int) -> str:
    """`length` pass steps, one after the other."""
    return _flow("".join(f"  - {{type: pass, name: S{number}}}\n" for number in range(length)))


def polling(polls: int) -> str:
    """A job started once and polled every ten seconds until the function has counted to `polls`."""
    return _flow(f"""\
  - {{type: task, name: Start, resourceArn: '{FUNCTION}start'}}
  - {{type: wait, name: Wait10s, duration: 10}}
  - {{type: task, name: Poll, resourceArn: '{FUNCTION}poll'}}
  - type: choice
    name: Check
    choices:
      - {{condition: $.count < {polls}, goto: Wait10s}}
  - {{type: succeed, name: Done}}
""")


def each() -> str:
    """One task per element of `items`."""
    return _flow(f"""\
  - type: foreach
    name: Each
    iterationMapping: {{collection: $.items, item: item}}
    steps:
      - {{type: task, name: One, resourceArn: '{FUNCTION}one'}}
""")


def callback() -> str:
    """One task that waits for its report."""
    return _flow(f"""\
  - type: task
    name: Ask
    resourceArn: '{FUNCTION}ask'
    pattern: waitForCallback
    inputMappings:
      - {{target: token, source: $context.task.token}}
""")


def _flow(steps: str) -> str:
    return "version: v1\ntype: flow\nsteps:\n" + steps
